"""The review page in a browser: by keyboard, by two people, through a kill, side by side, on a phone, right to left."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from chatparity.jsonl import read_transcripts
from chatparity.review.store import DECISION, FILE, Store
from chatparity.sample.folder import read_sample
from chatparity.transcript import Turn

from ..review_desk import Served, make_sample, serving, talk
from .conftest import Open, chatparity

Shot = Callable[..., None]
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
FULL = {"accuracy": "1", "hallucinated": "no", "politeness": "4", "escalation": "none"}
PAYLOADS = tomllib.loads((Path(__file__).parents[1] / "payloads.toml").read_text(encoding="utf-8"))


def store_of(served: Served) -> Store:
    return Store(served.sample / FILE, read_sample(served.sample).name)


def items_of(served: Served) -> list[str]:
    return [one.item for one in read_sample(served.sample).items]


def at(page: Page, item: str) -> None:
    """Wait until an item is shown and its keys work."""
    page.wait_for_selector(f'#card[data-item="{item}"]')
    page.wait_for_selector(".criterion.current, #card button.main")
    page.wait_for_load_state()


def done(store: Store, who: str) -> list[str]:
    return [item for item, state in store.values(who, "state").items() if state == "done"]


def test_twenty_items_are_labelled_by_keyboard_alone(served: Served, visit: Open) -> None:
    page, items = visit(served, "Ada"), items_of(served)
    for number, item in enumerate(items[:20]):
        at(page, item)
        for key in ("1", "1", str(number % 5 + 1), "1"):
            page.keyboard.press(key)
        if number == 3:
            page.keyboard.press("c")
            page.keyboard.type("1 is no key in here, s neither")
            page.keyboard.press("Escape")
        page.keyboard.press("Enter")
    at(page, items[20])
    store = store_of(served)
    assert sorted(done(store, "Ada")) == sorted(items[:20])
    for number, item in enumerate(items[:20]):
        said = store.of("Ada", item)
        expected = FULL | {"politeness": str(number % 5 + 1), "state": "done"}
        assert {name: said.get(name) for name in expected} == expected
    assert store.of("Ada", items[3])["comment"] == "1 is no key in here, s neither"
    expect(page.locator(".far")).to_contain_text("20 of 60 done")


def test_skip_undo_and_moving_about_by_keyboard(served: Served, visit: Open) -> None:
    page, items = visit(served, "Ada"), items_of(served)
    at(page, items[0])
    page.keyboard.press("s")
    at(page, items[1])
    page.keyboard.press("u")
    at(page, items[0])
    expect(page.locator("#told")).to_contain_text("Undone")
    assert store_of(served).of("Ada", items[0]) == {}
    page.keyboard.press("ArrowDown")
    page.keyboard.press("2")
    expect(page.locator("#saved")).to_have_text("saved")
    assert store_of(served).of("Ada", items[0]) == {"hallucinated": "yes"}
    page.keyboard.press("n")
    at(page, items[1])
    page.keyboard.press("p")
    at(page, items[0])
    expect(page.locator('input[name="hallucinated"][value="yes"]')).to_be_checked()


def test_two_reviewers_at_once_lose_nothing(served: Served, visit: Open) -> None:
    ada, ben, items = visit(served, "Ada"), visit(served, "Ben"), items_of(served)
    for item in items[:8]:
        for page in (ada, ben):
            at(page, item)
        for keys in zip("1143", "2251", strict=True):
            for page, key in zip((ada, ben), keys, strict=True):
                page.keyboard.press(key)
        ada.keyboard.press("Enter")
        ben.keyboard.press("Enter")
    at(ada, items[8])
    at(ben, items[8])
    store = store_of(served)
    for item in items[:8]:
        assert store.of("Ada", item) == {**FULL, "politeness": "4", "escalation": "now", "state": "done"}
        said = {"accuracy": "0.5", "hallucinated": "yes", "politeness": "5", "escalation": "none", "state": "done"}
        assert store.of("Ben", item) == said


def test_a_killed_server_loses_at_most_the_click_in_flight_and_the_page_says_so(served: Served, visit: Open) -> None:
    page, items = visit(served, "Ada"), items_of(served)
    at(page, items[0])
    for key in "1":
        page.keyboard.press(key)
    expect(page.locator("#saved")).to_have_text("saved")
    served.kill()
    page.keyboard.press("2")
    expect(page.locator("#saved")).to_contain_text("Not saved")
    page.keyboard.press("Enter")
    expect(page.locator("#saved")).to_contain_text("Not saved")
    assert store_of(served).of("Ada", items[0]) == {"accuracy": "1"}
    served.start()
    page.keyboard.press("Enter")
    at(page, items[1])
    assert store_of(served).of("Ada", items[0]) == {"accuracy": "1", "hallucinated": "yes", "state": "done"}


def test_without_javascript_everything_works_by_forms(served: Served, visit: Open) -> None:
    page, items = visit(served, "Ada", java_script_enabled=False), items_of(served)
    page.check('input[name="accuracy"][value="0"]')
    page.check('input[name="politeness"][value="2"]')
    page.fill("#comment", "no script")
    page.click("text=Save and next")
    expect(page.locator("#title")).to_have_text(items[1])
    assert store_of(served).of("Ada", items[0]) == {
        "accuracy": "0",
        "politeness": "2",
        "comment": "no script",
        "state": "done",
    }
    page.click("text=Undo my last click")
    expect(page.locator("#title")).to_have_text(items[0])
    page.click("text=Skip")
    page.goto(f"{served.origin}/compare")
    page.click("text=Both are as good")
    assert list(store_of(served).values("Ada", "preference").values()) == ["alike"]


def test_findings_are_marked_only_after_the_answer(served: Served, visit: Open, shot: Shot) -> None:
    page = visit(served, "Ada")
    flagged = [one for one in read_sample(served.sample).items if one.stratum == "B" and one.language == "en"]
    for one in flagged:
        page.goto(f"{served.origin}/item/{one.item}")
        at(page, one.item)
        assert page.locator("mark").count() == 0
        for key in "3141":
            page.keyboard.press(key)
        expect(page.locator("#saved")).to_have_text("saved")
        page.keyboard.press("f")
        expect(page.locator(".result")).to_contain_text("0 of 100: zero, because of accuracy")
        page.wait_for_load_state()
        page.keyboard.press("g")
        page.wait_for_selector(".found")
        if page.locator(".reply mark").count():
            break
    assert page.locator(".reply mark").count() > 0
    expect(page.locator("fieldset.criterion input").first).to_be_disabled()
    page.locator(".findings").scroll_into_view_if_needed()
    shot(page, "found")


def test_comparing_shows_two_replies_without_names(served: Served, visit: Open, shot: Shot) -> None:
    page = visit(served, "Ada")
    page.click("text=Compare")
    page.wait_for_selector(".side")
    shot(page, "compare")
    for number in range(6):
        expect(page.locator(".where")).to_contain_text(f"({number} done)")
        page.wait_for_load_state()
        page.keyboard.press(str(number % 4 + 1))
    expect(page.locator(".where")).to_contain_text("(6 done)")
    given = list(store_of(served).values("Ada", "preference").values())
    assert {"alike", "neither"} <= set(given)
    assert len(given) == 6
    page.wait_for_load_state()
    page.keyboard.press("u")
    page.wait_for_selector("#card")
    assert len(store_of(served).values("Ada", "preference")) == 5


def test_on_a_phone_nothing_is_cut_off_and_a_thumb_hits_every_answer(served: Served, visit: Open, shot: Shot) -> None:
    page, items = visit(served, "Ada", **PHONE), items_of(served)
    at(page, items[0])
    shot(page, "phone", full_page=True)
    for path in ("/", "/items", "/compare", "/calibration", "/guideline"):
        page.goto(served.origin + path)
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], path
    page.goto(f"{served.origin}/item/{items[0]}")
    for box in page.locator(".answer").all():
        size = box.bounding_box()
        assert size is not None
        assert size["height"] >= 40
        assert size["x"] >= 0
        assert size["x"] + size["width"] <= 390
    page.tap('label:has(input[name="accuracy"][value="0.5"])')
    expect(page.locator("#saved")).to_have_text("saved")
    page.tap("text=Save and next")
    at(page, items[1])
    assert store_of(served).of("Ada", items[0]) == {"accuracy": "0.5", "state": "done"}


def test_right_to_left_runs_from_the_right_and_its_surroundings_do_not(served: Served, visit: Open, shot: Shot) -> None:
    page = visit(served, "Ada")
    arabic = next(one.item for one in read_sample(served.sample).items if one.language == "ar")
    page.goto(f"{served.origin}/item/{arabic}")
    at(page, arabic)
    shot(page, "rtl")
    quote = page.locator(".bubble.customer blockquote").last
    assert quote.evaluate("part => getComputedStyle(part).direction") == "rtl"
    script = """part => {
      const range = document.createRange();
      range.selectNodeContents(part);
      const pieces = [...range.getClientRects()], box = part.getBoundingClientRect();
      const last = Math.max(...pieces.map((piece) => piece.bottom));
      return Math.min(...pieces.filter((piece) => piece.bottom > last - 8).map((piece) => box.right - piece.right));
    }"""
    gaps = [one.evaluate(script) for one in page.locator("blockquote[dir=rtl]").all()]
    assert gaps
    assert max(gaps) <= 2
    assert page.locator("#card").evaluate("part => getComputedStyle(part).direction") == "ltr"
    assert page.locator(".reply .bubble").get_attribute("dir") == "rtl"


def test_two_people_calibrate_and_the_lead_decides(served: Served, visit: Open, shot: Shot) -> None:
    store, items = store_of(served), items_of(served)
    flagged = {one.item for one in read_sample(served.sample).items if one.stratum == "B"}
    for who, lean in (("Ada", 0), ("Ben", 1), ("Cleo", 2)):
        for number, item in enumerate(items):
            wrong = (item in flagged and number % 3 != lean % 3) or (number * 7 + lean) % 11 == 0
            tone = str(min(5, max(1, 4 - (who == "Cleo") - (number % 4 == 0) + (number % 5 == lean))))
            said = {"accuracy": "0" if wrong else "1", "hallucinated": "yes" if wrong and number % 2 else "no"}
            said |= {"politeness": tone, "escalation": "now" if number % 9 == 0 else "none", "state": "done"}
            store.save(item, said | ({"comment": "the amount is another one"} if wrong else {}), author=who)
    ada = visit(served, "Ada")
    ada.click("text=Calibration")
    ada.click("text=Show how we agree")
    expect(ada.locator("table.agreement")).to_be_visible()
    assert ada.locator("a[href^='/decide/']").count() == 0
    lead = visit(served, "Lea", lead=True)
    lead.click("text=Notes")
    lead.fill(
        "#text",
        "1. An amount that differs from the records is 0, however friendly the rest.\n"
        "2. A promise without a call is made up.",
    )
    lead.click("text=Save as version 1")
    expect(lead.locator("#told")).to_contain_text("Version 1 is saved")
    shot(lead, "notes")
    lead.click("text=Calibration")
    expect(lead.locator("table.agreement")).to_contain_text("[")
    shot(lead, "calibration", full_page=True, clip={"x": 0, "y": 0, "width": 1440, "height": 1500})
    first = lead.locator("a[href^='/decide/']").first
    item = first.inner_text()
    first.click()
    lead.wait_for_selector("#decide")
    shot(lead, "decide")
    lead.check('#decide input[name="accuracy"][value="0"]')
    lead.click("button:has-text('Decide')")
    expect(lead.locator("#told")).to_contain_text(f"Decided: {item}")
    assert store.of(DECISION, item) == {"accuracy": "0"}


def test_a_failure_is_made_a_test_by_a_click(shop: Path, visit: Open, tmp_path: Path) -> None:
    chatparity("init", str(tmp_path / "suite"))
    shutil.copytree(shop, tmp_path / "sample")
    with serving(tmp_path / "sample", cwd=tmp_path / "suite") as served:
        page, item = visit(served, "Ada"), items_of(served)[0]
        at(page, item)
        for key in "3141":
            page.keyboard.press(key)
        expect(page.locator("#saved")).to_have_text("saved")
        page.keyboard.press("f")
        page.wait_for_selector(".result")
        page.click("text=Make a test of this failure")
        page.fill("#never", " ".join(page.inner_text(".reply blockquote").split()[:3]))
        page.click("text=Make the test")
        expect(page.locator("#told")).to_contain_text("is in datasets/regressions")
    (made,) = read_transcripts([tmp_path / "suite" / "datasets" / "regressions"])
    assert made.meta["regression"]["item"] == item
    assert "accuracy" in made.meta["regression"]["graders"]


PAGES = (
    "/who",
    "/",
    "/items",
    "/items?show=open&language=en",
    "/compare",
    "/calibration",
    "/guideline",
    "done",
    "seen",
    "decide",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(served: Served, visit: Open, shot: Shot, scheme: str) -> None:
    store, items = store_of(served), items_of(served)
    for who in ("Ada", "Ben"):
        for item in items:
            said = FULL | {"accuracy": "0" if who == "Ada" else "1", "state": "done", "comment": "why"}
            store.save(item, said if who == "Ben" or item != items[5] else {}, author=who)
    store.save(items[0], {"seen": "yes"}, author="Ada")
    lead = visit(served, "Ada", lead=True, color_scheme=scheme)
    wrong = []
    for path in PAGES:
        named = {"done": f"/item/{items[1]}", "seen": f"/item/{items[0]}", "decide": f"/decide/{items[0]}"}
        lead.goto(served.origin + named.get(path, path))
        lead.wait_for_selector("main")
        if path == "/":
            shot(lead, f"item-{scheme}")
        found = Axe().run(lead).response["violations"]
        wrong += [
            (path, one["id"], one["nodes"][0]["html"][:120])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
    assert wrong == []


def test_no_payload_runs_in_a_browser(visit: Open, tmp_path: Path) -> None:
    texts = [text for kind in PAYLOADS.values() for text in kind.values()]
    talks = []
    for number in range(4):
        part = "\n".join(texts[number::4])
        one = talk(number, said=part)
        turns = (Turn(speaker="customer", text=part), *one.turns[1:])
        talks.append(msgspec.structs.replace(one, turns=turns, records={"x": part}, id=f"x{number}" + texts[number]))
    with ThreadPoolExecutor() as other:  # the browser's own loop runs in this thread
        sample = other.submit(make_sample, tmp_path, talks=talks, n=8).result()
    with serving(sample) as served:
        page = visit(served, "Ada")
        for item in items_of(served):
            page.goto(f"{served.origin}/item/{item}")
            at(page, item)
            page.fill("#comment", "\n".join(texts[::5]))
            page.click("#card button[value=stay]")
            page.wait_for_selector(".result")
            page.goto(f"{served.origin}/compare/{item}")
            page.wait_for_selector("main")
            assert (
                page.evaluate("document.querySelectorAll('main script, main iframe, main img, main object').length")
                == 0
            )
        page.goto(f"{served.origin}/items?find=" + "%3Cscript%3Ealert(1)%3C/script%3E")
        page.goto(f"{served.origin}/items")
        assert page.locator("table.items tbody tr").count() == 8
        assert page.evaluate("typeof window.owned") == "undefined"


def test_a_long_list_is_paged(served: Served, visit: Open) -> None:
    page = visit(served, "Ada")
    page.goto(f"{served.origin}/items")
    assert page.locator("table.items tbody tr").count() == 50
    page.click("a[rel=next]")
    page.wait_for_url(re.compile("page=2"))
    assert page.locator("table.items tbody tr").count() == 10
