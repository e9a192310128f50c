from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.formats import rvl

IMAGES = st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
    lambda shape: arrays(np.uint16, shape, elements=st.sampled_from((0, 0, 1, 7, 600, 601, 65535)), fill=st.nothing())
)


@given(IMAGES)
def test_every_image_comes_back_as_it_was(image: np.ndarray) -> None:
    assert np.array_equal(rvl.decode(rvl.encode(image), image.shape[1], image.shape[0]), image)


@pytest.mark.parametrize("kind", ["noise", "checks", "empty", "extremes", "ramp"])
def test_the_worst_images_fit_their_buffer(kind: str) -> None:
    y, x = np.mgrid[:120, :160]
    image = {
        "noise": np.random.default_rng(0).integers(0, 65536, (120, 160)),
        "checks": (x + y) % 2 * 65535,
        "empty": x * 0,
        "extremes": np.where((x + y) % 2, 65535, 1),
        "ramp": x * 5 + y + 400,
    }[kind].astype(np.uint16)
    assert np.array_equal(rvl.decode(rvl.encode(image), 160, 120), image)


def test_the_words_are_those_of_the_paper() -> None:
    # Two zeros, one other; its difference 5 is 10 zigzag = 0o12: nibbles 2, 1, then 10 (2 with its mark), 1.
    assert rvl.encode(np.array([[0, 0, 5]], np.uint16)) == np.uint32(0x21A10000).tobytes()
    # No zero, two others: +600 = 1200 = 0o2260, -1 = 1.
    assert rvl.encode(np.array([[600, 599]], np.uint16)) == np.uint32(0x028EA210).tobytes()


@given(st.binary(max_size=64).map(lambda data: data[: len(data) // 4 * 4]))
def test_damaged_data_are_an_error_or_an_image(data: bytes) -> None:
    with suppress(ValueError):
        assert rvl.decode(data, 8, 6).shape == (6, 8)


def test_data_of_another_size_are_an_error() -> None:
    data = rvl.encode(np.full((6, 8), 700, np.uint16))
    for broken in (data[:-4], data + bytes(4), data[:-1]):
        with pytest.raises(ValueError, match="RVL"):
            rvl.decode(broken, 8, 6)
