"""Writes a .bag as librealsense's own recorder did before version 2.58, which now only reads them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rosbags.rosbag1 import Writer

from app.cameras.base import Mode

_SENSOR = "/device_0/sensor_0"
_DEPTH = f"{_SENSOR}/Depth_0"
_BEFORE_ALL_NS = 1  # the time of what is said once

_TYPES = {  # what the SDK's reader checks: the types' ROS 1 checksums
    "std_msgs/msg/UInt32": "304a39449588c7f8ce2df6e8001c5fce",
    "std_msgs/msg/Float32": "73fcbf46b49191e672908e50842a83d4",
    "diagnostic_msgs/msg/KeyValue": "cf57fdc6617a881a88c16e768132149c",
    "realsense_msgs/msg/StreamInfo": "311d7e24eac31bb87271d041bf70ff7d",
    "sensor_msgs/msg/CameraInfo": "c9a58c1b0b154e0e6da7578cb991d214",
    "sensor_msgs/msg/Image": "060021388200f6f0f447d0fcd9c64743",
    "geometry_msgs/msg/Transform": "ac9eff44abf714214112b05d54a3cf9b",
}


def write_bag(path: Path, images: Sequence[npt.NDArray[np.uint16]], mode: Mode, *, unit_m: float) -> None:
    """Write one depth stream; frame k has number 100 + k and the device's time k / fps."""
    with Writer(path) as bag:
        connections = {}

        def write(topic: str, kind: str, time_ns: int, data: bytes) -> None:
            if topic not in connections:
                connections[topic] = bag.add_connection(topic, kind, msgdef=f"# {kind}\n", md5sum=_TYPES[kind])
            bag.write(connections[topic], time_ns, data)

        def say(topic: str, key: str, value: str, time_ns: int = _BEFORE_ALL_NS) -> None:
            write(topic, "diagnostic_msgs/msg/KeyValue", time_ns, _text(key) + _text(value))

        write("/file_version", "std_msgs/msg/UInt32", _BEFORE_ALL_NS, struct.pack("<I", 4))
        say("/device_0/info", "Name", "Intel RealSense D435")
        say("/device_0/info", "Serial Number", "0420")
        say(f"{_SENSOR}/info", "Name", "Stereo Module")
        stream = struct.pack("<I", mode.fps) + _text("mono16") + b"\x01"
        write(f"{_DEPTH}/info", "realsense_msgs/msg/StreamInfo", _BEFORE_ALL_NS, stream)
        write(f"{_DEPTH}/info/camera_info", "sensor_msgs/msg/CameraInfo", _BEFORE_ALL_NS, _lens(mode))
        write(f"{_SENSOR}/option/Depth_Units/value", "std_msgs/msg/Float32", _BEFORE_ALL_NS, struct.pack("<f", unit_m))
        turned = struct.pack("<7d", 0, 0, 0, 0, 0, 0, 1)
        write(f"{_DEPTH}/tf/0", "geometry_msgs/msg/Transform", _BEFORE_ALL_NS, turned)
        for index, image in enumerate(images):
            time_ns = 10**9 + round(index * 1e9 / mode.fps)
            stamp = divmod(round(index * 1e9 / mode.fps), 10**9)
            head = struct.pack("<3I", 100 + index, *stamp) + _text("1")  # version 1: the unit comes last
            about = (
                struct.pack("<2I", mode.height, mode.width) + _text("mono16") + struct.pack("<BI", 0, 2 * mode.width)
            )
            pixels = struct.pack("<I", image.nbytes) + image.tobytes() + struct.pack("<f", unit_m)
            write(f"{_DEPTH}/image/data", "sensor_msgs/msg/Image", time_ns, head + about + pixels)
            say(f"{_DEPTH}/image/metadata", "system_time", "0", time_ns)
            say(f"{_DEPTH}/image/metadata", "timestamp_domain", "Hardware Clock", time_ns)


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode()


def _lens(mode: Mode) -> bytes:
    """A CameraInfo with focal lengths of 50 and 45 pixels."""
    head = struct.pack("<3I", 0, 0, 0) + _text("") + struct.pack("<2I", mode.height, mode.width)
    model = _text("Brown Conrady") + struct.pack("<I5d", 5, *[0.0] * 5)
    matrix = struct.pack("<9d", 50, 0, mode.width / 2, 0, 45, mode.height / 2, 0, 0, 1)
    return head + model + matrix + struct.pack("<21d", *[0.0] * 21) + struct.pack("<6IB", *[0] * 6, 0)
