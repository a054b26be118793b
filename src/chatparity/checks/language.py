"""Is a text in the language that it should be in: the script as a first and surer witness, then the detectors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from chatparity.checks.identify import Detected, identify, pycld2_says, same_language, scripts
from chatparity.checks.lexicon import languages
from chatparity.checks.locales import base
from chatparity.checks.memory import by_identity
from chatparity.checks.values import Value

_SCRIPTS = {
    "ARABIC": {"ar", "fa", "ur", "ps", "ckb", "ug", "sd"},
    "HEBREW": {"he", "yi"},
    "CYRILLIC": {"ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn", "tg"},
    "GREEK": {"el"},
    "HANGUL": {"ko"},
    "HIRAGANA": {"ja"},
    "KATAKANA": {"ja"},
    "CJK": {"zh", "ja", "yue"},
    "THAI": {"th"},
    "DEVANAGARI": {"hi", "mr", "ne", "sa"},
    "BENGALI": {"bn", "as"},
    "TAMIL": {"ta"},
    "TELUGU": {"te"},
    "GEORGIAN": {"ka"},
    "ARMENIAN": {"hy"},
}
UNKNOWN = "und"
_ENOUGH = 15
# Where a letter is a syllable or a word, fewer tell as much.
_UNSPACED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})
_UNSPACED_ENOUGH = 6
_SCRIPT_ENOUGH = 8
_SCRIPT_SHARE = 0.7
_FOREIGN = re.compile(r"https?://\S+|www\.\S+|[^\w\s.,;:!?'’\"()-]+|\d+")


def stripped(text: str, values: Iterable[Value], names: tuple[str, ...] = ()) -> str:
    """Return a text without its URLs, ids and emails, without digits, and without names: they belong to no language.

    `values` are those of the text; the words in dates and durations stay, for they are telling.
    """
    for value in sorted(values, key=lambda value: -value.start):
        if value.kind in ("id", "email"):
            text = text[: value.start] + " " + text[value.end :]
    for name in names:
        text = text.replace(name, " ")
    return " ".join(_FOREIGN.sub(" ", text).split())


@lru_cache(maxsize=4096)
def detect(text: str, expected: str) -> Detected:
    """Return the language of a text that should be in `expected`, which decides only where the detector wavers.

    Where `expected` is `und`, as importers write what they could not tell, no text agrees with it or contradicts it.
    """
    if base(expected) == UNKNOWN:
        return Detected(None, why="the conversation's language is not known (und)")
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return Detected(None, why="no letters")
    script, share = max(scripts(letters).items(), key=lambda item: item[1])
    if _is_foreign(script, base(expected)) and len(letters) >= _SCRIPT_ENOUGH and share >= _SCRIPT_SHARE:
        return Detected(identify(text).code or f"{script.lower()} script", share)
    if _SCRIPTS.get(script) == {base(expected)}:
        return Detected(base(expected), share)
    if len(letters) < (_UNSPACED_ENOUGH if script in _UNSPACED else _ENOUGH):
        return Detected(None, why=f"too short to tell ({len(letters)} letters)")
    # A short text of shared words is no proof of another language: where the hint decides, it may.
    hinted = pycld2_says(text, base(expected))
    if hinted.code is not None and same_language(hinted.code, expected):
        return hinted
    return identify(text)


def _is_foreign(script: str, language: str) -> bool:
    """Say whether a language is not written in this script."""
    home = next((name for name, codes in _SCRIPTS.items() if language in codes), None)
    if script in _SCRIPTS:
        return language not in _SCRIPTS[script]
    return script == "LATIN" and home is not None and language != "sr"


@lru_cache(maxsize=4096)
def written_in(text: str, expected: str) -> str:
    """Return the language by whose lexicon to read a text: `expected`, unless it is surely in another that has one.

    A rude or invented sentence in the wrong language is rude or invented all the same.
    """
    told = detect(stripped(text, ()), expected).code
    return told if told in languages() and told is not None and not same_language(told, expected) else expected


@by_identity(64)
def names_in(records: Any) -> tuple[str, ...]:
    """Return the texts of the records that may stand in a reply in a foreign language: names, merchants, items."""
    found: set[str] = set()
    waiting = [records]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if len(one) > 3 and not one.islower() and one.upper() != one:
                found.add(one)
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, Mapping):
            waiting.extend(one.values())
    return tuple(sorted(found, key=lambda name: (-len(name), name)))
