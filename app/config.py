"""The settings of the program: the library's sections, and where frames come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.cameras.base import Filter, Kind, Pace
from app.look import ViewConfig, WindowConfig
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

    kind: Kind = "auto"
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
            ConfigError: a setting that does not apply to this kind of source, or an absurd one.
        """
        if self.kind == "replay" and self.source is None:
            raise ConfigError("replay needs --source: a recording, such as recordings/demo.mcap or a folder of PNGs.")
        if self.kind != "replay" and self.source is not None:
            raise ConfigError(f"{self.kind} takes no source: --camera replay --source PATH plays a recording.")
        if self.source is None and self.loop:
            raise ConfigError("loop belongs to a recording: give one with --source.")
        if self.intrinsics is not None and self.kind not in ("replay", "openni", "kinect"):
            raise ConfigError("intrinsics belong to a recording or to --camera openni; others bring their own.")
        if self.is_device and self.pace == "lockstep":
            raise ConfigError("a device does not wait: lockstep is for --source PATH or --camera synthetic.")
        mode = {"serial": self.serial, "width": self.width, "height": self.height, "fps": self.fps}
        for name, value in {**mode, "filters": self.filters or None}.items():
            if value is not None and not self.is_device:
                option = "--size" if name in ("width", "height") else f"--{name}"
                raise ConfigError(f"{option} is for a device that is plugged in, not for {self.kind}.")
            if isinstance(value, int) and not 1 <= value <= 10_000:
                raise ConfigError(f"camera.{name}={value}: expected 1 to 10000.")
        if self.serial is not None and self.kind == "auto":
            raise ConfigError("a serial number needs its driver: --camera realsense, openni or azure.")
        if self.filters and self.kind != "realsense":
            raise ConfigError("filters are librealsense's: they need --camera realsense.")
        if self.seed < 0:
            raise ConfigError(f"camera.seed={self.seed}: expected 0 or more.")

    @property
    def is_device(self) -> bool:
        """Whether frames come from hardware."""
        return self.kind not in ("replay", "synthetic")


@dataclass(frozen=True, slots=True)
class AppConfig:
    """Every setting of ``run_live.py``."""

    camera: CameraConfig = field(default_factory=CameraConfig)
    network: NetworkSource = field(default_factory=NetworkSource)
    segment: SegmentConfig = field(default_factory=SegmentConfig)
    track: TrackConfig = field(default_factory=TrackConfig)
    pacing: PacingConfig = field(default_factory=PacingConfig)
    view: ViewConfig = field(default_factory=ViewConfig)
    window: WindowConfig = field(default_factory=WindowConfig)

    @property
    def pipeline(self) -> PipelineConfig:
        """The library's part."""
        return PipelineConfig(self.segment, self.track)
