from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lighthand.datasets import icvl
from lighthand.datasets.benchmarks import BENCHMARKS
from lighthand.drawing import TILE_PX, Image
from lighthand.errors import DataError
from lighthand.estimator import Estimate
from lighthand.network import HandNet, NetOutput, NetworkConfig
from lighthand.paper import __main__ as command
from lighthand.paper import figure
from lighthand.paper.figure import HEAD_PX, ICVL_FRAMES, ROWS, icvl_figure, synthetic_figure
from lighthand.skeleton import JOINTS
from lighthand.types import FloatArray
from lighthand.weights import save_weights
from tests.lighthand.published_files import uvd, write, write_truth

ICVL = BENCHMARKS["icvl"]


class Flat:
    """Puts all joints at one place of the patch; takes the second patch of two for the right hand."""

    def __init__(self, u: float) -> None:
        self._u = u

    def estimate(self, patches: FloatArray) -> Estimate:
        uvz = np.tile(np.array((self._u, 0.5, 0), np.float32), (len(patches), JOINTS, 1))
        count = len(patches)
        sure = np.ones((count, JOINTS), np.float32)
        return Estimate(uvz, np.arange(count, dtype=np.float32), np.ones(count, np.float32), sure, sure)


def cells(page: Image) -> list[list[Image]]:
    """Give the tiles, without the white lines and the corner with the error."""
    assert page.shape == (HEAD_PX + ROWS * TILE_PX, 4 * TILE_PX, 3)
    assert (page[:HEAD_PX] == 0).any(axis=(0, 2)).reshape(4, TILE_PX).any(axis=1).all()  # a head over each column
    rows = page[HEAD_PX:].reshape(ROWS, TILE_PX, 4, TILE_PX, 3).swapaxes(1, 2)
    return [[tile[24:-1, :-1] for tile in row] for row in rows]


def is_grey(tile: Image) -> bool:
    return bool((tile == tile[..., :1]).all())


def test_the_synthetic_figure_has_its_columns() -> None:
    for first, stand_in, ours, truth in cells(synthetic_figure(Flat(-0.5), Flat(0.5), ("a", "b"))):
        assert is_grey(first)
        for tile, u in ((stand_in, -0.5), (ours, 0.5)):
            changed = np.argwhere((tile != first).any(axis=2))
            assert changed[:, 1].mean() == pytest.approx((u + 1) / 2 * TILE_PX, abs=2)
        assert 100 < (truth != first).any(axis=2).sum() < first[..., 0].size / 4


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Hands at the middle of the image, and TriHorn-Net's 30 mm to the right of them."""
    values = uvd(ICVL)
    write_truth(tmp_path, ICVL)
    values[..., 0] += 30 / 400 * ICVL.camera.fx
    write(tmp_path / "icvl" / "ArXiv_ICVL_TriHorn_Net.txt", values)
    return tmp_path


def test_without_images_the_known_columns_are_drawn(root: Path) -> None:
    for first, baseline, ours, truth in cells(icvl_figure(root, None, Flat(0), "b")):
        np.testing.assert_array_equal(first, ours)  # both say what they need
        for tile, u in ((baseline, 0.5 + 30 / 240), (truth, 0.5)):
            rows, columns = np.nonzero(tile.any(axis=2))
            assert columns.mean() == pytest.approx(u * TILE_PX, abs=2)
            assert rows.mean() + 24 == pytest.approx(TILE_PX / 2, abs=2)


def test_without_the_published_joints_the_rest_is_drawn(root: Path) -> None:
    whole = cells(icvl_figure(root, None, Flat(0), "b"))
    (root / "icvl" / figure.BASELINE).unlink()
    for (_, baseline, *_, truth), row in zip(cells(icvl_figure(root, None, Flat(0), "b")), whole, strict=True):
        assert baseline.min() > 0  # a grey tile that says why
        np.testing.assert_array_equal(truth, row[3])


def images(folder: Path, shape: tuple[int, int] = (240, 320)) -> Path:
    for index in ICVL_FRAMES:
        sequence, number = (2, index - 702) if index >= 702 else (1, index)
        path = folder / f"test_seq_{sequence}" / f"image_{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full(shape, 400, np.uint16))
    return folder


def test_with_images_all_four_are_drawn_over_the_depth(root: Path) -> None:
    page = icvl_figure(root, images(root / "Depth"), Flat(0.5), "b")
    for first, baseline, ours, truth in cells(page):
        assert is_grey(first)
        assert first.min() > 0
        columns = [np.nonzero((tile != first).any(axis=2))[1].mean() for tile in (baseline, ours, truth)]
        # The mirror image was taken for the right hand: its place is mirrored back.
        np.testing.assert_allclose(columns, np.array([0.5 + 30 / 240, 0.25, 0.5]) * TILE_PX, atol=2)


class Sixteen(HandNet):
    """Puts ICVL's joints at one place of the patch."""

    def forward(self, patches: torch.Tensor) -> NetOutput:
        uvz = torch.tensor((0.5, 0.0, 0.0)).expand(len(patches), 16, 3)
        return NetOutput(uvz, uvz[:, 0, 0], uvz[:, 0, 0], uvz[..., 0], uvz[..., 0], patches)


def test_a_network_of_icvl_is_drawn_with_the_error_of_its_test(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[float] = []
    monkeypatch.setattr(figure, "_say_error", lambda _, errors: said.append(float(errors.mean())))
    net = Sixteen(NetworkConfig(joints=16, stem=8, channels=16, depth_features=8, blocks=(1, 1)))
    page = icvl_figure(root, images(root / "Depth"), net, "b")
    for first, _, ours, _ in cells(page):
        # A quarter of a cube of 280 mm, shown in one of 240 mm.
        columns = np.nonzero((ours != first).any(axis=2))[1]
        assert columns.mean() == pytest.approx((0.5 + 70 / 240) * TILE_PX, abs=2)
    # The mean of the image lies half a pixel, 0.8 mm, left of and above the optical axis; theirs is 30 mm off.
    assert said[::2] == pytest.approx([69.2] * ROWS, abs=0.3)
    assert said[1::2] == pytest.approx([30] * ROWS, abs=0.1)


def test_the_command_takes_weights_of_icvl(root: Path, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = HandNet(NetworkConfig(joints=16, stem=8, channels=16, depth_features=8, blocks=(1, 1)))
    save_weights(root / "16.safetensors", net, extra={}, joints=icvl.JOINTS, cube_mm=icvl.CUBE_MM)
    arguments = f"--root {root} --images {images(root / 'Depth')} --out {root / 'out'} --weights {weights}"
    assert command.main(f"{arguments} --icvl-weights {root / '16.safetensors'}".split()) == 0
    assert cv2.imread(str(root / "out" / command.ICVL)) is not None
    assert command.main(f"{arguments} --icvl-weights {weights}".split()) == 2
    assert "21 joints, expected 16" in capsys.readouterr().err


def test_images_of_another_size(root: Path) -> None:
    with pytest.raises(DataError, match="320x200, expected 320x240"):
        icvl_figure(root, images(root / "Depth", (200, 320)), Flat(0), "b")
    with pytest.raises(DataError, match=r"image_0399\.png: cannot be read"):
        icvl_figure(root, root / "nowhere", Flat(0), "b")
