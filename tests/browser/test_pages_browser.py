"""The pages that need no server, in a browser: the report and the failure map, for everybody, on any screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import chatparity

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCREENS = {"desk": (1280, 900), "phone": (390, 800)}


@pytest.fixture(scope="module")
def pages(shop: Path) -> dict[str, Path]:
    run = shop.parent / "run"
    chatparity("failures", str(run))
    return {"report": run / "report.html", "failures": run / "failures" / "failures.html"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", sorted(SCREENS))
@pytest.mark.parametrize("name", ["report", "failures"])
def test_axe_finds_nothing_serious_and_nothing_runs_off_the_screen(
    browser: Browser, pages: dict[str, Path], name: str, screen: str, scheme: str
) -> None:
    width, height = SCREENS[screen]
    tab = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    tab.goto(pages[name].as_uri())
    found = Axe().run(tab).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in serious] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


@pytest.mark.parametrize("name", ["report", "failures"])
def test_a_page_asks_nobody_and_says_all_without_scripts(browser: Browser, pages: dict[str, Path], name: str) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(pages[name].as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len(tab.inner_text("main")) > 500
    context.close()
