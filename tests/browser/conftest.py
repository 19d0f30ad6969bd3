"""The fixture `browser`: a real Chromium, one for all tests of pages.

They skip, and say why, where it is not installed; with AGENTDATA_BROWSER=required they fail.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chromium import Browser


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    missing = ""
    if program is None or driver is None:
        missing = "no Chromium with its driver here (apt-get install chromium chromium-driver)"
    elif importlib.util.find_spec("selenium") is None:
        missing = "no selenium here (pip install 'agentdata[dev]')"
    if missing:
        ends = pytest.fail if os.environ.get("AGENTDATA_BROWSER") == "required" else pytest.skip
        ends(missing)
    from chromium import Browser

    browser = Browser(str(program), str(driver), tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.quit()


@pytest.fixture
def browser(_chromium: Browser) -> Browser:
    """A driver of selenium with a console (`complaints`), at an empty page."""
    _chromium.get("about:blank")
    _chromium.complaints()
    return _chromium
