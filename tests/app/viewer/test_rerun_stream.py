"""What Rerun's own program reads back from the server that we start; no screen, no viewer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cameras.base import MissingSdkError
from app.viewer.colours import finger_colour
from app.viewer.rerun_process import RerunProcess, find_program
from app.viewer.rerun_stream import RerunStream
from lighthand.errors import SourceError
from lighthand.skeleton import BONES, JOINTS
from tests.app.scripted import SIZE, ScriptedCamera, frame, result

pytest.importorskip("rerun", reason="Rerun is not installed: pip install -e '.[rerun]'")

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, which only Linux has")
INFO = ScriptedCamera([]).info


@pytest.fixture(autouse=True)
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def stream() -> Iterator[RerunStream]:
    made = RerunStream(INFO)
    yield made
    made.close()


Rows = dict[str, list[dict[str, Any]]]


def read(path: Path) -> Rows:
    """Give the rows of each entity, in the order of their time (ns); what never changes comes first."""
    import pyarrow as pa
    from rerun.chunk import RrdReader

    rows: Rows = {}
    for chunk in RrdReader(path).store().stream():
        batch = chunk.to_record_batch()
        columns = [c.cast("int64") if pa.types.is_temporal(c.type) else c for c in batch.columns]
        names = [name.split(":")[-1] for name in batch.schema.names]
        rows.setdefault(str(chunk.entity_path), []).extend(pa.table(columns, names=names).to_pylist())
    return {path: sorted(some, key=lambda row: row.get("time", -1)) for path, some in rows.items()}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Frame 7 with a hand, frame 9 without, frame 10 with one that falls silent."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            patch.delenv(name, raising=False)
        path = tmp_path_factory.mktemp("rerun") / "seen.rrd"
        made = RerunStream(INFO)
        words = [made._program, "--bind", "127.0.0.1", "--connect", made._process.url, "--save", str(path)]
        quiet = {**os.environ, "CI": "1", "RERUN_APP_ONLY": "true", "RUST_LOG": "error"}
        with subprocess.Popen(words, env=quiet) as saver:
            assert made.show(result(frame(7, depth=2400, unit_mm=0.25)))
            assert made.show(result(frame(9), hand=False))
            assert made.show(result(frame(10)))
            time.sleep(0.35)
            assert made.poll()
            made._recording.flush(timeout_sec=5)
            time.sleep(0.5)  # from the server to the file
            made.close()
            saver.wait(10)  # it ends with what it reads from
        return read(path)


def test_the_axes_and_the_camera_are_ours(rows: Rows) -> None:
    rdf = [3, 2, 5]  # right, down, forward
    assert rows["/"][0]["xyz"] == [rdf]
    camera = rows["/camera"][0]
    assert camera["camera_xyz"] == [rdf]
    assert camera["resolution"] == [[SIZE.width, SIZE.height]]
    columns = np.reshape(camera["image_from_camera"], (3, 3))
    assert np.allclose(columns.T, [[60, 0, 32], [0, 60, 24], [0, 0, 1]])


def test_depth_arrives_with_its_unit(rows: Rows) -> None:
    first, second, _ = rows["/camera/depth"]
    assert [row["frame"] for row in rows["/camera/depth"]] == [7, 9, 10]
    counts = np.frombuffer(bytes(first["buffer"][0]), np.uint16)
    assert np.array_equal(counts, np.full(64 * 48, 2400))
    assert counts[0] / first["meter"][0] == 0.6
    assert second["meter"] == [1000]


def test_a_hand_has_its_colours_and_its_place_in_metres(rows: Rows) -> None:
    hand = result(frame(7)).hands[0]
    joints = rows["/hands/joints"][0]
    assert np.allclose(joints["positions"], hand.joints_mm / 1000)
    assert joints["colors"] == [int.from_bytes((*finger_colour(joint), 255), "big") for joint in range(JOINTS)]
    assert np.allclose(joints["radii"], 0.002 + 0.8 * 0.004)
    bones = rows["/hands/bones"][0]
    assert np.allclose(bones["strips"], hand.joints_mm[np.array(BONES)] / 1000)
    assert bones["colors"] == [int.from_bytes((*finger_colour(child), 255), "big") for _, child in BONES]


def test_hands_that_are_gone_or_silent_disappear(rows: Rows) -> None:
    for name, column in (("/hands/joints", "positions"), ("/hands/bones", "strips")):
        assert [len(row[column]) > 0 for row in rows[name]] == [True, False, True, False]
    shown, silent = rows["/hands/joints"][2:]
    assert silent["time"] - shown["time"] > 0.3e9


def test_latency_arrives_by_stage(rows: Rows) -> None:
    (names,) = (row["names"] for row in rows["/latency"] if row.get("names"))
    assert names == ["wait for the worker", "find", "network", "track", "age when sent"]
    spent_ms = dict(zip(names, rows["/latency"][-1]["scalars"], strict=True))
    assert spent_ms["find"] == pytest.approx(1)
    assert spent_ms["network"] == pytest.approx(2)
    assert spent_ms["age when sent"] >= 0


def test_too_old_a_result_comes_without_its_hands(stream: RerunStream, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(stream, "_log_hands", lambda hands: sent.append(len(hands)))
    old = result(frame(0))
    stream.show(replace(old, stamps=replace(old.stamps, arrival_s=time.perf_counter() - 1)))
    stream.show(result(frame(1)))
    assert sent == [0, 1]


def tcp_listeners(pid: int) -> list[str]:
    """Give the addresses at which a process takes connections, as Linux writes them."""
    held = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    return [line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in held]


def thread_names(pid: int) -> set[str]:
    return {path.read_text().strip() for path in Path(f"/proc/{pid}/task").glob("*/comm")}


@linux
def test_listens_on_this_computer_only(stream: RerunStream) -> None:
    port = int(stream._process.url.split(":")[2].split("/")[0])
    assert tcp_listeners(stream._process.pid) == [f"0100007F:{port:04X}"]
    assert not [address for address in tcp_listeners(os.getpid()) if address.endswith(f":{port:04X}")]


@linux
def test_tells_nobody_of_its_use(stream: RerunStream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analytics = "pipeline"  # what Rerun calls the thread that sends
    stream.show(result(frame(0)))
    assert analytics not in thread_names(stream._process.pid) | thread_names(os.getpid())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    process = RerunProcess(stream._program, window=False)
    assert analytics not in thread_names(process.pid)
    process.end()
    assert not list(tmp_path.rglob("*"))


def test_a_port_that_is_taken_is_left_alone() -> None:
    first, second = RerunStream(INFO), RerunStream(INFO)
    assert first._process.url != second._process.url
    assert first.show(result(frame(0)))
    assert second.show(result(frame(0)))
    first.close()
    second.close()


def test_without_a_screen_it_says_how_to_look(caplog: pytest.LogCaptureFixture) -> None:
    made = RerunStream(INFO)
    made.close()
    assert f"rerun --connect {made._process.url}" in caplog.text


def test_an_ended_viewer_says_so_and_stays_ended(stream: RerunStream) -> None:
    assert stream.show(result(frame(0)))
    stream._process._process.terminate()
    stream._process._process.wait()
    assert [stream.poll(), stream.show(result(frame(1))), stream.poll()] == [False] * 3
    stream.close()


def test_a_viewer_without_graphics_gives_way_to_the_server(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DISPLAY", ":77")
    made = RerunStream(INFO)
    assert made._process.window
    made._process._process.wait(10)
    assert made.show(result(frame(0)))
    assert not made._process.window
    assert "Rerun's window does not open: " in caplog.text
    made.close()


def test_without_rerun_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(MissingSdkError, match=r"not installed .*pip install -e '\.\[rerun\]'"):
        RerunStream(INFO)


def test_a_program_that_is_not_there_or_ends_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingSdkError, match=r"not in .*pip install --force-reinstall rerun-sdk"):
        find_program(tmp_path)
    with pytest.raises(SourceError, match=r"does not start \(No such file.*pip install"):
        RerunProcess(str(tmp_path / "rerun"), window=False)
    broken = tmp_path / "rerun"
    broken.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(SourceError, match=r"ended at its start \(broken\).*pip install"):
        RerunProcess(str(broken), window=False)


def test_a_program_that_takes_no_connection_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.viewer.rerun_process._START_S", 0.1)
    deaf = tmp_path / "rerun"
    deaf.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    deaf.chmod(0o755)
    with pytest.raises(SourceError, match="no connection within 0.1 s"):
        RerunProcess(str(deaf), window=False)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
