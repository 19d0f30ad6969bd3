"""Sizes of images from their headers."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from media_cases import image_bytes
from PIL import ImageFile

from agentdata.errors import RowError
from agentdata.media.headers import image_size


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_size_is_height_and_width(format_: str, tmp_path: Path) -> None:
    data = image_bytes(30, 70, format_)
    (tmp_path / "image").write_bytes(data)
    assert image_size(data) == image_size(tmp_path / "image") == (30, 70)


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (30, 70)), (3, (30, 70)), (6, (70, 30)), (8, (70, 30))]
)
def test_a_camera_held_upright(orientation: int, size: tuple[int, int]) -> None:
    assert image_size(image_bytes(30, 70, "JPEG", orientation)) == size


def test_no_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    assert image_size(image_bytes(30, 70, "JPEG")) == (30, 70)


@pytest.mark.parametrize(
    "data", [b"", b"no image", image_bytes(9, 9)[:20], image_bytes(9, 9, "JPEG")[:30], b"\x89PNG"]
)
def test_damaged(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(data)
    for source in (data, tmp_path / "image"):
        with pytest.raises(RowError) as error:
            image_size(source)
        assert error.value.code == "media_corrupt"


def test_more_pixels_than_any_processor_would_load() -> None:
    data = bytearray(image_bytes(9, 9))
    header = b"IHDR" + struct.pack(">II", 50_000, 50_000) + data[24:29]
    data[12:33] = header + struct.pack(">I", zlib.crc32(header))
    with pytest.raises(RowError) as error:
        image_size(bytes(data))
    assert error.value.code == "media_too_large"


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(RowError) as error:
        image_size(tmp_path / "none")
    assert error.value.code == "media_missing"
