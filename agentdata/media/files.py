"""Where an item of media lies: a file under the media root, bytes in the row, or a URL."""

from __future__ import annotations

import base64
import binascii
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from agentdata.errors import RowError

MAX_BYTES = 256 << 20
"""Of one item whose bytes are held: a larger one is rejected."""
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Located:
    """An item that is there: the real path of a file, or bytes, of a URL or of the row itself."""

    path: Path | None = None
    data: bytes | None = None
    url: str = ""


def locate(ref: str, root: Path, *, fetch: bool = False) -> Located:
    """The item that `ref` names: a path (relative ones under `root`), `file:` URL, data URI or
    http(s) URL.

    Raises RowError: `media_missing`, `media_outside_root` (by `..`, a link or an absolute path),
    `media_not_fetched` (a URL without `fetch`, or one that does not answer), `media_corrupt` (a
    data URI that is none), `media_too_large`.
    """
    if ref[:5].lower() == "data:":
        return Located(data=_of_data_uri(ref))
    scheme = ref.split(":", 1)[0].lower() if "://" in ref[:32] else ""
    if scheme == "file":
        ref = unquote(urlsplit(ref).path)
    elif scheme:
        return Located(data=_fetched(ref, scheme, fetch), url=ref)
    return Located(path=_inside(ref, root))


def read(path: Path) -> bytes:
    """The bytes of a file. Raises RowError `media_too_large`, `media_missing`."""
    try:
        with path.open("rb") as file:
            return _limited(file.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise _missing(str(path), error.strerror or "cannot be read") from None


def _inside(ref: str, root: Path) -> Path:
    try:
        base = root.resolve()
        path = (base / ref).resolve()
        if not path.is_relative_to(base):
            raise RowError(
                "media_outside_root",
                f"{_short(ref)} is not within {root}",
                remedy="--media-root names the folder that holds the media",
            )
        mode = path.stat().st_mode
    except (OSError, ValueError, RuntimeError) as error:
        # A name with a NUL or too long a name; links in a circle.
        raise _missing(_short(ref), getattr(error, "strerror", None) or str(error)) from None
    if not stat.S_ISREG(mode):
        raise _missing(_short(ref), "is no file")
    return path


def _of_data_uri(uri: str) -> bytes:
    head, comma, body = uri.partition(",")
    try:
        if not comma:
            raise ValueError
        if not head.lower().endswith(";base64"):
            return unquote_to_bytes(body)
        return _limited(base64.b64decode("".join(body.split()), validate=True), "a data URI")
    except (ValueError, binascii.Error):
        raise RowError("media_corrupt", f"no data URI: {_short(uri)}") from None


def _fetched(url: str, scheme: str, fetch: bool) -> bytes:
    if scheme not in ("http", "https"):
        raise RowError(
            "media_not_fetched",
            f"{_short(url)}: only http and https are fetched",
            remedy="copy the media and name paths",
        )
    if not fetch:
        raise RowError(
            "media_not_fetched",
            f"{_short(url)} is a URL",
            remedy="--fetch-media fetches it, --media text keeps only its place",
        )
    # With TLS and the parsers of headers it takes long to import, and few runs fetch anything.
    import urllib.request

    try:
        opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.HTTPHandler,
            urllib.request.HTTPSHandler,
            urllib.request.HTTPRedirectHandler,
            urllib.request.HTTPErrorProcessor,
            urllib.request.HTTPDefaultErrorHandler,
            urllib.request.ProxyHandler,
        ):
            opener.add_handler(handler())
        request = urllib.request.Request(url, headers={"User-Agent": "agentdata"})
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return _limited(answer.read(MAX_BYTES + 1), _short(url))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        raise RowError("media_not_fetched", f"{_short(url)}: {reason}") from None


def _limited(data: bytes, name: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise RowError("media_too_large", f"{name} has more than {MAX_BYTES} bytes")
    return data


def _missing(name: str, why: str) -> RowError:
    return RowError("media_missing", f"{name}: {why}")


def _short(ref: str) -> str:
    return repr(ref if len(ref) <= 200 else ref[:200] + "...")
