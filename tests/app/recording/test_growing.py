"""A recording is read by the command line while it is still being written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.cameras.replay import ReplayCamera
from app.formats import mcap_file
from app.formats.mcap_write import RecordingWriter
from app.formats.recording import Description
from app.recording.__main__ import main
from tests.app.recording.test_recorder import LENS, noisy


@pytest.mark.parametrize("words", [("info",), ("export", "raw.mcap")], ids=["info", "export"])
def test_a_recording_that_goes_on_is_opened_once(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(mcap_file, "CHUNK_BYTES", 30_000)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "now.mcap"
    writer = RecordingWriter(path, Description("cam", "1", 0.1, LENS, 30.0), {})
    really_open = ReplayCamera.open

    def open_and_grow(camera: ReplayCamera) -> None:
        really_open(camera)
        grow(12)

    def grow(first: int) -> None:
        for seq in range(first, first + 12):
            writer.frame(noisy(seq), 10**18 + seq)

    grow(0)
    monkeypatch.setattr(ReplayCamera, "open", open_and_grow)
    assert main([words[0], str(path), *words[1:]]) == 0
    (said,) = caplog.messages
    count = int(said.removeprefix(f"{path}: is being recorded: ").removesuffix(" frames so far"))
    assert 0 < count < 12
    text = capsys.readouterr().out
    assert re.search(rf"^frames +{count}$|^{count} frames written", text, re.MULTILINE)
    assert "damaged" not in text
    writer.close()
