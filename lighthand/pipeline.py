"""Frame -> Result: find the hand or follow it, crop it, ask the network, track.

A hand that is followed costs one look of the network (two while its side is open) at the cube where it
should be. Where there is none, or the look fails, the segmenter proposes regions, the network looks at all
of them and at their mirrors in one batch (at one of the two where the user says the side), and once more at
the likely ones, centred on the joints it saw there: a hand's joints do not move with the cube.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from lighthand.credible import credible
from lighthand.crop import CUBE_MM, MIN_DEPTH_MM, crop_hand
from lighthand.estimator import Estimator
from lighthand.handsize import keep_bones, load_hand
from lighthand.segment import SegmentConfig, find_hands
from lighthand.track import HandTrack, Sighting, TrackConfig, View, side_of
from lighthand.types import FloatArray, Frame, HandPose, HandRegion, Intrinsics, Result, Side, Stamps, TrackedHand

_GLANCE = 0.5  # presence, at least, of a region that is worth a second look
_NEARLY = 0.75  # of the greatest presence: among regions with that much, the segmenter's order decides
_AGREE_MM = 25.0  # between two looks: a hand's joints stay where they are, what is no hand moves with the cube


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """The settings of each stage."""

    segment: SegmentConfig = field(default_factory=SegmentConfig)
    track: TrackConfig = field(default_factory=TrackConfig)


class Pipeline:
    """Finds one hand and follows it. Not for use from two threads at once, but for ``configure``."""

    def __init__(self, estimator: Estimator, config: PipelineConfig) -> None:
        """Begin with nothing seen.

        Args:
            estimator: the network.
            config: the settings.

        Raises:
            ConfigError: the size of the user's hand cannot be read.
        """
        self._estimator = estimator
        self._asked = self._config, self._bones_mm = config, _load_bones(config)
        self.reset()

    def configure(self, config: PipelineConfig) -> None:
        """Take other settings from the next frame on; from any thread.

        A hand that is followed keeps its track, unless its side or where hands are looked for is said otherwise.

        Args:
            config: the settings.

        Raises:
            ConfigError: the size of the user's hand cannot be read.
        """
        before, bones_mm = self._asked
        self._asked = config, bones_mm if config.track.hand == before.track.hand else _load_bones(config)

    def reset(self) -> None:
        """Forget all that was seen: the next frame is the first."""
        self._track: HandTrack | None = None
        self._next_id = 1

    def warm_up(self) -> None:
        """Run every part once, so that the first frame is not late: what is compiled is loaded, memory is taken."""
        blank = Frame(0, np.zeros((16, 16), np.uint16), 1.0, Intrinsics(16, 16, 16, 16, 8, 8, (0.1, 0, 0, 0)), 0.0)
        find_hands(blank, self._config.segment, CUBE_MM)
        centre = np.array([0, 0, 500], np.float32)
        for count in (self._config.segment.candidates, 1):
            self._look(blank, [HandRegion(centre, CUBE_MM)] * count)
        sightings = self._look(blank, [HandRegion(centre, CUBE_MM, "right")])
        joints = sightings[0].pose("right").joints_mm
        credible(blank, joints)
        if self._bones_mm is not None:
            keep_bones(joints, self._bones_mm)

    def process(self, frame: Frame) -> Result:
        """Find or follow the hand.

        Args:
            frame: the next frame of the camera.

        Returns:
            The hand, if there is one, and when each stage ended. Where a hand that was followed had to be
            found again, ``segmented_s`` and ``estimated_s`` are those of the search.
        """
        taken_s = time.perf_counter()
        self._take_settings()
        segmented_s = estimated_s = taken_s
        hand: TrackedHand | None = None
        region = self._track.predict(frame, CUBE_MM) if self._track else None
        if self._track and region is not None:
            segmented_s = time.perf_counter()
            sighting = self._look(frame, (region,))[0]
            estimated_s = time.perf_counter()
            hand = self._track.update(frame, sighting)
        if hand is None:
            side = self._config.track.side
            regions = [replace(r, side=side) for r in find_hands(frame, self._config.segment, CUBE_MM)]
            segmented_s = time.perf_counter()
            found = self._search(frame, regions)
            estimated_s = time.perf_counter()
            hand = self._begin_or_resume(frame, found) if found else None
        if hand is None and self._track:
            self._track.miss()
            self._track = None if self._track.lost else self._track
        stamps = Stamps(frame.arrival_s, taken_s, segmented_s, estimated_s, time.perf_counter())
        return Result(frame, (hand,) if hand else (), stamps)

    def _take_settings(self) -> None:
        """Take what ``configure`` was given."""
        config, bones_mm = self._asked  # once: another thread may give others meanwhile
        if config is self._config:
            return
        if (config.track.side, config.segment) != (self._config.track.side, self._config.segment):
            self._track = None
        if self._track:
            self._track.configure(config.track, bones_mm)
        self._config, self._bones_mm = config, bones_mm

    def _begin_or_resume(self, frame: Frame, found: Sighting) -> TrackedHand | None:
        """Go on with the track if the hand was found where it should be, else begin a new one."""
        if self._track is None or not self._track.holds(found.views[0].crop.region):
            self._track = HandTrack(self._next_id, self._config.track, self._bones_mm)
            self._next_id += 1
        return self._track.update(frame, found)

    def _search(self, frame: Frame, regions: Sequence[HandRegion]) -> Sighting | None:
        """Choose the region that shows a hand: look at all, then again at the likely ones, centred on their joints."""
        if not regions:
            return None
        side = self._config.track.side
        glances = [_likelier_pose(sighting, side) for sighting in self._look(frame, regions)]
        enough = max(_GLANCE, _NEARLY * max(pose.presence for pose in glances))
        likely = [pose for pose in glances if pose.presence >= enough and _centre(pose)[2] >= MIN_DEPTH_MM]
        if not likely:
            return None
        sightings = self._look(frame, [HandRegion(_centre(pose), CUBE_MM, side) for pose in likely])
        for glance, sighting in zip(likely, sightings, strict=True):
            pose = sighting.pose(glance.side)
            moved_mm = np.linalg.norm(pose.joints_mm - glance.joints_mm, axis=1).mean()
            track = self._config.track
            sure = pose.presence >= track.accept and pose.score >= track.accept_score
            if sure and moved_mm <= _AGREE_MM and credible(frame, pose.joints_mm):
                return sighting
        return None

    def _look(self, frame: Frame, regions: Sequence[HandRegion]) -> list[Sighting]:
        """Ask the network about regions in one batch: those of unknown side both as they are and mirrored."""
        crops = [
            [crop_hand(frame, region, mirrored=mirrored) for mirrored in (False, True) if _shows(region, mirrored)]
            for region in regions
        ]
        flat = [crop for views in crops for crop in views]
        estimate = self._estimator.estimate(np.stack([crop.patch for crop in flat]))
        answers = zip(flat, estimate.uvz, estimate.confidence, estimate.visible, strict=True)
        chances = zip(estimate.right.tolist(), estimate.presence.tolist(), strict=True)
        views = iter(
            [
                View(crop, uvz, right, presence, confidence, visible)
                for (crop, uvz, confidence, visible), (right, presence) in zip(answers, chances, strict=True)
            ]
        )
        return [Sighting(tuple(islice(views, len(of_region)))) for of_region in crops]


def _shows(region: HandRegion, mirrored: bool) -> bool:
    return region.side is None or mirrored == (region.side == "left")


def _centre(pose: HandPose) -> FloatArray:
    return np.asarray(pose.joints_mm.mean(axis=0), np.float32)


def _likelier_pose(sighting: Sighting, side: Side | None) -> HandPose:
    return sighting.pose(side or side_of(sighting.log_odds_right))


def _load_bones(config: PipelineConfig) -> FloatArray | None:
    hand = config.track.hand
    return np.array(load_hand(hand).bones_mm, np.float32) if hand else None
