"""Conversions keep every pixel; what fails or is interrupted leaves nothing behind."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import yaml
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from app.cameras.azure import AzureCamera
from app.cameras.base import Camera, EndOfSourceError
from app.cameras.catalogue import open_recording
from app.cameras.openni import OpenNICamera
from app.cameras.realsense import RealSenseCamera
from app.cameras.replay import ReplayCamera
from app.config import AppConfig
from app.formats import mcap_file
from app.formats.mcap_read import McapRecording
from app.formats.mcap_scan import read_index
from app.latency import FrameLog
from app.recording import __main__ as program
from app.recording import convert as module
from app.recording.demo import make_demo
from app.recording.recorder import Recorder
from lighthand.config import config_to_dict
from lighthand.errors import DataError, SourceError
from lighthand.handsize import learn_hand
from lighthand.synthesis.scene import HandAnimator
from lighthand.track import TrackConfig
from lighthand.types import Frame, Intrinsics
from tests.app.recording.test_recorder import INFO, LENS, noisy, play, record
from tests.app.scripted import ScriptedCamera, result

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "a.mcap"
    record(path, [noisy(seq) for seq in (0, 1, 2, 5)])
    return path


def run(*words: object) -> int:
    return program.main([str(word) for word in words])


def depths(source: Path) -> np.ndarray:
    images = []
    with open_recording(source, pace="lockstep", loop=False) as camera:
        assert camera.info.intrinsics == LENS
        assert camera.info.depth_unit_mm == 0.1
        while True:
            try:
                images.append(camera.read(1.0).depth)
            except EndOfSourceError:
                return np.stack(images)


def test_every_form_keeps_every_pixel_and_the_camera(recording: Path, tmp_path: Path) -> None:
    expected = depths(recording)
    for source, target in (("a.mcap", "pngs"), ("pngs", "b.npz"), ("b.npz", "c.mcap"), ("c.mcap", "d.npz")):
        assert run("convert", tmp_path / source, tmp_path / target) == 0
        assert np.array_equal(depths(tmp_path / target), expected)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_an_npz_keeps_numbers_times_and_lens(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    bare = noisy(9, sensor_s=None, sensor_clock="none")
    record(path, [noisy(3), noisy(4, sensor_clock="system"), noisy(7), bare])
    for source, target in (("a.mcap", "b.npz"), ("b.npz", "c.mcap"), ("c.mcap", "d.npz")):
        assert run("convert", tmp_path / source, tmp_path / target) == 0
    expected = play(path)
    for name in ("b.npz", "c.mcap", "d.npz"):
        for ours, theirs in zip(play(tmp_path / name), expected, strict=True):
            assert (ours.seq, ours.sensor_s, ours.sensor_clock) == (theirs.seq, theirs.sensor_s, theirs.sensor_clock)
            assert ours.intrinsics == LENS
            assert ours.depth.tobytes() == theirs.depth.tobytes()


def test_the_csv_is_the_log_of_the_run(recording: Path, tmp_path: Path) -> None:
    assert run("export", recording, tmp_path / "a.csv") == 0
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].startswith("# lighthand")
    rows = list(csv.DictReader(lines[1:]))
    assert [row["seq"] for row in rows] == ["0", "1", "2", "5"]
    assert rows[3]["lost"] == "2"
    joints = result(noisy(0)).hands[0].joints_mm
    assert float(rows[0]["wrist_x_mm"]) == pytest.approx(joints[0, 0], abs=1e-3)
    assert rows[1]["sensor_s"] == f"{1 / 30 + 0.001:.6f}"
    assert rows[0]["side"] == "right"


def test_the_csv_begins_as_the_log_of_the_run(tmp_path: Path) -> None:
    config = config_to_dict(AppConfig(track=TrackConfig(hand=tmp_path / "ada.yaml")))
    about = {"source": {"model": INFO.model}, "config": config}
    recorder = Recorder()
    recorder.start(tmp_path / "a.mcap", INFO, about)
    recorder.frame(noisy(0), wait=True)
    recorder.result(result(noisy(0)))
    recorder.stop()
    with FrameLog(tmp_path / "log.csv", drawn=False, about=about):
        pass
    assert run("export", tmp_path / "a.mcap", tmp_path / "a.csv") == 0
    heads = [(tmp_path / name).read_text().splitlines()[0] for name in ("a.csv", "log.csv")]
    assert heads[0] == heads[1]
    with pytest.raises(DataError, match="recorded with track.hand set"):
        learn_hand(tmp_path / "a.csv", "ada")


def test_the_npz_has_joints_beside_depth(recording: Path, tmp_path: Path) -> None:
    assert run("export", recording, tmp_path / "a.npz") == 0
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays["seq"].tolist() == [0, 1, 2, 5]
        assert arrays["side"].tolist() == ["right"] * 4
        assert np.array_equal(arrays["joints"][2], result(noisy(2)).hands[0].joints_mm)
    assert np.array_equal(depths(tmp_path / "a.npz"), depths(recording))


def test_the_raw_mcap_opens_elsewhere(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "raw.mcap"
    assert run("export", recording, path) == 0
    with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader:
        messages = [(c.topic, reader.deserialize(raw, c.msgtype)) for c, _, raw in reader.messages()]
    images = [message for topic, message in messages if topic == "/depth/image"]
    assert [image.encoding for image in images] == ["16UC1"] * 4
    assert np.array_equal(images[3].data.view("<u2").reshape(48, 64), noisy(5).depth)
    marker = next(message for topic, message in messages if topic == "/hands/markers")
    assert (marker.type, len(marker.points), marker.ns) == (5, 40, "right")
    joints = result(noisy(0)).hands[0].joints_mm
    assert [marker.points[0].x, marker.points[0].y, marker.points[0].z] == pytest.approx(joints[0] / 1e3)


def test_the_video_is_without_loss(recording: Path, tmp_path: Path) -> None:
    assert run("export", recording, tmp_path / "a.mkv") == 0
    with av.open(str(tmp_path / "a.mkv")) as container:
        assert "depth_unit_mm" in container.metadata["CAMERA"]
        pictures = [(frame.time, frame.to_ndarray()) for frame in container.decode(video=0)]
    assert np.array_equal(np.stack([picture for _, picture in pictures]), depths(recording))
    assert [round(float(time_s) * 30) for time_s, _ in pictures if time_s is not None] == [0, 1, 2, 5]


def test_info_tells_what_is_in_a_recording(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info", recording) == 0
    text = capsys.readouterr().out
    for part in (
        "D435, firmware 5.16", "0420", "64x48", "0.1, -0.2, 0.001, 0.002, 0.05", "0.1 mm a count", "30 frames a second",
        "1, 2 frames in them", "2 before the program had them, 0 by the recorder", "in 4 of 4 results (100.0%)",
        "LightHand 0", "near_mm: 200",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("cut", [0, 10])
def test_info_counts_what_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cut: int
) -> None:
    monkeypatch.setattr(mcap_file, "CHUNK_BYTES", 30_000)
    path = tmp_path / "a.mcap"
    record(path, [noisy(seq) for seq in range(20)])
    with path.open("rb") as file:
        chunks = read_index(file).chunks
    lost = max(len(group.records) for group in chunks[1][1])
    data = bytearray(path.read_bytes()[: path.stat().st_size - cut])
    data[chunks[1][0] + 1000] ^= 1
    path.write_bytes(data)
    assert run("info", path) == 0
    rows = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines() if "  " in line)
    assert len(chunks) > 3
    assert rows["frames"].strip() == str(20 - lost)
    assert rows["damaged"].strip() == f"{lost} frames cannot be read and are left out"


def test_info_of_a_recording_that_is_damaged_all_over_says_so(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(recording.read_bytes())
    data[len(data) // 2] ^= 1
    recording.write_bytes(data)
    assert run("info", recording) == 2
    assert "no frame can be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "source", "target", "text"),
    [
        ("convert", "a.mcap", "b.avi", "b.avi: .avi cannot be written. Name an .mcap, an .npz or a folder"),
        ("convert", "a.mcap", "b.mcap", "is an .mcap already, and a conversion would lose its hands. Copy the file"),
        ("convert", "none", "b.mcap", "none: no such file or folder"),
        ("convert", "a.mcap", "there.npz", "there.npz: is there already. Choose another name"),
        ("export", "a.mcap", "b", "b: cannot be exported to. Name an .mcap, .mkv, .csv or .npz"),
        ("export", "mine.npz", "b.csv", "mine.npz: holds no hands, which a .csv is for. Only an .mcap does"),
        ("export", "bare.mcap", "b.csv", "bare.mcap: holds frames, but no hands"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    recording: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    source: str,
    target: str,
    text: str,
) -> None:
    (tmp_path / "there.npz").write_bytes(b"mine")
    (tmp_path / "mine.npz").write_bytes(b"mine")
    if source == "bare.mcap":
        run("convert", recording, tmp_path / "x.npz")
        run("convert", tmp_path / "x.npz", tmp_path / "bare.mcap")
    before = set(tmp_path.iterdir())
    assert run(command, tmp_path / source, tmp_path / target) == 2
    assert text in capsys.readouterr().err
    assert set(tmp_path.iterdir()) == before
    assert (tmp_path / "there.npz").read_bytes() == b"mine"


@pytest.mark.parametrize("target", ["pngs", "b.npz", "b.mcap", "b.mkv"])
@pytest.mark.parametrize(("fault", "status"), [(KeyboardInterrupt(), 130), (SourceError("lost"), 2)])
def test_an_interrupted_conversion_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, fault: BaseException, status: int
) -> None:
    def frames() -> Iterator[Frame | BaseException]:
        yield Frame(0, np.ones((48, 64), np.uint16), 1.0, Intrinsics(64, 48, 60.0, 60.0, 31.5, 23.5), 0.0)
        yield fault

    def scripted(*_: object, **__: object) -> Camera:
        return ScriptedCamera(frames())

    monkeypatch.setattr(module, "open_recording", scripted)
    assert run("export" if target == "b.mkv" else "convert", "source", tmp_path / target) == status
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.db3", RealSenseCamera),
        ("a.BAG", RealSenseCamera),
        ("a.oni", OpenNICamera),
        ("a.mkv", AzureCamera),
        ("a.mcap", ReplayCamera),
    ],
)
def test_the_catalogue_sends_each_file_to_its_camera(name: str, kind: type, tmp_path: Path) -> None:
    assert type(open_recording(tmp_path / name, pace="lockstep", loop=True)) is kind
    (tmp_path / name).mkdir()
    assert type(open_recording(tmp_path / name, pace="recorded", loop=False)) is ReplayCamera


@pytest.mark.parametrize("name", ["a.db3", "a.bag", "a.mkv"])
def test_what_brings_its_lens_takes_no_other(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds its own intrinsics"):
        open_recording(tmp_path / name, tmp_path / "x.yaml", pace="recorded", loop=False)


def test_the_demo_is_rendered_anew_as_it_was(tmp_path: Path) -> None:
    first, second = tmp_path / "first.mcap", tmp_path / "second.mcap"
    assert make_demo(first, 0.2) == make_demo(second, 0.2) == 6
    assert first.read_bytes() == second.read_bytes()
    shipped, ours = McapRecording(ROOT / "recordings" / "demo.mcap"), McapRecording(first)
    for index in range(6):
        other = shipped.frame(index).depth != ours.frame(index).depth
        assert other.mean() < 1e-3  # another processor may round a pixel otherwise
    shipped.close()
    ours.close()


def test_the_demo_that_comes_along_holds_the_truth() -> None:
    path = ROOT / "recordings" / "demo.mcap"
    assert path.stat().st_size < 4_000_000
    recording = McapRecording(path)
    truth = [message for _, message in recording.messages("/truth")]
    assert len(truth) == recording.count == 600
    for seq in (0, 299, 599):
        joints = HandAnimator(0).render(seq / 30)[1]
        np.testing.assert_allclose(np.reshape(truth[seq].hands[0].joints_mm, (21, 3)), joints, atol=1e-3)
    recording.close()


def test_pngs_get_a_description_that_replay_reads(recording: Path, tmp_path: Path) -> None:
    run("convert", recording, tmp_path / "pngs")
    about = yaml.safe_load((tmp_path / "pngs" / "camera.yaml").read_text())
    assert about["distortion"] == list(LENS.distortion)
    assert about["model"] == INFO.model
    assert cv2.imread(str(tmp_path / "pngs" / "000000.png"), cv2.IMREAD_UNCHANGED).dtype == np.uint16
