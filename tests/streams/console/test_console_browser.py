"""The console as a person sees it, in Chromium."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from starlette.responses import PlainTextResponse

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    if not (CHROMIUM.exists() and DRIVER.exists()):
        reason = "chromium and chromedriver are not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(str(DRIVER)))
    size = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield driver
    driver.quit()


@pytest.fixture
def chromium(browser: Chrome) -> Iterator[Chrome]:
    """Nobody logged in, and off the console's pages before it ends."""
    browser.get_log("browser")
    yield browser
    browser.delete_all_cookies()
    browser.get("about:blank")


def wait(driver: Chrome, condition: Callable[[Chrome], Any]) -> Any:
    """Until the condition holds; the page may replace its parts meanwhile."""
    return WebDriverWait(driver, 15, 0.1, [NoSuchElementException, StaleElementReferenceException]).until(condition)


def says(driver: Chrome, css: str, *texts: str) -> None:
    """Wait until an element is seen that says all of it."""

    def said(_: Chrome) -> bool:
        return any(all(text in e.text for text in texts) for e in driver.find_elements(By.CSS_SELECTOR, css))

    wait(driver, said)


def press(driver: Chrome, css: str) -> None:
    def pressed(_: Chrome) -> bool:
        driver.find_element(By.CSS_SELECTOR, css).click()
        return True

    wait(driver, pressed)


def write(driver: Chrome, css: str, text: str) -> None:
    wait(driver, lambda _: driver.find_element(By.CSS_SELECTOR, css).is_displayed())
    driver.find_element(By.CSS_SELECTOR, css).send_keys(text)


def test_a_person_logs_in_sees_the_incident_arrive_and_undoes_a_block(console: Any, chromium: Chrome) -> None:
    chromium.get(f"{console.url}/")
    write(chromium, "input[name=name]", "admin")
    write(chromium, "input[name=password]", console.password)
    press(chromium, "form.login button")
    says(chromium, "h1", "All quiet")

    console.scene.stolen_extension()  # the page finds out by itself
    says(chromium, "h1", "1 incident contained")
    says(chromium, "article.card", "Extension 1007 stolen: calls to Somalia", "3 min ago", "4,104.00 USD")
    says(chromium, "article.card [aria-current=step]", "Pumping")
    says(chromium, "aside", "1007", "203.0.113.77", "+25261")
    if place := os.environ.get("RINGFENCE_SCREENSHOT"):
        chromium.save_screenshot(place)

    press(chromium, "a[aria-label='Undo: Block address 203.0.113.77']")
    says(chromium, "dialog[open]", "203.0.113.77 can reach the PBX again.")
    write(chromium, "dialog textarea", "our branch office")
    press(chromium, "dialog button.primary")
    says(chromium, ".notice", "being undone")
    says(chromium, "aside", "Being undone, asked by admin")
    assert console.orders.given == [("undo", "act-dec-3", "admin", "our branch office")]
    assert chromium.get_log("browser") == []


def test_a_page_that_gets_no_news_says_so(console: Any, door: Any, chromium: Chrome, visitor: httpx.Client) -> None:
    chromium.get(f"{console.url}/login")
    chromium.add_cookie({"name": "ringfence", "value": visitor.cookies["ringfence"]})
    chromium.get(f"{console.url}/")
    says(chromium, "h1", "All quiet")
    working, door.app = door.app, PlainTextResponse("out of order", 503)
    says(chromium, "#lost", "Not live")
    door.app = working
    wait(chromium, lambda d: not d.find_element(By.ID, "lost").is_displayed())


def test_evidence_one_has_opened_stays_open(console: Any, chromium: Chrome, visitor: httpx.Client) -> None:
    console.scene.stolen_extension()
    chromium.get(f"{console.url}/login")
    chromium.add_cookie({"name": "ringfence", "value": visitor.cookies["ringfence"]})
    chromium.get(f"{console.url}/incidents/inc-1007")
    press(chromium, "#evidence-det-4 summary")
    says(chromium, "#evidence-det-4", "1772867460.16")
    console.scene.told("SMS", 68, "sent")
    says(chromium, ".timeline", "SMS")
    says(chromium, "#evidence-det-4", "1772867460.16")
