"""Annotated frames -> the network's crops, and what training varies in them.

As TriHorn-Net does it (M. Rezaei et al., arXiv 2206.07117, and its code): a cube around the hand's centre, which moves
a little; the image turned in its plane about the centre; a cube of another size, so that the hand has another; some
pixels of the hand dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from lighthand.crop import BACKGROUND, camera_to_crop, crop_hand
from lighthand.datasets.record import DepthRecord
from lighthand.errors import DataError
from lighthand.geometry import project, unproject
from lighthand.types import FloatArray, Frame, HandCrop, HandRegion


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training varies a crop; ``NOTHING`` leaves it as it is.

    Attributes:
        jitter_mm: deviation of the centre on each axis; it moves at most 1.5 times as far.
        rotation_deg: deviation of the turn in the image plane. TriHorn-Net draws from a normal distribution too, of
            90 degrees around -45; that mean looks like an oversight and is left out.
        scale: the hand becomes that share larger or smaller at most.
        dropout: share of the hand's pixels that becomes background at most.
    """

    jitter_mm: float = 8.0
    rotation_deg: float = 90.0
    scale: float = 0.2
    dropout: float = 0.15


NOTHING = Augmentation(0.0, 0.0, 0.0, 0.0)


def mass_centre(frame: Frame, far_mm: float) -> FloatArray:
    """Give the mean of what is nearer than ``far_mm``, or of all measurements where nothing is.

    Args:
        frame: an image in which the hand is the nearest thing.
        far_mm: where the hand ends at the latest.

    Returns:
        (3,) float32, camera space, mm. The mean is taken of pixels and depth, as DeepPrior++ and TriHorn-Net take it.

    Raises:
        DataError: nothing was measured.
    """
    near = (frame.depth > 0) & (frame.depth < far_mm / frame.depth_unit_mm)
    rows, columns = np.nonzero(near if near.any() else frame.depth)
    if not len(rows):
        raise DataError(f"{frame.serial} {frame.seq}: the image holds no measurement. Take it out of the annotation.")
    z = float(frame.depth[rows, columns].mean()) * frame.depth_unit_mm
    return unproject([columns.mean(), rows.mean(), z], frame.intrinsics)


def cut(
    record: DepthRecord,
    centre_of: Callable[[DepthRecord, Frame], FloatArray],
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> tuple[HandCrop, FloatArray]:
    """Cut a crop out of an annotated frame and vary it.

    Args:
        record: the frame; its joints are known.
        centre_of: gives the hand's centre.
        augmentation: how far to vary it.
        rng: what draws.

    Returns:
        The crop, and (J, 3) float32, the joints in it as ``crop_to_camera`` takes them.

    Raises:
        DataError: the joints are not known, or the image is missing or damaged.
    """
    if record.joints_mm is None:
        raise DataError(f"{record.name}: no joints are known. Choose frames with an annotation.")
    frame = record.load()
    reach = 1.5 * augmentation.jitter_mm
    moved = np.clip(rng.normal(0, augmentation.jitter_mm, 3), -reach, reach)
    centre = (centre_of(record, frame) + moved).astype(np.float32)
    frame, joints = _turned(frame, record.joints_mm, centre, rng.normal(0, augmentation.rotation_deg))
    scale = 1 + rng.uniform(-augmentation.scale, augmentation.scale)
    crop = crop_hand(frame, HandRegion(centre, record.cube_mm / scale))
    share = rng.uniform(0, augmentation.dropout)
    if share:
        patch = np.where(rng.random(crop.patch.shape, np.float32) < share, np.float32(BACKGROUND), crop.patch)
        crop = replace(crop, patch=patch)
    return crop, camera_to_crop(crop, joints)


def _turned(frame: Frame, joints_mm: FloatArray, centre_mm: FloatArray, angle_deg: float) -> tuple[Frame, FloatArray]:
    """Turn an image and its joints about a point, counter-clockwise; depth stays."""
    if not angle_deg:
        return frame, joints_mm
    u, v, _ = project(centre_mm, frame.intrinsics).tolist()
    matrix = cv2.getRotationMatrix2D((u, v), angle_deg, 1.0)
    size = (frame.intrinsics.width, frame.intrinsics.height)
    depth = cv2.warpAffine(frame.depth, matrix, size, flags=cv2.INTER_NEAREST, borderValue=0)
    uvz = project(joints_mm, frame.intrinsics).astype(np.float64)
    uvz[:, :2] = uvz[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return replace(frame, depth=np.asarray(depth, np.uint16)), unproject(uvz, frame.intrinsics)
