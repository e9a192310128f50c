"""From our values to the ROS 2 messages of a recording, and back."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from app.formats import rvl
from app.formats.cdr import CdrWriter
from lighthand.crop import CUBE_MM
from lighthand.skeleton import BONES
from lighthand.types import FloatArray, Frame, HandPose, HandRegion, Intrinsics, Result, Stamps, TrackedHand

FORMAT: Final = "16UC1; compressedDepth rvl"
"""As ROS's ``compressed_depth_image_transport`` names it."""

HEAD: Final = struct.Struct("<iffii")
"""What it puts before the words: its format (0), two parameters that integers do not use, columns and rows."""

_FRAME_ID: Final = "depth_camera"
_DISTORTION: Final = {0: "plumb_bob", 4: "plumb_bob", 5: "plumb_bob", 8: "rational_polynomial"}
_LINE_LIST: Final = 5
_SECOND_NS: Final = 1_000_000_000
_COLOURS: Final = {"right": (0.2, 0.8, 1.0, 1.0), "left": (1.0, 0.6, 0.2, 1.0)}


def depth(frame: Frame, time_ns: int) -> bytes:
    """Make the CompressedImage of a frame."""
    out = _begin(time_ns)
    out.text(FORMAT)
    rows, columns = frame.depth.shape
    out.blob(HEAD.pack(0, 0.0, 0.0, columns, rows), rvl.encode(frame.depth))
    return out.data


def image(frame: Frame, time_ns: int) -> bytes:
    """Make the uncompressed Image of a frame."""
    out = _begin(time_ns)
    rows, columns = frame.depth.shape
    out.put("II", rows, columns)
    out.text("16UC1")
    out.put("BI", 0, columns * 2)
    out.blob(frame.depth.astype("<u2", copy=False).tobytes())
    return out.data


def camera_info(camera: Intrinsics, time_ns: int) -> bytes:
    """Make the CameraInfo of a frame."""
    body = _camera_info(camera)
    return body[:4] + struct.pack("<iI", *divmod(time_ns, _SECOND_NS)) + body[12:]


@lru_cache(maxsize=4)
def _camera_info(camera: Intrinsics) -> bytes:
    """Make it once: only its stamp changes from frame to frame."""
    out = _begin(0)
    out.put("II", camera.height, camera.width)
    out.text(_DISTORTION[len(camera.distortion)])
    four = camera.distortion + (0.0,) if len(camera.distortion) == 4 else camera.distortion  # ROS wants all five
    out.array(np.array(four or (0.0,) * 5))
    out.array(np.array((camera.fx, 0, camera.cx, 0, camera.fy, camera.cy, 0, 0, 1.0)), counted=False)
    out.array(np.eye(3), counted=False)
    out.array(np.array((camera.fx, 0, camera.cx, 0, 0, camera.fy, camera.cy, 0, 0, 0, 1.0, 0)), counted=False)
    out.put("IIIIIIB", 0, 0, 0, 0, 0, 0, 0)
    return out.data


def frame_info(frame: Frame, time_ns: int) -> bytes:
    """Make the FrameInfo of a frame."""
    out = _begin(time_ns)
    out.put("Qddd", frame.seq, frame.depth_unit_mm, frame.arrival_s, _or_nan(frame.sensor_s))
    out.text(frame.sensor_clock)
    out.put("d", _or_nan(frame.backend_s))
    return out.data


def hands(result: Result, time_ns: int) -> bytes:
    """Make the Hands of a result."""
    out = _begin(time_ns)
    stamps = result.stamps
    out.put("QI", result.frame.seq, result.skipped)
    out.put("ddddd", stamps.arrival_s, stamps.taken_s, stamps.segmented_s, stamps.estimated_s, stamps.tracked_s)
    out.put("I", len(result.hands))
    for hand in result.hands:
        pose = hand.pose
        out.put("I", hand.track_id)
        out.text(hand.side)
        out.put("fff", pose.side_probability, pose.presence, pose.score)
        for array in (hand.joints_mm, pose.joints_mm, pose.confidence):
            out.array(array.astype(np.float32, copy=False), counted=False)
        out.array(pose.hidden.astype(np.uint8), counted=False)
    return out.data


def drops(first_seq: int, last_seq: int, count: int, where: str, time_ns: int) -> bytes:
    """Make a note of frames that are not in the file."""
    out = _begin(time_ns)
    out.put("QQI", first_seq, last_seq, count)
    out.text(where)
    return out.data


def marker(hand: TrackedHand, time_ns: int) -> bytes:
    """Make the Marker of a hand: its bones as lines, metres."""
    out = _begin(time_ns)
    out.text(hand.side)
    out.put("iii", hand.track_id, _LINE_LIST, 0)
    out.put("ddddddd", 0, 0, 0, 0, 0, 0, 1)
    out.put("ddd", 0.004, 0, 0)
    out.put("ffff", *_COLOURS[hand.side])
    out.put("iIB", 0, 500_000_000, 0)  # stays for half a second
    ends = hand.joints_mm[np.array(BONES).ravel()].astype(np.float64) / 1e3
    out.put("I", len(ends))
    out.array(ends, counted=False)
    out.put("I", 0)
    out.text("")
    out.put("iI", 0, 0)
    for empty in ("", ""):
        out.text(empty)
    out.put("II", 0, 0)
    for empty in ("", "", ""):
        out.text(empty)
    out.put("IB", 0, 0)
    return out.data


def result_of(message: Any, frame: Frame) -> Result:
    """Turn a decoded Hands back into a result.

    Args:
        message: as mcap-ros2-support decodes it.
        frame: the one it belongs to.

    Returns:
        All that was recorded; of the cube that a pose was read from only the centre, as the mean of the joints.
    """
    found = []
    for hand in message.hands:
        joints, raw = (_floats(values).reshape(-1, 3) for values in (hand.joints_mm, hand.raw_joints_mm))
        hidden = np.frombuffer(hand.hidden, np.uint8).astype(bool)
        pose = HandPose(raw, hand.side, hand.side_probability, hand.presence, _floats(hand.confidence), hidden)
        found.append(TrackedHand(hand.track_id, hand.side, joints, pose, HandRegion(raw.mean(axis=0), CUBE_MM)))
    stamps = Stamps(message.arrival_s, message.taken_s, message.segmented_s, message.estimated_s, message.tracked_s)
    return Result(frame, tuple(found), stamps, message.skipped)


def _floats(values: Sequence[float]) -> FloatArray:
    return np.array(values, np.float32)


def _begin(time_ns: int) -> CdrWriter:
    """Start a message with a std_msgs/Header."""
    out = CdrWriter()
    out.put("iI", *divmod(time_ns, _SECOND_NS))
    out.text(_FRAME_ID)
    return out


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
