"""A real browser: Debian's Chromium, headless, that reaches nothing but this machine."""

import os
import shutil
import tempfile
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from making import REPOSITORY

SCREENSHOTS: Final = REPOSITORY / "build" / "screenshots"
PROGRAMS: Final = ("chromium", "chromedriver")
FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-smooth-scrolling",
    "--force-prefers-reduced-motion",
    # No other host has an address: what a page asks of one fails at once, and is seen to.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
WAIT_S: Final = 60
needs_browser: Final = pytest.mark.skipif(
    not all(map(shutil.which, PROGRAMS)),
    reason="NO BROWSER: apt-get install chromium chromium-driver to have the pages tried in one",
)


class Browser:
    """A browser with one window."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        self.driver.get(address)

    def run(self, script: str, *values: object) -> Any:
        """What a script gives; it stands after ``return``."""
        return self.driver.execute_script(f"return {script}", *values)

    def wait(self, script: str, what: str) -> Any:
        """What a script gives once that is true."""
        waiting = WebDriverWait(self.driver, WAIT_S, poll_frequency=0.05)
        return waiting.until(lambda _: self.run(script), what)

    def type(self, text: str, *, shift: bool = False) -> None:
        """Press keys, wherever the page has its focus."""
        keys = ActionChains(self.driver)
        if shift:
            keys.key_down(Keys.SHIFT).send_keys(text).key_up(Keys.SHIFT).perform()
        else:
            keys.send_keys(text).perform()

    def look(self, name: str, width: int = 1200, height: int = 1400, *, dark: bool = False) -> None:
        """Keep a picture of the page."""
        self.size(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", {"features": [scheme]})
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        taken = self._devtools("Page.captureScreenshot", {"optimizeForSpeed": True})
        (SCREENSHOTS / f"{name}.png").write_bytes(b64decode(taken["data"]))

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._devtools("Emulation.setDeviceMetricsOverride", metrics)

    def medium(self, name: str) -> None:
        """What pages are styled for: the screen or paper."""
        self._devtools("Emulation.setEmulatedMedia", {"media": name})

    def roles(self) -> Counter[str]:
        """How often the page has each role, as it is read out."""
        nodes = self._devtools("Accessibility.getFullAXTree", {})["nodes"]
        return Counter(node["role"]["value"] for node in nodes if not node["ignored"])

    def scripts(self, *, on: bool) -> None:
        """Whether pages may run scripts; those of the tests do in any case."""
        self._devtools("Emulation.setScriptExecutionDisabled", {"value": not on})

    def block(self, *patterns: str) -> None:
        """Addresses that cannot be loaded from now on; without any, all can again."""
        self._devtools("Network.enable", {})
        self._devtools("Network.setBlockedURLs", {"urls": list(patterns)})

    def download_to(self, folder: Path) -> None:
        """Where files are saved from now on, without a question."""
        values = {"behavior": "allow", "downloadPath": str(folder)}
        self._devtools("Page.setDownloadBehavior", values)

    def complaints(self) -> list[str]:
        """What the browser has had to say since this was asked last."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]  # likewise
        return [f"{entry['level']} {entry['message']}" for entry in entries]

    def _devtools(self, command: str, values: dict[str, Any]) -> Any:
        return self.driver.execute_cdp_cmd(command, values)


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser with a profile of its own, which is gone afterwards."""
    browser, driver = (str(shutil.which(program)) for program in PROGRAMS)
    options = ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        # The driver is given, so selenium looks for none, here or elsewhere.
        service = Service(driver, env={**os.environ, "SE_OFFLINE": "true"})
        started = Chrome(options, service)
        try:
            yield Browser(started)
        finally:
            started.quit()
