"""The page in a browser: headless Chromium from the system's packages, with the network's log read.

CHROMIUM=required makes a missing browser a failure; .ci/run sets it.
"""

import json
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.audit.examples import item
from tests.report.pages import ALERT, hostile, reported

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
REQUIRED = os.environ.get("CHROMIUM") == "required"
# Reduced motion: what scrolls smoothly is not where a click is aimed.
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--force-prefers-reduced-motion")
PLAIN = 120

pytestmark = [
    pytest.mark.skipif(
        not REQUIRED and not (BROWSER and DRIVER), reason="apt-get install chromium chromium-driver to run this"
    ),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a report of enough repositories for several pages, hostile ones among them."""
    plain = [
        item(f"plain-{number:03}", size=number * 1000, category="linux" if number % 2 else "lang")
        for number in range(PLAIN)
    ]
    unsized = item("unsized", size=None)
    return reported(tmp_path_factory.mktemp("browser"), *plain, unsized, *hostile("thirdparty"))


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    assert BROWSER, "CHROMIUM=required, and there is no chromium"
    assert DRIVER, "CHROMIUM=required, and there is no chromedriver"
    options = ChromeOptions()
    options.binary_location = BROWSER
    profile = tmp_path_factory.mktemp("profile")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options, Service(DRIVER))  # with its path given, selenium looks for no driver to download
    driver.set_window_size(1280, 900)
    yield driver
    driver.quit()


@pytest.fixture
def page(chrome: Chrome, report: Path) -> Iterator[Chrome]:
    """Open the report; afterwards the browser may have logged no error and no request."""
    logged(chrome, "browser")
    logged(chrome, "performance")
    chrome.get(report.as_uri())
    yield chrome
    assert logged(chrome, "browser") == []
    assert {url for url in requested(chrome) if not url.startswith("data:")} <= {report.as_uri()}


def logged(chrome: Chrome, kind: str) -> list[dict[str, Any]]:
    """Return what the browser logged since the last call."""
    entries: list[dict[str, Any]] = chrome.get_log(kind)  # type: ignore[no-untyped-call]  # selenium has no types here
    return entries


def requested(chrome: Chrome) -> set[str]:
    messages = [json.loads(entry["message"])["message"] for entry in logged(chrome, "performance")]
    sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    return {params["request"]["url"].partition("#")[0] for params in sent}


def one(page: Chrome, selector: str) -> WebElement:
    return page.find_element(By.CSS_SELECTOR, selector)


def names(page: Chrome) -> list[str]:
    script = "return [...document.querySelectorAll('#repositories tbody th > bdi:first-child')].map(n => n.textContent)"
    found: list[str] = page.execute_script(script)
    return found


def status(page: Chrome) -> str:
    return one(page, "#repositories .status").text.replace("\u202f", " ")


def wait(page: Chrome, said: str) -> None:
    WebDriverWait(page, 10, 0.02).until(lambda _: said in status(page), f"{said!r} never came")


def head(page: Chrome, label: str) -> WebElement:
    heads = page.find_elements(By.CSS_SELECTOR, "#repositories thead th")
    return next(found for found in heads if found.text.startswith(label))


def test_search_finds_all_words_in_any_field(page: Chrome) -> None:
    one(page, "#repositories-search").send_keys("PLAIN-01 lang")
    wait(page, "5 repositories, out of 133")
    assert names(page) == ["plain-010", "plain-012", "plain-014", "plain-016", "plain-018"]
    one(page, "#repositories-search").send_keys(" no such thing")
    wait(page, "0 repositories")
    assert "Nothing matches." in one(page, "#repositories tbody").text


def test_a_filter_keeps_what_was_chosen(page: Chrome) -> None:
    one(page, "#repositories-category").send_keys("linux")
    wait(page, "60 repositories, out of 133")


def test_a_click_sorts_another_reverses_and_unknown_values_come_last(page: Chrome) -> None:
    size = head(page, "Size")
    assert size.get_attribute("aria-sort") == "none"
    size.find_element(By.TAG_NAME, "button").click()
    assert size.get_attribute("aria-sort") == "descending"
    assert names(page)[:2] == ["plain-119", "plain-118"]
    size.find_element(By.TAG_NAME, "button").click()
    assert size.get_attribute("aria-sort") == "ascending"
    one(page, "#repositories .pager button:last-child").click()
    assert names(page)[-2:] == ["plain-119", "unsized"]


def test_pages_hold_every_row_once(page: Chrome) -> None:
    seen = names(page)
    while (button := page.find_elements(By.CSS_SELECTOR, "#repositories .pager button")[2]).is_enabled():
        button.click()
        seen += names(page)
    assert len(seen) == len(set(seen)) == 133


def test_every_control_can_be_reached_and_used_by_keyboard(page: Chrome) -> None:
    one(page, "#repositories-search").click()
    reached = []
    for _ in range(30):
        page.switch_to.active_element.send_keys(Keys.TAB)
        active = page.switch_to.active_element
        reached.append(active.get_attribute("id") or active.get_attribute("aria-label") or active.text)
        if active.text.startswith("Downloads"):
            active.send_keys(Keys.ENTER)
            break
    assert {"repositories-center", "Repositories", "Size"} <= set(reached)
    assert head(page, "Downloads").get_attribute("aria-sort") == "descending"


def test_a_script_in_a_description_stays_text(page: Chrome) -> None:
    one(page, "#repositories-search").send_keys(ALERT)
    wait(page, "repositories, out of")
    assert ALERT in names(page)
    assert one(page, "#repositories tbody .more").text.startswith("<script>alert(")
    count = "return document.querySelectorAll('img, iframe, body script:not([type]), main svg[onload]').length"
    assert page.execute_script(count) == 1


def test_the_chosen_theme_is_stored(page: Chrome, report: Path) -> None:
    def ground() -> Any:  # noqa: ANN401 - what the browser says
        return page.execute_script("return getComputedStyle(document.body).backgroundColor")

    def kept(theme: str, _: object) -> bool:
        page.get(report.as_uri())
        if one(page, f".themes input[value={theme}]").is_selected():
            return True
        one(page, f".themes input[value={theme}] + span").click()  # it was left before the browser had stored it
        return False

    grounds: dict[str, Any] = {}
    for theme in ("light", "dark"):
        one(page, f".themes input[value={theme}] + span").click()
        # The browser may need a moment to hand what was kept from one process to the next.
        WebDriverWait(page, 20, 0.2).until(partial(kept, theme))
        grounds[theme] = ground()
    assert grounds["light"] != grounds["dark"]
    one(page, ".themes input[value=system] + span").click()


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_system_s_theme_holds_where_none_was_chosen(page: Chrome, scheme: str, *, dark: bool) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    colour = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in colour[4:-1].split(",")) < 200) is dark


def test_a_phone_needs_no_scrolling_sideways(page: Chrome, report: Path) -> None:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.get(report.as_uri())
    try:
        assert page.execute_script("return document.documentElement.scrollWidth") == 390
        one(page, "#repositories-order").send_keys("Size, highest first")
        assert names(page)[0] == "plain-119"
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_policy_stops_an_injected_script(chrome: Chrome, report: Path, tmp_path: Path) -> None:
    text = report.read_text(encoding="utf-8")
    (tmp_path / "tampered.html").write_text(text.replace("</main>", "<script>document.title = 'in'</script></main>"))
    chrome.get((tmp_path / "tampered.html").as_uri())
    assert chrome.title != "in"
    assert any("Content Security Policy" in entry["message"] for entry in logged(chrome, "browser"))
