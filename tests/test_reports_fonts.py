"""Letters of figures: every script gets a family that has it, and a family that is missing is named."""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType

import pytest

from chatparity.suite import load_suite

load_suite()
fonts: ModuleType = importlib.import_module("chatparity_suite.reports.fonts")
intervals: ModuleType = importlib.import_module("chatparity_suite.reports.intervals")
style: ModuleType = importlib.import_module("chatparity_suite.reports.style")
ALL = {name for kinds in fonts.SCRIPTS.values() for names in kinds.values() for name in names}


@pytest.mark.parametrize(
    ("text", "language", "family"),
    [
        ("返金について", "", "Noto Sans CJK JP"),
        ("환불", "", "Noto Sans CJK KR"),
        ("退款", "zh", "Noto Sans CJK SC"),
        ("退款", "zh-Hant", "Noto Sans CJK TC"),
        ("返金", "ja", "Noto Sans CJK JP"),
        ("مرحبا", "ar", "Noto Sans Arabic"),
        ("नमस्ते", "hi", "Noto Sans Devanagari"),
    ],
)
def test_a_label_is_written_with_a_family_of_its_script(
    monkeypatch: pytest.MonkeyPatch, text: str, language: str, family: str
) -> None:
    monkeypatch.setattr(fonts, "_installed", lambda: ALL)
    assert fonts.families(text, language) == [fonts.BASE, family]
    assert fonts.missing([text]) == []


def test_latin_and_cyrillic_need_nothing_beyond_the_base() -> None:
    assert fonts.families("żółw Ελλάδα Привет") == [fonts.BASE]


def test_a_missing_font_is_named_with_a_label_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_installed", lambda: {fonts.BASE})
    monkeypatch.setattr(fonts, "_refreshed", lambda _names: False)
    (said,) = fonts.missing(["refunds", "返金について", "返金"])
    assert said.startswith(
        "The font Noto Sans CJK JP is not installed: labels of figures such as “返金について” show boxes"
    )


@pytest.mark.parametrize("label", ["返金について: 丁寧さ", "استرداد المبلغ", "החזר כספי", "नमस्ते"])
def test_a_figure_with_any_script_is_drawn_without_a_warning(label: str) -> None:
    row = intervals.Row(label, "> −5.0", "0.0 [−1.0, +1.0]", 0.0, -0.01, 0.01, -0.05, "PASS", "✓")
    with warnings.catch_warnings(), style.settings():
        figure = intervals.draw([intervals.Panel("AI minus people", (row,), good_is_high=True, difference=True)])
        assert style.as_png(figure).startswith(b"\x89PNG")
