from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
import yaml

from lighthand.calibrate import main
from lighthand.charuco import Board, calibrate_camera, depth_scale, find_board
from lighthand.errors import ConfigError, DataError
from lighthand.geometry import unproject
from lighthand.types import Intrinsics

BOARD = Board()
PINHOLE = Intrinsics(640, 480, 475.0, 476.5, 315.9, 245.3)
LENS = Intrinsics(640, 480, 475.0, 475.0, 315.9, 245.3, (0.09, -0.26, 0.0, 0.0, 0.09))
TILTS = tuple((x, y) for x in (-0.5, 0.0, 0.5) for y in (-0.55, -0.25, 0.0, 0.25, 0.55))


@cache
def drawing():
    drawn, per_metre = BOARD.draw()
    return cv2.GaussianBlur(drawn, (0, 0), 4), per_metre  # a pixel of the camera sees some ten of the drawing


@cache
def rays_of(camera):
    v, u = np.mgrid[0 : camera.height, 0 : camera.width].astype(np.float64)
    return unproject(np.stack([u, v, np.ones_like(u)], axis=-1), camera).astype(np.float64)


def picture_of(camera, tilt, place, unit_mm=1.0, seed=0):
    """Give what a camera sees of the board: grey and depth."""
    drawn, per_metre = drawing()
    turn = cv2.Rodrigues(np.array([*tilt, 0.1 * tilt[0]]))[0]
    width, height = BOARD.size_mm
    rays = rays_of(camera)
    normal = turn[:, 2]
    z = float(normal @ place) / (rays @ normal)
    on_board = (rays * z[..., None] - place) @ turn[:, :2] + (width / 2, height / 2)
    at = (on_board * per_metre / 1000 - 0.5).astype(np.float32)
    grey = cv2.remap(drawn, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=140)
    rng = np.random.default_rng(seed)
    grey = np.clip(grey * 0.8 + 20 + rng.normal(0, 3, grey.shape), 0, 255)
    inside = (on_board >= 0).all(axis=-1) & (on_board <= (width, height)).all(axis=-1)
    depth = np.where(inside, z + rng.normal(0, 1.5, z.shape), 900) / unit_mm
    return grey.astype(np.uint8), np.clip(np.rint(depth), 0, 65535).astype(np.uint16)


@cache
def pictures_of(camera, unit_mm=0.25, tilts=TILTS):
    places = [(95 * np.sin(2.1 * i), 70 * np.cos(1.3 * i), 330 + 40 * (i % 4)) for i in range(len(tilts))]
    return {
        f"{i:03d}": picture_of(camera, tilt, np.array(place), unit_mm, i)
        for i, (tilt, place) in enumerate(zip(tilts, places, strict=True))
    }


def views_of(pictures):
    """Find the board; pictures_of keeps what it drew."""
    return [view for name, (grey, _) in pictures.items() if (view := find_board(name, grey, BOARD))]


@pytest.mark.parametrize("camera", [PINHOLE, LENS], ids=["pinhole", "lens"])
def test_a_camera_is_measured_from_fifteen_pictures(camera):
    pictures = pictures_of(camera)
    views = views_of(pictures)
    assert len(views) >= 14
    measured = calibrate_camera(views, 640, 480)
    lens = measured.intrinsics
    assert lens.fx == pytest.approx(camera.fx, rel=0.005)
    assert lens.fy == pytest.approx(camera.fy, rel=0.005)
    assert (lens.cx, lens.cy) == pytest.approx((camera.cx, camera.cy), abs=2.5)
    assert measured.rms_px < 0.3
    assert measured.covered > 0.5
    points = [(u, v, 500) for u in (100, 320, 540) for v in (80, 240, 400)]
    assert np.abs(unproject(points, lens) - unproject(points, camera)).max() < 3, "mm at 500 mm"
    scale = depth_scale(measured, {name: depth for name, (_, depth) in pictures.items()})
    assert scale.unit_mm == pytest.approx(0.25, rel=0.005)
    assert scale.known_mm == 0.25
    assert scale.views == len(views)
    assert 0 <= scale.spread_mm < 0.01


def test_too_few_views_are_refused():
    views = views_of(pictures_of(PINHOLE, tilts=(*TILTS[:5],)))
    with pytest.raises(DataError, match=r"seen in 5 pictures, expected 8 at least"):
        calibrate_camera(views, 640, 480)


def test_views_that_are_alike_are_refused():
    views = views_of(pictures_of(PINHOLE, tilts=tuple((0.02 * i, 0.0) for i in range(10))))
    with pytest.raises(DataError, match=r"too much alike: boards tilted by at most \d+ degrees"):
        calibrate_camera(views, 640, 480)


