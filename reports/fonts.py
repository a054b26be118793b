"""The letters of figures: which families are installed, which a label needs, and what is missing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

BASE = "DejaVu Sans"
# By script: families that have it, the best first. Latin, Greek, Cyrillic, Arabic and Hebrew are in the base family.
SCRIPTS: dict[str, dict[str, tuple[str, ...]]] = {
    "CJK": {
        "ja": ("Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "Hiragino Sans", "Yu Gothic"),
        "ko": ("Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic"),
        "zh-Hant": ("Noto Sans CJK TC", "Noto Sans TC", "PingFang TC", "Microsoft JhengHei"),
        "zh": ("Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei"),
    },
    "ARABIC": {"": ("Noto Sans Arabic", "Noto Naskh Arabic", BASE)},
    "HEBREW": {"": ("Noto Sans Hebrew", BASE)},
    "DEVANAGARI": {"": ("Noto Sans Devanagari", "Nirmala UI", "Kohinoor Devanagari")},
    "BENGALI": {"": ("Noto Sans Bengali", "Nirmala UI")},
    "TAMIL": {"": ("Noto Sans Tamil", "Nirmala UI")},
    "THAI": {"": ("Noto Sans Thai", "Thonburi", "Leelawadee UI")},
}
HAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "IDEOGRAPHIC")
TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


def scripts_of(text: str) -> list[str]:
    """Return the scripts of a text that the base family may not have, in the order in which they appear."""
    found: dict[str, None] = {}
    for character in text:
        if not character.isascii():
            first = unicodedata.name(character, "").split(" ")[0].split("-")[0]
            name = "CJK" if first in HAN else first
            if name in SCRIPTS:
                found[name] = None
    return list(found)


def variant(text: str, language: str = "") -> str:
    """Return whose Chinese characters a text is to be written with, by its own letters, else by its language."""
    names = {unicodedata.name(character, "").split(" ")[0] for character in text if not character.isascii()}
    if names & {"HIRAGANA", "KATAKANA"}:
        return "ja"
    if "HANGUL" in names:
        return "ko"
    low = language.lower()
    if low.startswith(TRADITIONAL):
        return "zh-Hant"
    return {"ja": "ja", "ko": "ko"}.get(low.split("-")[0], "zh")


def families(text: str, language: str = "") -> list[str]:
    """Return the installed families to write a text with; one that has to write it all comes first."""
    chosen = [BASE]
    for script in scripts_of(text):
        name = _first(_wanted(script, text, language))
        if name and name not in chosen:
            chosen.append(name)
    return chosen


def missing(texts: Iterable[str]) -> list[str]:
    """Return a sentence for each script of the texts for which no family is installed."""
    lacking: dict[str, tuple[str, str]] = {}
    for text in texts:
        for script in scripts_of(text):
            wanted = _wanted(script, text, "")
            if _first(wanted) is None:
                lacking.setdefault(script, (wanted[0], text))
    return [
        f"The font {name} is not installed: labels of figures such as “{text}” show boxes instead of letters "
        "(the page’s own tables are not affected)."
        for name, text in lacking.values()
    ]


def _wanted(script: str, text: str, language: str) -> tuple[str, ...]:
    """Return the families that have a script."""
    kinds = SCRIPTS[script]
    return kinds[variant(text, language)] if script == "CJK" else kinds[""]


def _first(names: tuple[str, ...]) -> str | None:
    """Return the first of some families that is installed."""
    there = _installed()
    found = next((name for name in names if name in there), None)
    if found is None and _refreshed(names):
        found = next((name for name in names if name in _installed()), None)
    return found


def _installed() -> set[str]:
    """Return the names of all families that matplotlib knows."""
    from matplotlib import font_manager

    return set(font_manager.get_font_names())


@cache
def _refreshed(names: tuple[str, ...]) -> bool:
    """Look on the disk for families that matplotlib's cache of fonts does not know yet; say whether one was found."""
    from matplotlib import font_manager

    wanted = {
        name.replace(" ", "").removesuffix("JP").removesuffix("KR").removesuffix("SC").removesuffix("TC")
        for name in names
    }
    before = len(_installed())
    for path in font_manager.findSystemFonts():
        if any(Path(path).stem.startswith(one) for one in wanted) and Path(path).stem.endswith(("-Regular", "VF")):
            font_manager.fontManager.addfont(path)
    return len(_installed()) > before
