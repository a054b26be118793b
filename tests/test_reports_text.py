"""Texts in reports: marked where the evidence lies, harmless whatever they hold, and in plain words."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.exchange import Evidence
from chatparity.suite import load_suite

load_suite()
text: ModuleType = importlib.import_module("chatparity_suite.reports.text")
words: ModuleType = importlib.import_module("chatparity_suite.reports.words")
style: ModuleType = importlib.import_module("chatparity_suite.reports.style")
clocks: ModuleType = importlib.import_module("chatparity_suite.reports.clocks")


def spans(*pairs: tuple[int, int]) -> list[Evidence]:
    return [Evidence(text="", start=start, end=end) for start, end in pairs]


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("a\x1b[31m", "a␛[31m"),
        ("a\x00\x7f\x85", "a␀␡⟨U+0085⟩"),
        ("\u202eevil", "⟨U+202E⟩evil"),
        ("hidden\u200b\U000e0041", "hidden⟨U+200B⟩⟨U+E0041⟩"),
        ("line\n\ttab", "line\n\ttab"),
        ("می\u200cخواهم \u200f!", "می\u200cخواهم \u200f!"),
    ],
)
def test_what_cannot_be_seen_is_shown_and_what_scripts_need_is_kept(given_text: str, shown: str) -> None:
    assert text.plain(given_text) == shown


@pytest.mark.parametrize(
    ("given_text", "side"),
    [
        ("مرحبا", "rtl"),
        ("123 שלום", "rtl"),
        ("hi مرحبا", "rtl"),
        ("Hello there مرحبا", "ltr"),
        ("42", "ltr"),
        ("", "ltr"),
    ],
)
def test_direction_is_that_of_most_letters(given_text: str, side: str) -> None:
    assert text.direction(given_text) == side


def test_overlapping_evidence_is_one_mark_and_other_places_are_left_out() -> None:
    evidence = [*spans((2, 5), (4, 7)), Evidence(text="", start=0, end=3, where="turn:1")]
    found = text.segments("abcdefghij", evidence, "reply")
    assert [(part.text, part.marked) for part in found] == [("ab", False), ("cdefg", True), ("hij", False)]


@given(st.text(), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_cutting_a_text_at_its_evidence_loses_nothing(whole: str, pairs: list[tuple[int, int]]) -> None:
    found = text.segments(whole, spans(*pairs), "reply")
    assert "".join(part.text for part in found) == text.plain(whole)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("<b>[x](y)</b>", r"\<b\>\[x\](y)\</b\>"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("95.0 %", "95.0 %"),
        ("@you #12 http://x www.y", "@\u2060you #\u206012 http\u2060://x www\u2060.y"),
        ("two\nlines", "two lines"),
    ],
)
def test_markdown_shows_a_text_literally(given_text: str, shown: str) -> None:
    assert text.escaped(given_text) == shown


@given(st.text(alphabet="<>|`*_[]\\@\n ab", max_size=60))
def test_no_text_can_leave_its_table_cell(whole: str) -> None:
    shown = text.escaped(whole)
    assert "\n" not in shown
    for place, character in enumerate(shown):
        if character in "<>|`*_[]":
            before = shown[:place]
            assert (len(before) - len(before.rstrip("\\"))) % 2 == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0421, "42.1 ms"), (0.9999, "1 s"), (1.25, "1.25 s"), (74.0, "74 s"), (372.0, "6.2 min"), (8000.0, "2.22 h")],
)
def test_durations_are_written_for_people(value: float, shown: str) -> None:
    assert clocks.seconds(value) == shown


def test_a_metric_nobody_wrote_words_for_is_called_by_its_name() -> None:
    assert words.phrase("warmth", "rate").name == "warmth"
    assert words.metric_name("warmth", "greeting", "ours") == "warmth greeting (ours)"


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_colour_of_the_page_has_enough_contrast(scheme: str) -> None:
    css = (Path(str(text.__file__)).parent / "templates" / "report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    tones = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0]))
    if scheme == "dark":
        tones |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[1]))
    for name in ("ink", "muted", "ai", "human", "pass", "fail", "undecided"):
        assert contrast(tones[name], tones["page"]) >= 4.5, name
    for ground in ("customer", "theirs", "ours", "shade-0", "shade-1", "shade-2", "shade-3"):
        assert contrast(tones["ink"], tones[ground]) >= 4.5, ground
    for ground in ("customer", "theirs", "ours"):
        assert contrast(tones["muted"], tones[ground]) >= 4.5, ground
    assert contrast(tones["human"], tones["theirs"]) >= 4.5
    assert contrast(tones["mark-ink"], tones["mark"]) >= 4.5


def test_every_colour_of_a_figure_stands_for_one_thing_only() -> None:
    assert len(style.VARIABLES) == len(set(style.VARIABLES.values()))
