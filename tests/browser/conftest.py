"""A headless Chromium for the tests of this folder, and the samples they judge; `make browser-test` installs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..review_desk import LEAD, REVIEWER, ROOT, Served, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SHOTS = "CHATPARITY_SCREENSHOTS"
FAULTS = "sandbox:wrong_amount=0.3,rude=0.15,invented_policy=0.2"
Open = Callable[..., "Page"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    found = next((path for path in map(shutil.which, CHROMIUM) if path), None)
    if found is None:
        pytest.fail("no Chromium here: `make browser-test` installs Debian's, or put one on the PATH", pytrace=False)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found)
        yield started
        started.close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sample of the embedded agent's replies, some of them bad on purpose, with the graded run beside it."""
    folder = tmp_path_factory.mktemp("shop")
    chatparity("run", "datasets/support/starter", "--agent", FAULTS, "--out", str(folder / "run"), codes=(0, 1, 3))
    chatparity("sample", str(folder / "run"), "-n", "60", "--seed", "3", "-o", str(folder / "sample"))
    return folder / "sample"


def chatparity(*words: str, codes: tuple[int, ...] = (0,)) -> None:
    """Run a command of chatparity."""
    done = subprocess.run([sys.executable, "-m", "chatparity", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in codes, done.stderr


@pytest.fixture
def served(shop: Path, tmp_path: Path) -> Iterator[Served]:
    """Serve a fresh copy of the sample."""
    shutil.copytree(shop, tmp_path / "sample")
    with serving(tmp_path / "sample") as found:
        yield found


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Return a function that opens the page for somebody, in a browser of their own; errors on it fail the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def open_page(served: Served, who: str, *, lead: bool = False, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
        page.on("request", lambda asked: None if served.origin in asked.url else _note(wrong, asked.url))
        page.goto(f"{served.origin}/?token={LEAD if lead else REVIEWER}")
        page.fill("#name", who)
        page.click("button.main")
        page.wait_for_selector("header.top")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def _note(wrong: list[str], address: str) -> None:
    if not address.startswith("data:"):
        wrong.append(f"asked for {address}")


@pytest.fixture
def shot(tmp_path: Path) -> Callable[..., None]:
    """Return a function that keeps a picture of a page: in the folder that the environment names, else nowhere."""
    named = os.environ.get(SHOTS)
    folder = Path(named) if named else tmp_path
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str, **options: Any) -> None:
        path = folder / f"review-{name}.png"
        page.screenshot(path=path, **options)
        if named:
            from PIL import Image

            with Image.open(path) as picture:
                small = picture.convert("RGB").quantize(200)
            small.save(path, optimize=True)

    return take
