"""The settings of the program: the library's sections, and where frames come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.cameras.base import Filter, Kind, Pace
from app.pacing import PacingConfig
from lighthand.backends import NetworkSource
from lighthand.errors import ConfigError
from lighthand.pipeline import PipelineConfig
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """Where frames come from.

    Attributes:
        kind: "auto" takes the first device that answers; "kinect" is "openni"; "replay" plays ``source``;
            "synthetic" renders a moving hand.
        source: a recording.
        intrinsics: camera description of a recording that carries none.
        serial: of the device, or None for the first of its kind.
        width: of the depth images, pixels, or None for the driver's choice.
        height: of the depth images, pixels, or None for the driver's choice.
        fps: frames a second of a device, or None for the driver's choice.
        filters: the SDK's own that run on each RealSense frame, in this order.
        pace: "recorded" plays at the recorded rate; "lockstep" loses no frame.
        loop: play the recording again and again.
        seed: of the synthetic hand.
    """

    kind: Kind = "synthetic"
    source: Path | None = None
    intrinsics: Path | None = None
    serial: str | None = None
    width: int | None = None
    height: int | None = None
    fps: int | None = None
    filters: tuple[Filter, ...] = ()
    pace: Pace = "recorded"
    loop: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parts against each other.

        Raises:
            ConfigError: replay without a source, or a synthetic camera with one.
        """
        if self.kind == "replay" and self.source is None:
            raise ConfigError("replay needs --source: a folder of 16-bit PNGs or an .npz.")
        if self.kind == "synthetic" and (self.source or self.intrinsics or self.loop):
            raise ConfigError(
                "the synthetic camera takes no source, intrinsics or loop: they belong to a recording, "
                "which --camera replay --source PATH plays."
            )
        if self.seed < 0:
            raise ConfigError(f"camera.seed={self.seed}: expected 0 or more.")


@dataclass(frozen=True, slots=True)
class AppConfig:
    """Every setting of ``run_live.py``."""

    camera: CameraConfig = field(default_factory=CameraConfig)
    network: NetworkSource = field(default_factory=NetworkSource)
    segment: SegmentConfig = field(default_factory=SegmentConfig)
    track: TrackConfig = field(default_factory=TrackConfig)
    pacing: PacingConfig = field(default_factory=PacingConfig)

    @property
    def pipeline(self) -> PipelineConfig:
        """The library's part."""
        return PipelineConfig(self.segment, self.track)
