"""Sizes of images, from their headers alone."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from agentdata.errors import RowError

ORIENTATION = 0x0112
"""The EXIF tag that says how the camera was held; from 5 on the image lies on its side."""


def image_size(source: Path | bytes) -> tuple[int, int]:
    """(height, width) in pixels of an image as it is shown, which is how processors load it.

    Reads the header; no pixel is decoded. Raises RowError `media_corrupt`, `media_missing`,
    `media_too_large` where it has so many pixels that Pillow refuses to open it.
    """
    try:
        file: BinaryIO
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            return _size(file)
    except Image.DecompressionBombError as error:
        raise RowError("media_too_large", f"{_name(source)}: {error}") from None
    except UnidentifiedImageError:
        raise RowError("media_corrupt", f"{_name(source)} is no image") from None
    except OSError as error:
        if error.errno is not None:
            raise RowError("media_missing", f"{_name(source)}: {error.strerror}") from None
        raise _corrupt(source, error) from None
    # Pillow's readers of formats raise what the damage happens to lead to.
    except Exception as error:
        raise _corrupt(source, error) from None


def _size(file: BinaryIO) -> tuple[int, int]:
    with warnings.catch_warnings():
        # Of an image that is merely large; its pixels are never decoded here.
        warnings.simplefilter("ignore")
        with Image.open(file) as image:
            width, height = image.size
            turned = image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
    if not width or not height:
        raise ValueError("has no pixels")
    return (width, height) if turned else (height, width)


def _corrupt(source: Path | bytes, error: Exception) -> RowError:
    return RowError("media_corrupt", f"{_name(source)}: {error}")


def _name(source: Path | bytes) -> str:
    return "an image within the row" if isinstance(source, bytes) else str(source)
