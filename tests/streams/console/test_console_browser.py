"""The console as a person sees it, in Chromium."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chrome]:
    if not (CHROMIUM.exists() and DRIVER.exists()):
        reason = "chromium and chromedriver are not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path / 'chromium'}", "--window-size=1280,800"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


def wait(driver: Chrome, condition: Any) -> Any:
    return WebDriverWait(driver, 15, poll_frequency=0.1).until(condition)


def seen(driver: Chrome, css: str) -> Any:
    return wait(driver, lambda d: next((e for e in d.find_elements(By.CSS_SELECTOR, css) if e.is_displayed()), None))


def test_a_person_logs_in_sees_the_incident_arrive_and_undoes_a_block(console: Any, chromium: Chrome) -> None:
    chromium.get(f"{console.url}/")
    seen(chromium, "input[name=name]").send_keys("admin")
    seen(chromium, "input[name=password]").send_keys(console.password)
    seen(chromium, "form.login button").click()
    assert seen(chromium, "h1").text == "All quiet"

    console.scene.stolen_extension()  # the page finds out by itself
    wait(chromium, lambda d: "1 incident contained" in d.find_element(By.TAG_NAME, "h1").text)
    card = seen(chromium, "article.card")
    assert "Extension 1007 stolen: calls to Somalia" in card.text
    assert "Pumping" in card.find_element(By.CSS_SELECTOR, "[aria-current=step]").text
    assert "3 min ago" in card.text
    if place := os.environ.get("RINGFENCE_SCREENSHOT"):
        chromium.save_screenshot(place)

    seen(chromium, "a[aria-label='Undo: Block address 203.0.113.77']").click()
    question = seen(chromium, "dialog[open]")
    assert "203.0.113.77 can reach the PBX again." in question.text
    seen(chromium, "dialog textarea").send_keys("our branch office")
    seen(chromium, "dialog button.primary").click()
    assert "being undone" in seen(chromium, ".notice").text
    assert console.orders.given == [("undo", "act-dec-3", "admin", "our branch office")]
    assert "Being undone, asked by admin" in seen(chromium, "aside").text
    refused = [line for line in chromium.get_log("browser") if "Content Security Policy" in line["message"]]
    assert refused == []
