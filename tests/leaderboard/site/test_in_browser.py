"""The published site in Chromium, as a reader uses it."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.support.axe import axe_core
from tests.support.browser import resize

Browser = webdriver.Chrome
VISIBLE = "tbody:not([hidden]) tr:not(.head):not([hidden])"


@pytest.fixture(autouse=True)
def _nothing_goes_wrong(browser: Browser, address: str, timed_address: str) -> Iterator[None]:
    """Every test ends without a word in the console, nor a request that leaves the site."""
    browser.get_log("performance")
    browser.get_log("browser")
    yield
    requests = [
        message["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
    # chrome: are files of Chromium itself, of the tab that it opens with; no page may ask for them.
    allowed = (address, timed_address, "data:", "blob:", "file:", "chrome:")
    assert [url for url in requests if not url.startswith(allowed)] == []
    assert browser.get_log("browser") == []


def front(browser: Browser, address: str, place: str = "") -> None:
    """Open the front page anew, its script done: a change of the place alone loads nothing."""
    browser.get("about:blank")
    browser.get(f"{address}/index.html{place}")
    ready = (By.CSS_SELECTOR, "#filters:not([hidden])")
    WebDriverWait(browser, 20).until(presence_of_element_located(ready))


def texts(browser: Browser, column: int) -> list[str]:
    """The cells of the first visible section."""
    script = (
        "return [...document.querySelector('tbody:not([hidden])').querySelectorAll("
        f"'tr:not(.head):not([hidden])')].map(row => row.cells[{column}].textContent)"
    )
    found: list[str] = browser.execute_script(script)
    return found


def test_the_answer_is_on_the_first_screen(browser: Browser, address: str) -> None:
    front(browser, address)
    for words in ("of 9 methods may be best", "11 of 29 may be best"):
        found = browser.find_element(By.XPATH, f"//*[contains(text(), '{words}')]")
        assert found.location["y"] + found.size["height"] < 900, words
    assert browser.find_element(By.CSS_SELECTOR, ".answer svg").is_displayed()


def test_a_stranger_finds_deviations_code_and_the_command_in_two_clicks(
    browser: Browser, address: str
) -> None:
    front(browser, address)
    answer = browser.find_element(By.CSS_SELECTOR, ".answer")
    assert "reidbench reproduce leaderboard/" in answer.text
    best = answer.find_element(By.CSS_SELECTOR, ".names a")
    name = best.text
    best.click()
    card = browser.find_element(By.ID, "main").text
    assert f"{name}\n" in card and "Deviations from the source" in card and "Code: " in card
    browser.find_element(By.CSS_SELECTOR, "[aria-label=Results] td:last-child a").click()
    command = browser.find_element(By.XPATH, "//code[contains(text(), 'reidbench reproduce')]")
    assert command.location["y"] + command.size["height"] < 900


def test_a_trial_shows_its_curves_on_a_telephone_too(browser: Browser, timed_address: str) -> None:
    resize(browser, 390, 844)
    try:
        browser.get(f"{timed_address}/trials/mine/{1:016x}.html")
        lines = browser.find_elements(By.CSS_SELECTOR, "svg.curves polyline")
        assert len(lines) == 3 and all(line.is_displayed() for line in lines)
        picture = browser.find_element(By.CSS_SELECTOR, "svg.curves")
        assert picture.size["width"] <= 390
    finally:
        resize(browser, 1280, 900)


def test_rows_are_sorted_within_their_section(browser: Browser, address: str) -> None:
    front(browser, address)
    press = browser.find_elements(By.CSS_SELECTOR, "thead button")[5]
    press.click()
    up = [float(text) for text in texts(browser, 5)]
    press.click()
    down = [float(text) for text in texts(browser, 5)]
    assert up == sorted(up) and down == sorted(up, reverse=True) and up != down
    assert press.find_element(By.XPATH, "..").get_attribute("aria-sort") == "descending"


def test_rows_without_a_rank_are_sorted_last_either_way(browser: Browser, address: str) -> None:
    browser.get(f"{address}/suites/all-methods.html")
    press = browser.find_elements(By.CSS_SELECTOR, "thead button")[0]
    for _ in range(2):
        press.click()
        assert set(texts(browser, 0)[-2:]) == {"ref.", "-"}


def test_a_filtered_view_has_a_link_of_its_own(browser: Browser, address: str) -> None:
    front(browser, address)
    everything = len(browser.find_elements(By.CSS_SELECTOR, VISIBLE))
    Select(browser.find_element(By.NAME, "family")).select_by_value("regularisation")
    Select(browser.find_element(By.NAME, "reduction")).select_by_value("75")
    shown = browser.find_elements(By.CSS_SELECTOR, VISIBLE)
    assert 0 < len(shown) < everything
    assert {row.get_attribute("data-family") for row in shown} == {"regularisation"}
    # Of the page, which knows it at once; the browser hears of it later.
    link, names = browser.execute_script("return location.href"), texts(browser, 1)
    front(browser, address, link.partition("index.html")[2])
    assert texts(browser, 1) == names


def test_all_columns_are_shown_on_demand(browser: Browser, address: str) -> None:
    front(browser, address)
    browser.find_element(By.ID, "more").click()
    heads = [it.text for it in browser.find_elements(By.CSS_SELECTOR, "thead th")]
    assert len(heads) > 12 and "GMACs" in heads and len(set(heads)) == len(heads)
    rank1 = texts(browser, heads.index("rank-1 %"))
    assert all(float(text.split()[0]) > 50 for text in rank1 if text != "-")
    browser.find_element(By.ID, "more").click()
    assert len(browser.find_elements(By.CSS_SELECTOR, "thead th")) == 7


def test_rows_are_sorted_by_latency_and_noise_comes_last(
    browser: Browser, timed_address: str, tmp_path: Path
) -> None:
    browser.get(f"{timed_address}/suites/mine.html")
    machine = browser.find_element(By.CSS_SELECTOR, ".machine")
    assert not machine.is_displayed()
    browser.find_element(By.CSS_SELECTOR, "input[value=latency]").click()
    assert machine.text == "latency on Some | CPU, 1 thread"
    press = browser.find_elements(By.CSS_SELECTOR, "thead button")[7]
    assert press.text == "onnxruntime, batch 1"
    for order in (["25.0 ms (2.00)", "30.0 ms (1.70)", "50.0 ms (1.00)"],) * 2:
        press.click()
        shown = texts(browser, 7)
        assert sorted(shown[:3]) == order
        assert set(shown[3:]) == {"20.0 ms (-)", "-"}
    assert shown[:3] == list(reversed(order))
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    browser.find_element(By.ID, "save").click()
    rows = list(csv.DictReader(_arrived(tmp_path / "shown.csv").read_text().splitlines()))
    assert rows[0]["onnxruntime, batch 1"] == "50.0 ms (1.00)"
    assert "latency on Some | CPU" in rows[0]["section"]
    browser.find_element(By.CSS_SELECTOR, "input[value=latency]").click()
    assert len(browser.find_elements(By.CSS_SELECTOR, ".board thead th")) == 7


def test_what_is_shown_can_be_taken_away(browser: Browser, address: str, tmp_path: Path) -> None:
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    front(browser, address, "#?reduction=50&method=taylor")
    names = texts(browser, 1)
    browser.find_element(By.ID, "save").click()
    rows = list(csv.DictReader(_arrived(tmp_path / "shown.csv").read_text().splitlines()))
    assert [row["method"] for row in rows][: len(names)] == names
    browser.find_element(By.CSS_SELECTOR, ".answer figcaption a").click()
    assert _arrived(tmp_path / "photographs-t0-50-map.svg").read_text().startswith("<svg")


def _arrived(path: Path) -> Path:
    until = time.monotonic() + 20
    while not path.is_file():
        assert time.monotonic() < until, f"{path.name} was not downloaded"
        time.sleep(0.1)
    return path


def test_a_mark_says_what_it_is_under_the_pointer(browser: Browser, address: str) -> None:
    front(browser, address)
    listed = browser.find_element(By.CSS_SELECTOR, ".answer .names li").text
    said = re.fullmatch(r"(\S+) (\S+ \[.+\]) points", listed)
    assert said, listed
    name, difference = said.groups()
    mark = browser.find_element(By.CSS_SELECTOR, f".answer path[aria-label*='{name}']")
    ActionChains(browser).move_to_element(mark).perform()
    told = browser.find_element(By.ID, "tip").text
    assert told.startswith(f"{name}: {difference.replace(' [', ' points [')}")


def test_links_lead_to_card_trial_and_back(browser: Browser, address: str) -> None:
    front(browser, address)
    browser.find_element(By.LINK_TEXT, "taylor-fo").click()
    assert browser.find_element(By.TAG_NAME, "h1").text == "taylor-fo"
    browser.find_element(By.CSS_SELECTOR, "a[href*='trials/all-methods']").click()
    assert browser.find_element(By.CSS_SELECTOR, ".histogram").is_displayed()
    browser.find_element(By.LINK_TEXT, "all-methods").click()
    assert "all-methods" in browser.find_element(By.TAG_NAME, "h1").text


def test_the_theme_is_kept_from_page_to_page(browser: Browser, address: str) -> None:
    front(browser, address)
    light = _background(browser)
    browser.find_element(By.ID, "theme").click()
    dark = _background(browser)
    browser.get(f"{address}/methods/index.html")
    assert _background(browser) == dark != light
    browser.find_element(By.ID, "theme").click()
    assert _background(browser) == light


def _background(browser: Browser) -> str:
    return browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")


def test_a_telephone_shows_all_without_scrolling_sideways(browser: Browser, address: str) -> None:
    resize(browser, 390, 844)
    try:
        for page in ("index.html", "suites/all-methods.html", "methods/taylor.html"):
            browser.get(f"{address}/{page}")
            wide = (
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert browser.execute_script(wide) <= 0, page
        front(browser, address)
        lead = browser.find_element(By.CSS_SELECTOR, ".lead")
        assert lead.location["y"] + lead.size["height"] < 844
    finally:
        resize(browser, 1280, 900)


def test_the_keyboard_alone_reaches_and_works_everything(browser: Browser, address: str) -> None:
    front(browser, address)
    keys = ActionChains(browser)
    keys.send_keys(Keys.TAB).perform()
    assert browser.switch_to.active_element.text == "Skip to the content"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "main"
    press = browser.find_elements(By.CSS_SELECTOR, "thead button")[1]
    for _ in range(80):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        if browser.switch_to.active_element == press:
            break
    assert browser.switch_to.active_element == press
    before = texts(browser, 1)
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert texts(browser, 1) == sorted(before) != before


def test_it_works_from_a_folder_without_a_server(browser: Browser, published_site: Path) -> None:
    browser.get((published_site / "index.html").as_uri())
    assert browser.find_element(By.ID, "count").text.endswith("rows")
    assert _background(browser) == "rgba(255, 255, 255, 1)"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, address: str, timed_address: str, theme: str
) -> None:
    axe = axe_core()
    pages = [f"{address}/{it}.html" for it in ("index", "suites/quickstart", "methods/taylor")]
    timed = [f"{timed_address}/{it}.html" for it in ("suites/mine", f"trials/mine/{1:016x}")]
    for page in (*pages, *timed):
        browser.get(page)
        for box in browser.find_elements(By.CSS_SELECTOR, "input.wider"):
            box.click()
        browser.execute_script(f"document.documentElement.dataset.theme = '{theme}'")
        # Not through the page, whose own policy admits no foreign script.
        browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
        browser.set_script_timeout(120)
        found: list[dict[str, Any]] = browser.execute_async_script(
            "const done = arguments[0];"
            "axe.run({resultTypes: ['violations']}).then(it => done(it.violations))"
        )
        serious = [it["id"] for it in found if it["impact"] in ("serious", "critical")]
        assert serious == [], page
