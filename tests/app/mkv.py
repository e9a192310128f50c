"""Writes depth recordings as Azure Kinect's own recorder does: Matroska with a b16g track and the calibration."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

CX, CY, FX, FY = 0.51, 0.515, 0.4925, 0.493  # of the sensor's 1024 pixels
K = (0.55, -0.021, 0.0026, 0.89, 0.086, -0.0139)  # k1 to k6
P1, P2 = 7.2e-5, -2.1e-5


def _element(name: str, *content: bytes | int | str) -> bytes:
    parts = []
    for each in content:
        if isinstance(each, int):
            each = each.to_bytes(max(1, (each.bit_length() + 7) // 8), "big")
        parts.append(each.encode() if isinstance(each, str) else each)
    data = b"".join(parts)
    return bytes.fromhex(name) + struct.pack(">Q", len(data) | 1 << 56) + data


def calibration() -> str:
    still = {"Rotation": [1, 0, 0, 0, 1, 0, 0, 0, 1], "Translation": [0, 0, 0]}

    def camera(place: str, purpose: str, width: int, height: int) -> dict[str, object]:
        lens = {
            "ModelParameterCount": 14,
            "ModelParameters": [CX, CY, FX, FY, *K, 0, 0, P2, P1],
            "ModelType": "CALIBRATION_LensDistortionModelBrownConrady",
        }
        return {
            "Intrinsics": lens,
            "Location": f"CALIBRATION_CameraLocation{place}",
            "Purpose": f"CALIBRATION_CameraPurpose{purpose}",
            "MetricRadius": 1.74,
            "Rt": still,
            "SensorHeight": height,
            "SensorWidth": width,
            "Shutter": "CALIBRATION_ShutterTypeUndefined",
            "ThermalAdjustmentParams": {"Params": [0] * 12},
        }

    def inertial(kind: str) -> dict[str, object]:
        return {
            "BiasTemperatureModel": [0] * 12,
            "BiasUncertainty": [0.01] * 3,
            "Id": "x",
            "MixingMatrixTemperatureModel": ([1] + [0] * 3) * 9,
            "ModelTypeMask": 16,
            "Noise": [0.01] * 6,
            "Rt": still,
            "SecondOrderScaling": [0] * 9,
            "SensorType": f"CALIBRATION_InertialSensorType_{kind}",
            "TemperatureBounds": [5, 60],
            "TemperatureC": 0,
        }

    cameras = [camera("D0", "Depth", 1024, 1024), camera("PV0", "PhotoVideo", 4096, 3072)]
    sensors = [inertial("Gyro"), inertial("Accelerometer")]
    return json.dumps({"CalibrationInformation": {"Cameras": cameras, "InertialSensors": sensors}})


def write_mkv(
    path: Path,
    frames: npt.NDArray[np.uint16],
    times_us: list[int],
    *,
    mode: str = "NFOV_2X2BINNED",
    calibrated: bool = True,
    fps: int = 30,
) -> Path:
    """Write (N, H, W) frames of the size of the mode."""
    _, height, width = frames.shape
    bitmap = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 16, b"b16g", width * height * 2, 0, 0, 0, 0)
    track = _element(
        "AE",
        _element("D7", 1), _element("73C5", 1), _element("83", 1), _element("86", "V_MS/VFW/FOURCC"),
        _element("63A2", bitmap), _element("536E", "DEPTH"), _element("23E383", 10**9 // fps),
        _element("E0", _element("B0", width), _element("BA", height)),
    )  # fmt: skip
    tags = {"K4A_DEPTH_MODE": mode, "K4A_DEVICE_SERIAL_NUMBER": "000123", "K4A_DEPTH_FIRMWARE_VERSION": "1.6.80"}
    file = _element("46AE", 1) + _element("466E", "calibration.json") + _element("4660", "application/octet-stream")
    segment = [
        _element("EC", bytes(100)),  # the reader takes an offset of 0 for none
        _element("1549A966", _element("2AD7B1", 1000), _element("4D80", "test"), _element("5741", "test")),
        _element("1654AE6B", track),
        _element("1941A469", _element("61A7", file, _element("465C", calibration()))) if calibrated else b"",
        _element(
            "1254C367",
            *(
                _element("7373", _element("63C0"), _element("67C8", _element("45A3", name), _element("4487", text)))
                for name, text in tags.items()
            ),
        ),
    ]
    for frame, time_us in zip(frames, times_us, strict=True):
        block = b"\x81" + struct.pack(">hB", 0, 0x80) + frame.astype(">u2").tobytes()
        segment.append(_element("1F43B675", _element("E7", time_us), _element("A3", block)))
    head = [("4286", 1), ("42F7", 1), ("42F2", 4), ("42F3", 8), ("4282", "matroska"), ("4287", 2), ("4285", 2)]
    path.write_bytes(_element("1A45DFA3", *(_element(*each) for each in head)) + _element("18538067", *segment))
    return path
