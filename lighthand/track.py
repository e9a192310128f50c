"""One hand over time: what the network saw of it -> an id, a side, smooth joints, and where to look next.

Smoothing: G. Casiez, N. Roussel, D. Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy
Input in Interactive Systems", CHI 2012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lighthand.credible import credible
from lighthand.crop import MIN_DEPTH_MM, crop_to_camera
from lighthand.errors import ConfigError
from lighthand.handsize import keep_bones
from lighthand.types import FloatArray, Frame, HandCrop, HandPose, HandRegion, Side, TrackedHand

_NOMINAL_S = 1 / 30  # between two frames whose stamps do not rise
_GAP_S = 0.5  # after a longer pause, motion and smoothing start anew
_LEAD_MM = 120.0  # a hand predicted farther than half a cube away is not in the cube anyway
_VOTE, _VOTES, _DECIDED = 2.0, 8.0, 4.0  # log-odds: of one frame and of a track at most; enough to decide


@dataclass(frozen=True, slots=True)
class TrackConfig:
    """When to believe in a hand, and how to smooth it.

    Attributes:
        accept: presence, at least, to begin a track.
        accept_score: score of the pose (``types.HandPose.score``), at least, to begin a track: at a half, as many
            joints should be near as not. It keeps some of what is no hand from being taken for one, not most of it.
        keep: presence, at least, to go on with one.
        lost_after: frames in a row without the hand that end its track.
        min_cutoff_hz: cut-off of the smoothing for a hand at rest; lower is calmer.
        beta_hz_s_mm: what a speed of 1 mm/s adds to the cut-off; higher lags less.
        speed_cutoff_hz: cut-off of the speed's own smoothing.
        hand: the size of the user's hand as ``lighthand.calibrate hand`` wrote it: bones then keep these lengths.
        side: the hand's, where the user says it: the other is not asked about then, which halves a search.
    """

    accept: float = 0.99
    accept_score: float = 0.5
    keep: float = 0.95
    lost_after: int = 3
    min_cutoff_hz: float = 2.0
    beta_hz_s_mm: float = 0.05
    speed_cutoff_hz: float = 5.0
    hand: Path | None = None
    side: Side | None = None

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ConfigError: a probability, count or frequency is out of its range.
        """
        if not 0 < self.keep <= self.accept < 1:
            raise ConfigError(f"track.keep={self.keep}, track.accept={self.accept}: expected 0 < keep <= accept < 1.")
        if not 0 <= self.accept_score < 1:
            raise ConfigError(f"track.accept_score={self.accept_score}: expected 0 <= accept_score < 1.")
        if self.lost_after < 1:
            raise ConfigError(f"track.lost_after={self.lost_after}: expected 1 or more frames.")
        if not (self.min_cutoff_hz > 0 and self.speed_cutoff_hz > 0 and self.beta_hz_s_mm >= 0):
            raise ConfigError(
                f"track.min_cutoff_hz={self.min_cutoff_hz}, track.speed_cutoff_hz={self.speed_cutoff_hz}, "
                f"track.beta_hz_s_mm={self.beta_hz_s_mm}: expected positive cut-offs and beta of at least 0."
            )


def lag_ms(config: TrackConfig, speed_mm_s: float, rate_hz: float) -> float:
    """Say how far the smoothing lags behind a steady motion: the time constant t of its low-pass.

    t = 1 / (2 pi cut-off), and the cut-off rises with the speed that the filter sees. That is more than the hand's,
    since it is measured against the filter's last value, which is behind: speed (1 + t rate). Solved for t.

    Args:
        config: the settings.
        speed_mm_s: of the hand.
        rate_hz: frames a second.
    """
    at_frame = 2 * math.pi * (config.min_cutoff_hz + config.beta_hz_s_mm * speed_mm_s)
    behind = 2 * math.pi * config.beta_hz_s_mm * speed_mm_s * rate_hz
    return 2e3 / (at_frame + math.sqrt(at_frame**2 + 4 * behind))


@dataclass(frozen=True, slots=True)
class View:
    """What the network says of one crop.

    Attributes:
        crop: the patch it saw.
        uvz: (21, 3), coordinates of the patch.
        right: probability that the patch shows a right hand.
        presence: probability that it shows a hand.
        confidence: (21,) probability that the joint is within 15 mm of the truth.
        visible: (21,) probability that the joint is in view.
    """

    crop: HandCrop
    uvz: FloatArray
    right: float
    presence: float
    confidence: FloatArray
    visible: FloatArray

    @property
    def log_odds_right(self) -> float:
        """Evidence that the hand, mirrored back, is a right one."""
        p = min(max(self.right, 1e-4), 1 - 1e-4)
        odds = math.log(p / (1 - p))
        return -odds if self.crop.mirrored else odds


@dataclass(frozen=True, slots=True)
class Sighting:
    """One region as the network saw it: as it is, mirrored, or both."""

    views: tuple[View, ...]

    @property
    def log_odds_right(self) -> float:
        """Evidence that the hand is a right one, of one frame."""
        return sum(view.log_odds_right for view in self.views) / len(self.views)

    def pose(self, side: Side) -> HandPose:
        """Read the pose of a hand of this side, from the view that shows it as a right hand if there is one."""
        mirrored = side == "left"
        view = next((v for v in self.views if v.crop.mirrored == mirrored), self.views[0])
        right = 1 / (1 + math.exp(-self.log_odds_right))
        probability = right if side == "right" else 1 - right
        joints = crop_to_camera(view.crop, view.uvz)
        return HandPose(joints, side, probability, view.presence, view.confidence, view.visible < 0.5)


def side_of(log_odds_right: float) -> Side:
    """Name the likelier side."""
    return "right" if log_odds_right >= 0 else "left"


