"""Screenshots of the published site, as docs/images keeps them.

``python -m tests.support.site_pictures`` takes them anew, in Chromium. Each carries the answer that
it shows as a text of the PNG file, by which a test sees that it is of what is published today.
"""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, PngImagePlugin
from selenium.webdriver.common.by import By

from tests.support.browser import chromium, resize, served
from tests.support.places import ROOT
from tests.support.site_digest import published_site

FOLDER = ROOT / "docs" / "images"
FRONT, PHONE = FOLDER / "site-front.png", FOLDER / "site-phone-dark.png"
ANSWER = "answer"
"""The name of the PNG file's text."""


def answer(site: Path) -> str:
    """Return what the front page answers first: how many may be best, on what, and which."""
    page = (site / "index.html").read_text(encoding="utf-8")
    words = page.partition('class="answer"')[2].partition("<h1>")[2].partition("</ol>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", words)).split())


def told(picture: Path) -> str:
    """Return the answer that a screenshot carries; empty if it carries none."""
    with Image.open(picture) as opened:
        return str(opened.info.get(ANSWER, ""))


def _keep(shot: bytes, path: Path, text: str) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(ANSWER, text)
    Image.open(io.BytesIO(shot)).convert("RGB").save(path, pnginfo=info, optimize=True)


def take(site: Path, front: Path, phone: Path) -> None:
    """Take the front page on a desk, and its picture on a telephone in the dark theme."""
    with TemporaryDirectory() as profile, chromium(Path(profile)) as browser, served(site) as at:
        browser.get(f"{at}/index.html")
        _keep(browser.get_screenshot_as_png(), front, answer(site))
        resize(browser, 390, 844)
        browser.find_element(By.ID, "theme").click()
        figure = browser.find_element(By.CSS_SELECTOR, ".answer figure")
        browser.execute_script("arguments[0].scrollIntoView()", figure)
        _keep(browser.get_screenshot_as_png(), phone, answer(site))


def main() -> None:
    """Take the pictures of what is published."""
    with published_site() as site:
        take(site, FRONT, PHONE)
    print(f"written: {FRONT}, {PHONE}")


if __name__ == "__main__":
    main()