def test_a_picture_without_the_board_is_no_view_and_infrared_has_16_bits():
    assert find_board("empty", np.full((480, 640), 90, np.uint8), BOARD) is None
    grey, _ = picture_of(PINHOLE, (0.2, 0.1), np.array([0.0, 0.0, 350.0]))
    eight, sixteen = find_board("a", grey, BOARD), find_board("a", grey.astype(np.uint16) * 40, BOARD)
    assert len(eight.shown_px) == len(sixteen.shown_px) == 24
    assert np.abs(eight.shown_px - sixteen.shown_px).max() < 0.1


def test_depth_without_a_board_says_what_is_needed():
    measured = calibrate_camera(views_of(pictures_of(LENS))[:10], 640, 480)
    with pytest.raises(DataError, match="no depth image shows a board"):
        depth_scale(measured, {"000": np.zeros((480, 640), np.uint16)})


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((2, 5), "3x3 at least"),
        ((7, 5, 20.0, 22.0), "expected smaller markers"),
        ((7, 5, 30.0, 22.0, "9X9_5"), "no dictionary"),
        ((15, 10, 30.0, 22.0, "4X4_50"), "more markers"),
    ],
)
def test_a_board_that_cannot_be_is_refused(values, text):
    with pytest.raises(ConfigError, match=text):
        Board(*values)


@pytest.mark.parametrize("squares", ["7", "2x5", "7x101", "7x5x"])
def test_squares_that_cannot_be_are_refused(squares, capsys):
    with pytest.raises(SystemExit):
        main(["board", "--squares", squares])
    assert f"{squares!r}, expected such as 7x5, 3 to 100 each" in capsys.readouterr().err


def test_the_board_is_printed_in_its_size(tmp_path, capsys):
    path = tmp_path / "board.png"
    assert main(["board", "--out", str(path)]) == 0
    assert "240 x 180 mm" in capsys.readouterr().out
    data = path.read_bytes()
    assert b"pHYs" + (12000).to_bytes(4, "big") * 2 + b"\x01" in data
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (180 * 12, 240 * 12)
    view = find_board("print", cv2.resize(picture, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), BOARD)
    step = np.diff(view.shown_px[:6, 0])
    assert step == pytest.approx(np.full(5, 90.0), abs=0.2), "a square is 30 mm of 12 pixels, a quarter of that here"


def write(folder, pictures):
    for kind, at in (("ir", 0), ("depth", 1)):
        (folder / kind).mkdir()
        for name, images in pictures.items():
            cv2.imwrite(str(folder / kind / f"{name}.png"), images[at])


def test_the_command_writes_what_the_replay_reads(tmp_path, capsys):
    write(tmp_path, pictures_of(LENS))
    out = tmp_path / "mine.yaml"
    arguments = ["intrinsics", "--images", str(tmp_path / "ir"), "--depth", str(tmp_path / "depth"), "--out", str(out)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "15 of 15 pictures show the board" in said
    assert "that is the unit of 0.25 mm" in said
    about = yaml.safe_load(out.read_text(encoding="utf-8"))
    assert about["depth_unit_mm"] == 0.25
    assert about["model"] == "mine"
    assert Intrinsics(*(about[key] for key in ("width", "height", "fx", "fy", "cx", "cy")), tuple(about["distortion"]))
    assert main(arguments) == 2
    assert "mine.yaml: is there already" in capsys.readouterr().err
    out.unlink()
    assert main([*arguments, "--square-mm", "31.5", "--marker-mm", "23.1"]) == 0  # measured 5 % too large
    said = capsys.readouterr().out
    assert "warning: no common camera has this unit" in said
    assert yaml.safe_load(out.read_text(encoding="utf-8"))["depth_unit_mm"] == pytest.approx(0.2625, rel=0.005)


def test_what_is_no_picture_of_the_board_is_one_clear_error(tmp_path, capsys):
    (tmp_path / "ir").mkdir()
    arguments = ["intrinsics", "--images", str(tmp_path / "ir"), "--out", str(tmp_path / "x.yaml")]
    assert main(arguments) == 2
    assert "no PNG in it" in capsys.readouterr().err
    cv2.imwrite(str(tmp_path / "ir" / "0.png"), np.zeros((20, 30, 3), np.uint8))
    assert main(arguments) == 2
    assert "no grey PNG" in capsys.readouterr().err
    cv2.imwrite(str(tmp_path / "ir" / "0.png"), np.zeros((20, 30), np.uint8))
    assert main(arguments) == 2
    assert "seen in 0 pictures" in capsys.readouterr().err
    cv2.imwrite(str(tmp_path / "ir" / "1.png"), np.zeros((20, 40), np.uint8))
    assert main(arguments) == 2
    assert "pictures of 30x20 and 40x20" in capsys.readouterr().err
    assert not (tmp_path / "x.yaml").exists()
