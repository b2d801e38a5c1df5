"""The demonstration as a new user sees it: one incident, contained, while the office goes on calling."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.system.test_demo_clock import ALONE, rows

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 90.0
MINUTE = 60.0


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    if not (CHROMIUM.exists() and DRIVER.exists()):
        reason = "chromium and chromedriver are not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path / 'chromium'}"):
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(str(DRIVER)))
    size = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield driver
    driver.quit()


class Demo(Struct):
    """A running `ringfence demo` and where it keeps its data and its words."""

    process: subprocess.Popen[bytes]
    said: Path
    temporary: Path

    def told(self, pattern: str) -> str:
        """What it printed after these words."""
        until = time.monotonic() + PATIENCE
        while True:
            text = self.said.read_text()
            found = re.search(pattern, text)
            if found:
                return found[1]
            assert self.process.poll() is None, text
            assert time.monotonic() < until, text
            time.sleep(0.05)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    temporary, said = tmp_path / "tmp", tmp_path / "said"
    temporary.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RINGFENCE")}
    with said.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-c", "from streams.cli.main import app; app()", "demo", "--no-browser", "--port", "0"],
            stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=environment | {"TMPDIR": str(temporary)},
        )  # fmt: skip
    yield Demo(process, said, temporary)
    if process.poll() is None:
        process.kill()
        process.wait()


def wait(driver: Chrome, what: Callable[[Chrome], Any]) -> Any:
    """Until it is so; the page may replace its parts meanwhile."""
    return WebDriverWait(driver, PATIENCE, 0.1, [NoSuchElementException, StaleElementReferenceException]).until(what)


def text_of(driver: Chrome, css: str) -> str:
    return driver.find_element(By.CSS_SELECTOR, css).text


def log_in(driver: Chrome, url: str, password: str) -> None:
    driver.get(url)
    driver.find_element(By.NAME, "name").send_keys("admin")
    driver.find_element(By.NAME, "password").send_keys(password)
    driver.find_element(By.CSS_SELECTOR, "form.login button").click()
    wait(driver, lambda d: d.find_element(By.TAG_NAME, "h1").is_displayed())


def contained(driver: Chrome) -> bool:
    """The only incident is contained, and says what it cost and would have cost."""
    cards = driver.find_elements(By.CSS_SELECTOR, "article.card")
    assert len(cards) < 2, [card.text for card in cards]
    return (
        text_of(driver, "h1") == "1 incident contained"
        and "Pumping" in text_of(driver, "article.card [aria-current=step]")
        and bool(driver.find_elements(By.CSS_SELECTOR, "dl.money .spent"))
        and bool(driver.find_elements(By.CSS_SELECTOR, "dl.money .avoided"))
        and "In progress" not in text_of(driver, "aside")
    )


def honest_calls_out(state: dict[str, Any]) -> set[str]:
    """Calls of the office to outside that were answered and are up."""
    thieving = {call for attack in state["attacks"].values() for call in attack["call_ids"]}
    return {
        call["call_id"] for call in state["calls_up"]
        if call["type"] == "Outbound" and call["call_id"] not in thieving and "ANSWERED" in str(call["members"])
    }  # fmt: skip


def test_the_demo_shows_one_incident_contained_while_the_office_goes_on_calling(demo: Demo, browser: Chrome) -> None:
    url = demo.told(r"Open +(http://127\.0\.0\.1:\d+/)")
    started = time.monotonic()
    log_in(browser, url, demo.told(r"Log in +admin / (\S+)"))
    wait(browser, contained)
    assert time.monotonic() - started < MINUTE

    card = text_of(browser, "article.card")
    assert "1007" in card
    assert "Somalia" in card
    blocked = text_of(browser, "aside")
    assert "1007" in blocked
    assert "203.0.113.77" in blocked
    assert not browser.find_elements(By.CSS_SELECTOR, "section.alarm")
    if place := os.environ.get("RINGFENCE_SCREENSHOT"):
        browser.save_screenshot(place)

    pbx = demo.told(r"(http://127\.0\.0\.1:\d+/sim/state)")
    with httpx.Client(headers={"User-Agent": "test"}, trust_env=False) as client:

        def state(_: Chrome | None = None) -> dict[str, Any]:
            found: dict[str, Any] = client.get(pbx).json()
            return found

        before = {call["call_id"] for call in state()["calls_up"]}
        wait(browser, lambda _: honest_calls_out(state()) - before)
        (attack,) = state()["attacks"].values()
        assert attack["calls_up"] == 0
    events = int(text_of(browser, "dl.counts dd").replace(",", ""))
    wait(browser, lambda d: int(text_of(d, "dl.counts dd").replace(",", "")) > events)
    assert contained(browser)
    (data,) = demo.temporary.iterdir()
    assert rows(data, "SELECT status FROM incident") == [("contained",)]
    assert rows(data, ALONE) == []

    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(PATIENCE) == 0
    assert "Traceback" not in demo.said.read_text()
    assert list(demo.temporary.iterdir()) == []
