"""Films: the frames that were given, larger, for ever; equal frames, equal bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from amalgan.core.errors import UsageError
from amalgan.data.writing.films import FRAME_MILLISECONDS, film_bytes, write_film


@pytest.mark.parametrize(("shape", "times"), [((5, 8, 9), 32), ((3, 300, 280, 3), 1), ((4, 20, 50, 3), 13)])
def test_every_frame_is_kept_to_the_pixel(tmp_path: Path, shape: tuple[int, ...], times: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write_film(tmp_path / "a.webp", frames, text={"Software": "amalgan 1", "amalgan seed": "3"})
    with Image.open(tmp_path / "a.webp") as film:
        assert (film.n_frames, film.info["loop"]) == (len(frames), 0)
        assert film.getexif()[0x0131] == "amalgan 1" and film.getexif()[0x010E] == "amalgan seed: 3"
        shown = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
        assert film.info["duration"] == FRAME_MILLISECONDS
    for before, after in zip(frames, shown, strict=True):
        larger = before.repeat(times, 0).repeat(times, 1)
        assert np.array_equal(after, larger if larger.ndim == 3 else np.stack([larger] * 3, axis=2))


def test_equal_frames_make_equal_bytes_and_none_is_overwritten(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (4, 8, 8), dtype=np.uint8)
    assert film_bytes(frames) == film_bytes(frames.copy()) != film_bytes(frames[::-1])
    write_film(tmp_path / "a.webp", frames)
    with pytest.raises(UsageError, match=r"a.webp is there already. Replace it by --overwrite"):
        write_film(tmp_path / "a.webp", frames[::-1])
    assert (tmp_path / "a.webp").read_bytes() == film_bytes(frames)
    write_film(tmp_path / "a.webp", frames[::-1], overwrite=True)
    assert (tmp_path / "a.webp").read_bytes() == film_bytes(frames[::-1])


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a.gif ends in .gif; a walk goes to a .webp file"):
        write_film(tmp_path / "a.gif", np.zeros((2, 8, 8), np.uint8))
