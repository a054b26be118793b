"""In which language is a text: pycld2, with the script as a first and surer witness."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chatparity.checks.lexicon import languages
from chatparity.checks.locales import base
from chatparity.checks.values import Value

# Languages that one reader of the other cannot fault in writing, or that the detector cannot tell apart.
_ALIKE = ({"nb", "no", "nn"}, {"bs", "hr", "sr"}, {"he", "iw"}, {"id", "ms"}, {"fil", "tl"})
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
# The detector's names of languages whose code is another one; it raises at a hint that it does not know.
_HINTS = {"he": "iw", "fil": "tl", "nb": "no", "jv": "jw"}
UNKNOWN = "und"
_ENOUGH = 15
_SCRIPT_ENOUGH = 8
_SCRIPT_SHARE = 0.7
_FOREIGN = re.compile(r"https?://\S+|www\.\S+|[^\w\s.,;:!?'’\"()-]+|\d+")


@dataclass(frozen=True, slots=True)
class Detected:
    """The language of a text: its code and share of the text; `code` is None where it cannot be told, and why."""

    code: str | None
    share: float = 0.0
    why: str = ""


def same_language(one: str, other: str) -> bool:
    """Say whether two tags count as the same language: the base tag, and groups that cannot be told apart."""
    first, second = base(one), base(other)
    return first == second or any(first in group and second in group for group in _ALIKE)


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
    script, share = max(_scripts(letters).items(), key=lambda item: item[1])
    if _is_foreign(script, base(expected)) and len(letters) >= _SCRIPT_ENOUGH and share >= _SCRIPT_SHARE:
        return Detected(_told(text)[0] or f"{script.lower()} script", share)
    if _SCRIPTS.get(script) == {base(expected)}:
        return Detected(base(expected), share)
    if len(letters) < _ENOUGH:
        return Detected(None, why=f"too short to tell ({len(letters)} letters)")
    plainly, hinted = _told(text), _told(text, base(expected))
    # A short text of shared words is no proof of another language: where the hint decides, it may.
    if hinted[0] is not None and same_language(hinted[0], expected):
        return Detected(*hinted)
    if plainly[0] is None or same_language(plainly[0], expected):
        return Detected(None, why="the detector cannot tell")
    return Detected(*plainly)


def _is_foreign(script: str, language: str) -> bool:
    """Say whether a language is not written in this script."""
    home = next((name for name, codes in _SCRIPTS.items() if language in codes), None)
    if script in _SCRIPTS:
        return language not in _SCRIPTS[script]
    return script == "LATIN" and home is not None and language != "sr"


def _told(text: str, hint: str = "") -> tuple[str | None, float]:
    """Ask pycld2 for the chief language and its share; None where it is not sure."""
    import pycld2

    known = _HINTS.get(hint, hint)
    hints = {"hintLanguage": known} if known in _codes() else {}
    reliable, _, details = pycld2.detect(text, **hints)
    _, code, percent, _ = details[0]
    if not reliable or code == "un":
        return None, 0.0
    return ("he" if code == "iw" else code), percent / 100


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    """Return the codes that the detector takes as hints."""
    import pycld2

    return frozenset(code for _, code in pycld2.LANGUAGES)


def _scripts(letters: Iterable[str]) -> dict[str, float]:
    """Return the share of each script among letters."""
    counts: dict[str, int] = {}
    for letter in letters:
        counts[_script(letter)] = counts.get(_script(letter), 0) + 1
    total = sum(counts.values())
    return {script: count / total for script, count in counts.items()}


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0]


@lru_cache(maxsize=4096)
def written_in(text: str, expected: str) -> str:
    """Return the language by whose lexicon to read a text: `expected`, unless it is surely in another that has one.

    A rude or invented sentence in the wrong language is rude or invented all the same.
    """
    told = detect(stripped(text, ()), expected).code
    return told if told in languages() and told is not None and not same_language(told, expected) else expected


def names_in(records: Any) -> tuple[str, ...]:
    """Return the texts of the records that may stand in a reply in a foreign language: names, merchants, items."""
    found: set[str] = set()
    waiting = [records]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, str) and len(one) > 3 and not one.islower() and one.upper() != one:
            found.add(one)
    return tuple(sorted(found, key=lambda name: (-len(name), name)))
