"""Which language is a text in: its script, then pycld2, and a second opinion where that is unsure.

pycld2 reads 30,000 texts a second and is rarely wrong where it calls itself reliable, but it calls one sentence in
25 and one pair of words in four unreliable. Only then is py3langid asked, ten times slower and by itself less sure:
where the two agree, or the second is all but certain of a longer text, that is it. Otherwise it cannot be told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chatparity.checks.locales import base
from chatparity.checks.wording import worded_languages

# Languages that one reader of the other cannot fault in writing, or that the detector cannot tell apart.
_ALIKE = ({"nb", "no", "nn"}, {"bs", "hr", "sr"}, {"he", "iw"}, {"id", "ms"}, {"fil", "tl"})
# Scripts of one language among those that support is given in; other languages of the script are told by pycld2.
_SOLE = {"GREEK": "el", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "HEBREW": "he"}
# The detector's names of languages whose code is another one; it raises at a hint that it does not know.
_HINTS = {"he": "iw", "fil": "tl", "nb": "no", "jv": "jw"}
_NAMES = {"iw": "he", "zh-Hant": "zh", "jw": "jv"}
# Languages that pycld2 takes short texts of a greater neighbour for.
_SMALL = {"co": "it", "az": "tr", "gl": "pt", "lb": "de", "fy": "nl", "fo": "da", "ht": "fr", "crs": "fr", "sco": "en"}
_SHARE = 0.7
# Letters of which hardly a text of a language has none.
_LETTERS = {"uk": frozenset("іїєґ")}
# So sure must the second opinion be to stand alone, of at least so many letters.
_CERTAIN, _LONG = 0.99, 24
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


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


@lru_cache(maxsize=4096)
def identify(text: str, hint: str = "") -> Detected:
    """Return the language of a text, whatever it was expected in; a hint decides only where pycld2 wavers.

    Measured on corpora of 35 languages by `benchmarks/graders.py`. Text in two languages gets the chief one. Not told
    apart: Bosnian, Croatian and Serbian in Latin letters; the forms of Norwegian; Malay from Indonesian.
    """
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return Detected(None, why="no letters")
    shares = scripts(letters)
    script, share = max(shares.items(), key=lambda item: item[1])
    if script == "CJK" and shares.get("HIRAGANA", 0.0) + shares.get("KATAKANA", 0.0) > 0.05:
        script = "HIRAGANA"
    told = pycld2_says(text, hint)
    if told.code in _SMALL and len(letters) < _LONG:
        code = _classifier().classify(text)[0]
        same = code == _SMALL[told.code]
        return Detected(code, told.share) if same else Detected(None, why=f"too short to tell {told.code} by")
    if told.code is not None:
        return told
    if share >= _SHARE and script in _SOLE:
        return Detected(_SOLE[script], share)
    return _second_opinion(text, len(letters))


def pycld2_says(text: str, hint: str = "") -> Detected:
    """Ask pycld2 for the chief language and its share; None where it is not sure."""
    import pycld2

    known = _HINTS.get(hint, hint)
    hints = {"hintLanguage": known} if known in _codes() else {}
    reliable, _, details = pycld2.detect(_UNPRINTABLE.sub(" ", text), **hints)
    _, code, percent, _ = details[0]
    if not reliable or code == "un":
        return Detected(None, why="the detector cannot tell")
    return Detected(_NAMES.get(code, code), percent / 100)


def _second_opinion(text: str, letters: int) -> Detected:
    """Return what pycld2 would guess where py3langid says so too, or what that is certain of.

    Neither is believed of a longer text without one letter that its language can hardly do without.
    """
    import pycld2

    code, certainty = _classifier().classify(text)
    needed = _LETTERS.get(code)
    if needed and letters >= 2 * _LONG and needed.isdisjoint(text.lower()):
        return Detected(None, why=f"the detectors say {code}, but no letter of it is there")
    _, _, guesses = pycld2.detect(_UNPRINTABLE.sub(" ", text), bestEffort=True)
    guess = _NAMES.get(guesses[0][1], guesses[0][1])
    if same_language(guess, code):
        return Detected(guess, guesses[0][2] / 100)
    if certainty >= _CERTAIN and letters >= _LONG:
        return Detected(code, float(certainty))
    return Detected(None, why="the detectors cannot tell")


@lru_cache(maxsize=1)
def _classifier() -> Any:
    """Return py3langid's classifier, restricted to the languages that support is given in."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=True)
    found.set_languages([code for code in found.nb_classes if code in worded_languages()])
    return found


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    """Return the codes that the detector takes as hints."""
    import pycld2

    return frozenset(code for _, code in pycld2.LANGUAGES)


def scripts(letters: Iterable[str]) -> dict[str, float]:
    """Return the share of each script among letters."""
    counts: dict[str, int] = {}
    for letter in letters:
        name = _script(letter)
        counts[name] = counts.get(name, 0) + 1
    total = sum(counts.values())
    return {script: count / total for script, count in counts.items()}


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0]