def seconds_between(before: Frame, after: Frame) -> float:
    """Give the time between two frames by the sensor's clock if both have it, else by arrival; it is positive."""
    if before.sensor_s is not None and after.sensor_s is not None and before.sensor_clock == after.sensor_clock:
        dt = after.sensor_s - before.sensor_s
    else:
        dt = after.arrival_s - before.arrival_s
    return dt if dt > 0 else _NOMINAL_S


class OneEuro:
    """The 1 Euro filter for joints; a joint's speed, not each coordinate's, sets its cut-off."""

    def __init__(self, config: TrackConfig) -> None:
        """Begin with nothing seen; other settings may be given later."""
        self.config = config
        self._value: npt.NDArray[np.float64] | None = None
        self._velocity = np.zeros(3)

    def __call__(self, joints_mm: FloatArray, dt_s: float) -> FloatArray:
        """Smooth the next measurement.

        Args:
            joints_mm: (J, 3), camera space.
            dt_s: time since the one before; after a long pause the filter starts anew.

        Returns:
            (J, 3) float32, camera space, mm.
        """
        joints = joints_mm.astype(np.float64)
        if self._value is None or dt_s > _GAP_S:
            self._value, self._velocity = joints, np.zeros_like(joints)
            return joints.astype(np.float32)
        slow = _weight(np.asarray(self.config.speed_cutoff_hz), dt_s)
        self._velocity = self._velocity + slow * ((joints - self._value) / dt_s - self._velocity)
        speed = np.linalg.norm(self._velocity, axis=1, keepdims=True)
        cutoff = self.config.min_cutoff_hz + self.config.beta_hz_s_mm * speed
        self._value = self._value + _weight(cutoff, dt_s) * (joints - self._value)
        return self._value.astype(np.float32)


def _weight(cutoff_hz: npt.NDArray[np.float64], dt_s: float) -> npt.NDArray[np.float64]:
    """Weight of a new value in a first-order low-pass (Casiez et al. 2012, eq. 5 and 6)."""
    return np.asarray(1 / (1 + 1 / (2 * math.pi * cutoff_hz * dt_s)), np.float64)


class HandTrack:
    """One hand from where it was found until it is lost."""

    def __init__(self, track_id: int, config: TrackConfig, bones_mm: FloatArray | None = None) -> None:
        """Begin a track; the first ``update`` gives it a place.

        Args:
            track_id: its number.
            config: the settings.
            bones_mm: (20,), the lengths that bones keep, if the user's are known.
        """
        self.track_id = track_id
        self._config = config
        self._bones_mm = bones_mm
        self._smooth = OneEuro(config)
        self._log_odds_right = 0.0
        self._frame: Frame | None = None
        self._centre = np.zeros(3)
        self._velocity = np.zeros(3)
        self._misses = 0

    def configure(self, config: TrackConfig, bones_mm: FloatArray | None) -> None:
        """Go on with other settings; arguments as for a new track."""
        self._config = self._smooth.config = config
        self._bones_mm = bones_mm

    @property
    def side(self) -> Side | None:
        """The hand's side: the one that the user said, or else once the votes agree on it."""
        if self._config.side is not None:
            return self._config.side
        return side_of(self._log_odds_right) if abs(self._log_odds_right) >= _DECIDED else None

    @property
    def lost(self) -> bool:
        """Whether the hand was missed too often in a row."""
        return self._misses >= self._config.lost_after

    def miss(self) -> None:
        """Note a frame in which the hand was not found."""
        self._misses += 1

    def predict(self, frame: Frame, cube_mm: float) -> HandRegion | None:
        """Say where the hand should be in this frame; None after a long pause, or where it left the camera's space."""
        centre = self._centre
        if self._frame is not None:
            dt = seconds_between(self._frame, frame)
            if dt > _GAP_S:
                return None
            lead = self._velocity * dt
            centre = centre + lead * min(1.0, _LEAD_MM / max(float(np.linalg.norm(lead)), 1e-9))
        if centre[2] < MIN_DEPTH_MM:
            return None
        return HandRegion(centre.astype(np.float32), cube_mm, self.side)

    def holds(self, region: HandRegion) -> bool:
        """Say whether a region found anew shows this hand: its cubes overlap by more than half an edge."""
        return bool(np.linalg.norm(region.centre_mm - self._centre) < region.cube_mm / 2)

    def update(self, frame: Frame, sighting: Sighting) -> TrackedHand | None:
        """Go on with what the network saw.

        Args:
            frame: the frame it saw it in.
            sighting: the region where the hand should be.

        Returns:
            The hand; None, and the track as it was, where the sighting is not that of a hand.
        """
        evidence = min(max(sighting.log_odds_right, -_VOTE), _VOTE)
        vote = min(max(self._log_odds_right + evidence, -_VOTES), _VOTES)
        pose = sighting.pose(self._config.side or side_of(vote))
        if pose.presence < self._config.keep or not credible(frame, pose.joints_mm):
            return None
        centre = pose.joints_mm.mean(axis=0, dtype=np.float64)
        dt = math.inf
        if self._frame is not None:
            dt = seconds_between(self._frame, frame)
            velocity = (centre - self._centre) / dt
            self._velocity = (self._velocity + velocity) / 2 if dt <= _GAP_S else np.zeros(3)
        self._log_odds_right, self._centre, self._frame, self._misses = vote, centre, frame, 0
        joints = self._smooth(pose.joints_mm, dt)
        if self._bones_mm is not None:
            joints = keep_bones(joints, self._bones_mm)
        return TrackedHand(self.track_id, pose.side, joints, pose, sighting.views[0].crop.region)
