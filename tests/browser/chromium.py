"""A real Chromium without a window, for pages that are opened from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selenium import webdriver

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class Browser(webdriver.Chrome):
    """A driver of selenium (`get`, `find_elements`, `execute_script`, ...) with what tests of a
    page ask for."""

    def __init__(self, program: str, driver_program: str, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(executable_path=driver_program)
        super().__init__(options=options, service=service)
        self.set_page_load_timeout(60)

    def open(
        self, page: Path, *, width: int = 1280, height: int = 900, scheme: str = "light"
    ) -> None:
        """Open a file in a window of that size, in the `light` or the `dark` colour scheme."""
        # Not the window's size: a window has a smallest width, a narrow screen has not.
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.colour_scheme(scheme)
        self.get_log("browser")  # what an earlier page said is not this one's
        self.get(page.resolve().as_uri())

    def colour_scheme(self, scheme: str) -> None:
        """Let the page see the user's wish for `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def complaints(self) -> list[str]:
        """Errors and warnings in the console since the page was opened, or since last asked."""
        entries: list[dict[str, Any]] = self.get_log("browser")
        return [e["message"] for e in entries if e["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path: Path) -> Path:
        """What is seen, as a PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        assert self.save_screenshot(str(path))
        return path
