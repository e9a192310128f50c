"""Azure Kinect's C library through ctypes, which lets the GIL go in each call.

The libraries are those that the wheel pyk4a-bundle carries. Its Python module is not used: built for NumPy 1, it does
not load beside NumPy 2.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from ctypes import POINTER, byref, c_bool, c_char_p, c_float, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.cameras.base import MissingSdkError
from lighthand.errors import SourceError
from lighthand.types import Intrinsics

INSTALL: Final = ".venv/bin/python -m pip install -e '.[azure]'"

OK: Final = 0
TIMED_OUT: Final = 2  # of k4a_device_get_capture
AT_END: Final = 2  # of k4a_playback_get_next_capture

_ENGINE: Final = "libdepthengine.so.2.0"
_LENSES: Final = (3, 4)  # rational 6KT and Brown-Conrady: OpenCV's rational model
_Handle = ctypes.c_void_p


class DeviceConfig(ctypes.Structure):
    """k4a_device_configuration_t."""

    _fields_ = [
        ("color_format", c_int),
        ("color_resolution", c_int),
        ("depth_mode", c_int),
        ("camera_fps", c_int),
        ("synchronized_images_only", c_bool),
        ("depth_delay_off_color_usec", c_int32),
        ("wired_sync_mode", c_int),
        ("subordinate_delay_off_master_usec", c_uint32),
        ("disable_streaming_indicator", c_bool),
    ]


class RecordConfig(ctypes.Structure):
    """k4a_record_configuration_t."""

    _fields_ = [
        ("color_format", c_int),
        ("color_resolution", c_int),
        ("depth_mode", c_int),
        ("camera_fps", c_int),
        ("color_track_enabled", c_bool),
        ("depth_track_enabled", c_bool),
        ("ir_track_enabled", c_bool),
        ("imu_track_enabled", c_bool),
        ("depth_delay_off_color_usec", c_int32),
        ("wired_sync_mode", c_int),
        ("subordinate_delay_off_master_usec", c_uint32),
        ("start_timestamp_offset_usec", c_uint32),
    ]


class _Extrinsics(ctypes.Structure):
    _fields_ = [("rotation", c_float * 9), ("translation", c_float * 3)]


class _CameraCalibration(ctypes.Structure):
    _fields_ = [
        ("extrinsics", _Extrinsics),
        ("type", c_int),
        ("parameter_count", c_uint32),
        ("parameters", c_float * 15),  # cx cy fx fy k1..k6 codx cody p2 p1 metric_radius
        ("width", c_int),
        ("height", c_int),
        ("metric_radius", c_float),
    ]


class K4aCalibration(ctypes.Structure):
    """k4a_calibration_t."""

    _fields_ = [
        ("depth", _CameraCalibration),
        ("color", _CameraCalibration),
        ("extrinsics", _Extrinsics * 16),
        ("depth_mode", c_int),
        ("color_resolution", c_int),
    ]


class Version(ctypes.Structure):
    """k4a_hardware_version_t: four firmwares of three numbers, RGB and depth first."""

    _fields_ = [("numbers", c_uint32 * 12), ("build", c_int), ("signature", c_int)]


_SENSOR: Final[dict[str, tuple[Any, ...]]] = {
    "k4a_device_get_installed_count": (c_uint32,),
    "k4a_device_open": (c_int, c_uint32, POINTER(_Handle)),
    "k4a_device_close": (None, _Handle),
    "k4a_device_get_serialnum": (c_int, _Handle, c_char_p, POINTER(c_size_t)),
    "k4a_device_get_version": (c_int, _Handle, POINTER(Version)),
    "k4a_device_get_calibration": (c_int, _Handle, c_int, c_int, POINTER(K4aCalibration)),
    "k4a_device_start_cameras": (c_int, _Handle, POINTER(DeviceConfig)),
    "k4a_device_stop_cameras": (None, _Handle),
    "k4a_device_get_capture": (c_int, _Handle, POINTER(_Handle), c_int32),
    "k4a_capture_get_depth_image": (_Handle, _Handle),
    "k4a_capture_release": (None, _Handle),
    "k4a_image_get_buffer": (_Handle, _Handle),
    "k4a_image_get_size": (c_size_t, _Handle),
    "k4a_image_get_width_pixels": (c_int, _Handle),
    "k4a_image_get_height_pixels": (c_int, _Handle),
    "k4a_image_get_stride_bytes": (c_int, _Handle),
    "k4a_image_get_device_timestamp_usec": (c_uint64, _Handle),
    "k4a_image_release": (None, _Handle),
}
_RECORD: Final[dict[str, tuple[Any, ...]]] = {
    "k4a_playback_open": (c_int, c_char_p, POINTER(_Handle)),
    "k4a_playback_close": (None, _Handle),
    "k4a_playback_get_record_configuration": (c_int, _Handle, POINTER(RecordConfig)),
    "k4a_playback_get_calibration": (c_int, _Handle, POINTER(K4aCalibration)),
    "k4a_playback_get_next_capture": (c_int, _Handle, POINTER(_Handle)),
    "k4a_playback_seek_timestamp": (c_int, _Handle, c_int64, c_int),
}


@dataclass(frozen=True, slots=True)
class K4a:
    """The loaded libraries.

    Attributes:
        sensor: libk4a.
        record: libk4arecord.
        no_engine: why the depth engine, which live depth needs, is not there; "" where it is.
    """

    sensor: ctypes.CDLL
    record: ctypes.CDLL
    no_engine: str


@cache
def load_k4a() -> K4a:
    """Load the libraries of pyk4a-bundle.

    Raises:
        MissingSdkError: they are not installed or cannot be loaded.
    """
    os.environ.setdefault("K4A_ENABLE_LOG_TO_STDOUT", "0")  # else each question about devices prints errors
    spec = importlib.util.find_spec("pyk4a")
    folder = Path(spec.origin).parents[1] / "pyk4a_bundle.libs" if spec and spec.origin else Path("pyk4a_bundle.libs")
    found = [next(iter(folder.glob(f"{name}-*.so*")), None) for name in ("libk4a", "libk4arecord")]
    if None in found:
        raise MissingSdkError(f"Azure Kinect's library is not installed: {INSTALL}")
    no_engine = ""
    try:
        ctypes.CDLL(str(folder / _ENGINE))  # libk4a asks for it by its bare name and finds the loaded one
    except OSError as error:
        no_engine = str(error)
    try:
        sensor, record = (ctypes.CDLL(str(path)) for path in found)
    except OSError as error:
        raise MissingSdkError(f"Azure Kinect's library does not load ({error}). Install it anew: {INSTALL}") from error
    for library, functions in ((sensor, _SENSOR), (record, _RECORD)):
        for name, (result, *arguments) in functions.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    return K4a(sensor, record, no_engine)


def lens_of(calibration: K4aCalibration, name: str) -> Intrinsics:
    """Give the depth camera as OpenCV's rational model; (0, 0) is the first pixel's centre in both.

    Raises:
        SourceError: the calibration is of another model.
    """
    depth = calibration.depth
    if depth.type not in _LENSES or depth.parameter_count < 14:
        raise SourceError(
            f"{name}: a lens of model {depth.type} with {depth.parameter_count} parameters, expected model 3 or 4 "
            "with 14. Record again with the Azure Kinect Sensor SDK 1.4."
        )
    cx, cy, fx, fy, k1, k2, k3, k4, k5, k6, _, _, p2, p1 = depth.parameters[:14]
    return Intrinsics(depth.width, depth.height, fx, fy, cx, cy, (k1, k2, p1, p2, k3, k4, k5, k6))


def serial_of(k4a: K4a, device: ctypes.c_void_p) -> str:
    """Read an open device's serial number; "" where it gives none."""
    text, size = ctypes.create_string_buffer(64), c_size_t(64)
    failed = k4a.sensor.k4a_device_get_serialnum(device, text, byref(size))
    return "" if failed else text.value.decode(errors="replace")
