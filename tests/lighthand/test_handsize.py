from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import AppConfig
from app.latency import FrameLog
from lighthand.calibrate import main
from lighthand.errors import ConfigError, DataError
from lighthand.handsize import HandSize, bone_lengths, keep_bones, learn_hand, load_hand, save_hand
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.track import TrackConfig
from lighthand.types import HandPose, HandRegion, Result, TrackedHand
from tests.lighthand.scenes import BlobEstimator, flat_hand, hand_balls, render

HAND = flat_hand().astype(np.float32) + np.array([0, 0, 500], np.float32)
BONES_MM = bone_lengths(HAND)


def tracked(joints, score=0.9, hidden=0):
    sure = np.full(21, score, np.float32)
    pose = HandPose(joints.copy(), "right", 0.9, 1.0, sure, np.arange(21) < hidden)
    return TrackedHand(1, "right", joints.copy(), pose, HandRegion(joints.mean(axis=0), 240.0))


def write_log(path, hands, hand=None):
    about = {"source": "test", "config": AppConfig(track=TrackConfig(hand=hand))}
    with FrameLog(path, drawn=False, about=json.loads(json.dumps(about, default=as_json))) as log:
        for seq, hand in enumerate(hands):
            log.add(Result(replace(render([]), seq=seq), (hand,) if hand else ()))
    return path


def as_json(value):
    return str(value) if isinstance(value, Path) else asdict(value)


def moving(count, noise_mm=2.0, **how):
    rng = np.random.default_rng(0)
    shifts = [np.array([5.0 * i, 0, 0]) for i in range(count)]
    return [tracked((HAND + shift + rng.normal(0, noise_mm, (21, 3))).astype(np.float32), **how) for shift in shifts]


def test_learns_the_bones_of_the_live_programs_own_log(tmp_path):
    hand = learn_hand(write_log(tmp_path / "hand.csv", [None, *moving(80), None]), "ada")
    assert hand.user == "ada"
    assert np.abs(np.array(hand.bones_mm) - BONES_MM).max() < 1.5
    assert 0.5 < np.mean(hand.spread_mm) < 4


@pytest.mark.parametrize(
    ("hands", "text"),
    [
        (moving(20), r"20 good frames, expected 50 \(the log is short\)"),
        (moving(60, score=0.4), r"0 good frames.*60 with a score below 0.6"),
        (moving(60, hidden=9), r"60 with more than 5 hidden joints"),
        ([tracked(HAND)] * 60, r"1 good frames.*59 in which the hand did not move"),
        ([None] * 60, r"60 without a hand"),
    ],
)
def test_too_few_good_frames_say_why_they_were_bad(tmp_path, hands, text):
    with pytest.raises(DataError, match=text):
        learn_hand(write_log(tmp_path / "hand.csv", hands), "ada")


def test_a_log_of_bones_that_were_kept_is_refused(tmp_path):
    with pytest.raises(DataError, match="recorded with track.hand set"):
        learn_hand(write_log(tmp_path / "hand.csv", moving(80), hand=tmp_path / "ada.yaml"), "ada")


@pytest.mark.parametrize("spaces", [None, (",", ":")])
def test_the_guard_reads_the_settings_however_they_are_written(tmp_path, spaces):
    path = write_log(tmp_path / "hand.csv", moving(80), hand=tmp_path / "ada.yaml")
    head, _, rows = path.read_text(encoding="utf-8").partition("\n")
    about = json.loads(head.removeprefix("# lighthand"))
    path.write_text(f"# lighthand {json.dumps(about, separators=spaces)}\n{rows}", encoding="utf-8")
    with pytest.raises(DataError, match="recorded with track.hand set"):
        learn_hand(path, "ada")
    about["config"]["track"]["hand"], about["source"] = None, {"model": "x", "hand": "left"}
    path.write_text(f"# lighthand {json.dumps(about, separators=spaces)}\n{rows}", encoding="utf-8")
    assert learn_hand(path, "ada").user == "ada"
    for damaged in ("# lighthand {", '# lighthand {"config": 3}'):
        path.write_text(f"{damaged}\n{rows}", encoding="utf-8")
        with pytest.raises(DataError, match="its first line does not tell whether track.hand was set"):
            learn_hand(path, "ada")
    path.write_text(rows, encoding="utf-8")
    assert learn_hand(path, "ada").user == "ada"


