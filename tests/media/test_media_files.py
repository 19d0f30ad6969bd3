"""Where media lie: nothing outside of the root is read, nothing is fetched unasked."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from media_cases import data_uri, write_image

from agentdata.errors import RowError
from agentdata.media import files
from agentdata.media.files import locate


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with an image, links out of it, and a neighbour that is none of its business."""
    root = tmp_path / "data"
    write_image(root / "pictures" / "a.png")
    write_image(tmp_path / "data-secret" / "b.png")
    (root / "out.png").symlink_to(tmp_path / "data-secret" / "b.png")
    (root / "folder").symlink_to(tmp_path / "data-secret")
    (root / "within.png").symlink_to(root / "pictures" / "a.png")
    (root / "circle").symlink_to(root / "circle")
    os.mkfifo(root / "pipe")
    return root


@pytest.mark.parametrize(
    "ref",
    ["pictures/a.png", "./pictures/../pictures/a.png", "within.png", "file://{root}/within.png",
     "{root}/pictures/a.png", "folder/../data/pictures/a.png"],
)  # fmt: skip
def test_paths_under_the_root(root: Path, ref: str) -> None:
    assert locate(ref.format(root=root), root).path == root / "pictures" / "a.png"


@pytest.mark.parametrize(
    "ref",
    ["../data-secret/b.png", "out.png", "folder/b.png", "/etc/hostname", "file:///etc/hostname",
     "file:///%65tc/hostname", "pictures/../../data-secret/b.png", "..", "/"],
)  # fmt: skip
def test_nothing_outside_of_the_root(root: Path, ref: str) -> None:
    with pytest.raises(RowError) as error:
        locate(ref, root)
    assert error.value.code == "media_outside_root"
    assert "--media-root" in error.value.remedy


@pytest.mark.parametrize(
    "ref", ["none.png", "pictures", "", "a\0b", "x" * 5000, "circle", "pipe", "pictures/a.png/b"]
)
def test_missing(root: Path, ref: str) -> None:
    with pytest.raises(RowError) as error:
        locate(ref, root)
    assert error.value.code == "media_missing"
    assert len(error.value.message) < 500


def test_a_root_that_is_a_link_is_where_it_leads(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert locate("pictures/a.png", tmp_path / "link").path == root / "pictures" / "a.png"


@pytest.mark.parametrize(
    ("uri", "data"),
    [(data_uri(b"abc"), b"abc"), ("data:,a%20b", b"a b"), ("DATA:x;BASE64,YW\nJj", b"abc")],
)
def test_data_uris(root: Path, uri: str, data: bytes) -> None:
    assert locate(uri, root).data == data


@pytest.mark.parametrize("uri", ["data:image/png;base64", "data:x;base64,@@@", "data:x;base64,YWJ"])
def test_data_uris_that_are_none(root: Path, uri: str) -> None:
    with pytest.raises(RowError) as error:
        locate(uri, root)
    assert error.value.code == "media_corrupt"


def test_too_large(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 2)
    for run in (lambda: locate(data_uri(b"abc"), root), lambda: files.read(root / "within.png")):
        with pytest.raises(RowError) as error:
            run()
        assert error.value.code == "media_too_large"


class _Answers(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            return
        self.send_response(200 if self.path == "/image" else 404)
        self.end_headers()
        self.wfile.write(b"an image")

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def site() -> Iterator[str]:
    _Answers.asked = []
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_urls_are_fetched_only_if_asked(root: Path, site: str) -> None:
    with pytest.raises(RowError) as error:
        locate(f"{site}/image", root)
    assert (error.value.code, _Answers.asked) == ("media_not_fetched", [])
    assert "--fetch-media" in error.value.remedy
    assert locate(f"{site}/image", root, fetch=True).data == b"an image"


@pytest.mark.parametrize("path", ["/none", "/away"])
def test_urls_without_an_answer(root: Path, site: str, path: str) -> None:
    with pytest.raises(RowError) as error:
        locate(site + path, root, fetch=True)
    assert error.value.code == "media_not_fetched"


@pytest.mark.parametrize("ref", ["ftp://a/b.png", "s3://a/b.png", "gs://a/b.png"])
def test_other_schemes(root: Path, ref: str) -> None:
    with pytest.raises(RowError) as error:
        locate(ref, root, fetch=True)
    assert error.value.code == "media_not_fetched"
