"""Sources that the panel is told of, without their drivers."""

from __future__ import annotations

from dataclasses import replace

from app.cameras.base import CameraInfo, Device, MissingSdkError, Mode
from lighthand.types import Intrinsics

MODES = (Mode(640, 480, 30), Mode(848, 480, 90))
D435 = Device("realsense", "RealSense D435", "0420", "USB 3.2", MODES)
OTHER = Device("realsense", "RealSense D405", "0405", "USB 2.1", MODES[:1], "USB 2.1: use a USB 3 port")
BUSY = Device("openni", "Xtion", "1d27", "USB", (), "cannot be opened now: busy")
NO_SDK = MissingSdkError("not installed: type this")
LIVE = CameraInfo("RealSense D435", "0420", "", "USB 3.2", 1.0, Intrinsics(848, 480, 400, 400, 424, 240), 90.0)
FILE = replace(LIVE, serial="demo.mcap", link="file")
RENDERED = replace(LIVE, model="synthetic camera", serial="seed 0", link="rendered")