def test_a_log_that_was_cut_off_counts_and_a_damaged_one_does_not(tmp_path):
    path = write_log(tmp_path / "hand.csv", moving(80))
    text = path.read_text(encoding="utf-8")
    path.write_text(text[:-40], encoding="utf-8")
    assert learn_hand(path, "ada").user == "ada"
    lines = text.splitlines(keepends=True)
    lines[10] = lines[10].replace("0.9000", "what", 2)
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match="row 9 is damaged"):
        learn_hand(path, "ada")
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no column score"):
        learn_hand(path, "ada")


def test_the_command_writes_what_the_tracker_reads(tmp_path, capsys):
    log, out = write_log(tmp_path / "hand.csv", moving(80)), tmp_path / "users" / "ada.yaml"
    assert main(["hand", "--log", str(log), "--user", "ada", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "to index_pip" in said
    assert f"--set track.hand={out}" in said
    assert load_hand(out) == learn_hand(log, "ada")
    assert main(["hand", "--log", str(log), "--user", "../x"]) == 2
    assert main(["hand", "--log", str(log), "--user", "eve", "--out", str(out)]) == 2
    assert "ada.yaml: is there already" in capsys.readouterr().err
    assert load_hand(out) == learn_hand(log, "ada")
    assert main(["hand", "--log", str(tmp_path / "none.csv"), "--user", "ada", "--out", str(tmp_path / "x.yaml")]) == 2
    assert "cannot be read" in capsys.readouterr().err


@given(seed=st.integers(0, 999), noise_mm=st.floats(0, 6))
def test_bones_keep_their_lengths_and_the_hand_its_place(seed, noise_mm):
    seen = (HAND + np.random.default_rng(seed).normal(0, noise_mm, HAND.shape)).astype(np.float32)
    kept = keep_bones(seen, BONES_MM)
    assert np.abs(bone_lengths(kept) - BONES_MM).mean() < 0.02 + 0.05 * noise_mm
    assert np.abs(kept.mean(axis=0) - seen.mean(axis=0)).max() < 1e-3, "as much one way as the other"
    assert np.linalg.norm(kept - HAND, axis=1).mean() <= np.linalg.norm(seen - HAND, axis=1).mean() + 0.3


def test_bones_that_are_right_move_nothing():
    assert np.abs(keep_bones(HAND, BONES_MM) - HAND).max() < 1e-4


def test_the_tracker_gives_bones_of_these_lengths_and_leaves_the_pose_alone(tmp_path):
    path = tmp_path / "ada.yaml"
    save_hand(path, HandSize("ada", tuple(float(length) for length in BONES_MM * 0.9)))
    joints = flat_hand()
    frames = [render(hand_balls(joints + [4.0 * seq, 60.0, 500.0]), seq=seq) for seq in range(8)]
    plain, sized = (
        [pipeline.process(frame).hands[0] for frame in frames]
        for pipeline in (
            Pipeline(BlobEstimator(), PipelineConfig()),
            Pipeline(BlobEstimator(), PipelineConfig(track=TrackConfig(hand=path))),
        )
    )
    for a, b in zip(plain, sized, strict=True):
        assert a.pose.joints_mm.tobytes() == b.pose.joints_mm.tobytes()
        assert a.region.centre_mm.tobytes() == b.region.centre_mm.tobytes()
        assert np.abs(bone_lengths(b.joints_mm) - BONES_MM * 0.9).mean() < 0.2
        assert np.abs(bone_lengths(a.joints_mm) - BONES_MM * 0.9).mean() > 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user: ada\nbones_mm: [1, 2]\n", "2 lengths, expected 20"),
        ("user: ada\nbones_mm: [" + ", ".join(["900"] * 20) + "]\n", "900 mm, expected 3 to 140"),
        ("user: ada\nbones: 3\n", "bones"),
    ],
)
def test_what_is_no_hand_is_refused(tmp_path, text, message):
    path = tmp_path / "ada.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        Pipeline(BlobEstimator(), PipelineConfig(track=TrackConfig(hand=path)))
    with pytest.raises(ConfigError, match="no such file. Learn the hand"):
        load_hand(tmp_path / "nobody.yaml")
