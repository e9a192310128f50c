"""What the window asks of a recording is what comes, in order, with numbers and times that rise."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cameras.base import EndOfSourceError, NotDueError
from app.cameras.player import Player, Position
from app.cameras.replay import CUT_S, ReplayCamera
from app.formats.mcap_read import McapRecording
from app.formats.recording import DamagedFrameError, RecordedFrame
from lighthand import track
from lighthand.types import Frame
from tests.app.playing import Reader, step_of, write

COUNT = 40


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("player") / "a.mcap", COUNT)


@pytest.fixture
def camera(recording: Path) -> Iterator[ReplayCamera]:
    """Paused before its first frame: each test reads on its own thread what it asked for."""
    with ReplayCamera(recording) as made:
        made.player.hold = True
        made.player.pause()
        yield made


def test_a_paused_recording_gives_nothing_and_says_so(camera: ReplayCamera) -> None:
    for _ in range(2):
        with pytest.raises(NotDueError, match=r"a.mcap: no frame within 0.01 s: paused"):
            camera.read(0.01)
    assert camera.player.position == Position(0, COUNT, 0.0, pytest.approx((COUNT - 1) / 30))


def test_each_step_gives_exactly_that_frame(camera: ReplayCamera) -> None:
    player = camera.player
    seen = []
    for count in (1, 1, 1, -1, -1, 5, -2, 100, -100):
        player.step(count)
        assert player.pending
        seen.append(step_of(camera.read(1.0)))
        assert not player.pending
        with pytest.raises(NotDueError):
            camera.read(0.0)
    assert seen == [0, 1, 2, 1, 0, 5, 3, COUNT - 1, 0]


def test_steps_and_jumps_that_were_not_given_yet_add_up(camera: ReplayCamera) -> None:
    player = camera.player
    player.seek(10)
    player.step(1)
    player.step(1)
    assert step_of(camera.read(1.0)) == 12
    player.jump(0.5)
    player.jump(0.25)
    assert step_of(camera.read(1.0)) == 12 + 23  # 22.5: the first frame after that
    player.step(0)
    assert not player.pending


def test_a_step_beyond_either_end_gives_nothing_twice(camera: ReplayCamera) -> None:
    player = camera.player
    player.seek(0)
    camera.read(1.0)
    player.step(-1)
    assert not player.pending
    player.seek(10_000)
    assert step_of(camera.read(1.0)) == COUNT - 1
    player.step(1)
    assert not player.pending


@pytest.mark.parametrize(("start", "seconds", "step"), [(0, 1.0, 30), (30, -1.0, 0), (20, -5.0, 0), (20, 9.0, 39)])
def test_a_jump_goes_by_the_moments(camera: ReplayCamera, start: int, seconds: float, step: int) -> None:
    camera.player.seek(start)
    camera.read(1.0)
    camera.player.jump(seconds)
    assert step_of(camera.read(1.0)) == step
    assert camera.player.position.moment_s == pytest.approx(step / 30)


def test_a_jump_over_a_long_pause_lands_beside_it() -> None:
    player = Player()
    player.start([0.0, 0.1, 60.0, 60.1], 10.0)
    for start, seconds, step in ((1, 1.0, 2), (2, -1.0, 1)):
        player.seek(start)
        player.jump(seconds)
        turn = player.turn(0.0)
        assert turn is not None
        assert turn.step == step


def test_numbers_and_times_go_on_rising_over_every_jump(camera: ReplayCamera) -> None:
    player = camera.player
    frames = []
    for step in (0, 30, 5, 5, 6, 39, 0):
        player.seek(step)
        frames.append(camera.read(1.0))
    assert [step_of(frame) for frame in frames] == [0, 30, 5, 5, 6, 39, 0]
    assert [frame.seq for frame in frames] == list(range(7))
    gaps = [after.sensor_s - before.sensor_s for before, after in zip(frames, frames[1:], strict=False)]  # type: ignore[operator]
    assert gaps == pytest.approx([CUT_S, CUT_S, CUT_S, 1 / 30, CUT_S, CUT_S])


def test_the_tracker_begins_anew_at_a_cut() -> None:
    assert CUT_S > 1.5 * track._GAP_S


def test_frames_that_are_missing_are_no_cut(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = McapRecording.frame
    monkeypatch.setattr(McapRecording, "frame", lambda self, index: spoil(whole, self, index, {7, 8}))
    with ReplayCamera(recording) as camera:
        player = camera.player
        player.pause()
        player.seek(20)
        player.seek(6)
        numbers = []
        for _ in range(3):
            numbers.append(camera.read(1.0).seq)
            player.step(1)
    assert [after - before for before, after in zip(numbers, numbers[1:], strict=False)] == [3, 1]


def spoil(whole: object, self: McapRecording, index: int, damaged: set[int]) -> RecordedFrame:
    if index in damaged:
        raise DamagedFrameError(f"frame {index} is damaged.")
    return whole(self, index)  # type: ignore[operator,no-any-return]


def test_steps_pass_over_damaged_frames_in_their_direction(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = McapRecording.frame
    monkeypatch.setattr(McapRecording, "frame", lambda self, index: spoil(whole, self, index, {7, 8, 38, 39}))
    with ReplayCamera(recording) as camera:
        player = camera.player
        player.hold = True
        player.pause()
        player.seek(9)
        seen = [step_of(camera.read(1.0))]
        for count in (-1, 1, -1):
            player.step(count)
            seen.append(step_of(camera.read(1.0)))
        assert seen == [9, 6, 9, 6]
        player.seek(38)
        with pytest.raises(NotDueError):
            camera.read(0.01)
        assert player.at_end
        assert not player.pending
        player.seek(37)
        assert step_of(camera.read(1.0)) == 37


def test_plays_pauses_and_goes_on(recording: Path) -> None:
    with Reader(ReplayCamera(recording)) as reader:
        reader.wait(lambda: len(reader.frames) >= 3)
        reader.player.pause()
        time.sleep(0.05)
        count = len(reader.frames)
        reader.wait(lambda: reader.waits >= 3)  # of 0.05 s each
        assert len(reader.frames) == count
        assert reader.waits < 10  # it waits, it does not spin
        reader.player.play()
        reader.wait(lambda: len(reader.frames) > count + 2)
    assert reader.steps == list(range(len(reader.frames)))
    assert not [frame for frame in reader.frames if frame.seq != step_of(frame)]


@pytest.mark.parametrize(("speed", "least", "most"), [(0.1, 0.25, 5.0), (1.0, 0.025, 0.5), (4.0, 0.006, 0.1)])
def test_speed_divides_the_gaps(recording: Path, speed: float, least: float, most: float) -> None:
    with ReplayCamera(recording) as camera:
        camera.player.speed = speed
        arrivals = [camera.read(5.0).arrival_s for _ in range(4 if speed < 1 else 20)]
    gap_s = (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1)
    assert least < gap_s < most


def test_a_change_of_speed_holds_for_the_frame_that_waits(tmp_path: Path) -> None:
    with Reader(ReplayCamera(write(tmp_path / "slow.mcap", 3, fps=0.5))) as reader:  # 20 s a frame at a tenth
        reader.player.speed = 0.1
        reader.wait(lambda: reader.frames)
        reader.player.speed = 4.0
        start_s = time.perf_counter()
        reader.wait(lambda: len(reader.frames) == 2)
        assert time.perf_counter() - start_s < 2.0


@pytest.mark.parametrize("speed", [0.0, 0.05, 5.0, float("nan")])
def test_a_speed_out_of_range_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match=r"expected 0.1 to 4"):
        Player().speed = speed


def test_held_at_its_end_it_can_be_sought_and_played_again(recording: Path) -> None:
    with Reader(ReplayCamera(recording)) as reader:
        player = reader.player
        player.hold, player.speed = True, 4.0
        player.seek(COUNT - 3)
        reader.wait(lambda: player.at_end and player.paused)
        assert player.position.step == COUNT - 1
        assert not reader.ended
        player.step(-1)
        reader.wait(lambda: reader.steps[-1] == COUNT - 2)
        assert not player.at_end
        player.play()
        reader.wait(lambda: player.at_end and player.paused)
        player.play()  # from the first frame
        reader.wait(lambda: reader.steps[-1] in (0, 1, 2))
    assert [frame.seq for frame in reader.frames] == sorted({frame.seq for frame in reader.frames})


def test_not_held_it_ends(recording: Path) -> None:
    with Reader(ReplayCamera(recording)) as reader:
        reader.player.seek(COUNT - 2)
        reader.wait(lambda: reader.ended)
    assert reader.steps[-2:] == [COUNT - 2, COUNT - 1]


def test_loop_may_be_chosen_while_it_plays(recording: Path) -> None:
    with Reader(ReplayCamera(recording)) as reader:
        reader.player.hold = True
        reader.player.seek(COUNT - 3)
        reader.player.loop = True
        reader.wait(lambda: reader.steps[-1:] == [2])
        assert not reader.player.paused
    assert reader.steps[-6:] == [COUNT - 3, COUNT - 2, COUNT - 1, 0, 1, 2]


def test_lock_step_has_no_speed_and_ends_in_spite_of_hold(recording: Path) -> None:
    with ReplayCamera(recording, pace="lockstep") as camera:
        camera.player.hold, camera.player.speed = True, 0.1
        start_s = time.perf_counter()
        assert [step_of(camera.read(1.0)) for _ in range(COUNT)] == list(range(COUNT))
        assert time.perf_counter() - start_s < 2.0  # at a tenth of the pace: 13 s
        with pytest.raises(EndOfSourceError, match=f"over after {COUNT} frames"):
            camera.read(1.0)


@pytest.mark.parametrize("state", ["paused", "slow", "held at the end"])
def test_close_wakes_a_read_in_every_state(recording: Path, state: str) -> None:
    camera = ReplayCamera(recording)
    camera.open()
    camera.player.hold = True
    match state:
        case "paused":
            camera.player.pause()
        case "slow":
            camera.player.speed = 0.1
            camera.read(1.0)
        case _:
            camera.player.seek(COUNT - 1)
            camera.read(1.0)
    errors: list[BaseException] = []

    def read() -> None:
        try:
            while True:
                camera.read(30.0)
        except EndOfSourceError as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.02)
    start_s = time.perf_counter()
    camera.close()
    thread.join(5)
    assert time.perf_counter() - start_s < 1.0
    assert len(errors) == 1


def test_opened_again_it_plays_from_its_first_frame(recording: Path, caplog: pytest.LogCaptureFixture) -> None:
    camera = ReplayCamera(recording)
    for _ in range(2):
        with caplog.at_level(logging.ERROR), camera:
            frame: Frame = camera.read(1.0)
            assert (step_of(frame), frame.seq) == (0, 0)
