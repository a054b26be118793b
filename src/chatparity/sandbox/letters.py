"""Letters: texts as patterns see them, and words that are one letter off."""

from __future__ import annotations

import unicodedata

_ALIKE = str.maketrans({
    "ł": "l", "ß": "ss", "ø": "o", "æ": "ae", "’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "„": '"',
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": None, "–": "-", "—": "-",
    "،": ",", "؟": "?", "؛": ";", **{chr(0x660 + digit): str(digit) for digit in range(10)},
    **{chr(0x6F0 + digit): str(digit) for digit in range(10)},
})  # fmt: skip


def fold(text: str) -> str:
    """Return a text as patterns see it: without accents and vowel signs, letters that are often mixed made one."""
    plain = unicodedata.normalize("NFKD", text.translate(_ALIKE))
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).translate(_ALIKE)


def within_one_letter(stem: str, word: str) -> bool:
    """Say whether a word begins with a stem but for one letter that is missing, too many, wrong or swapped."""
    place = next((place for place, (one, other) in enumerate(zip(stem, word, strict=False)) if one != other), len(stem))
    if place == len(stem):
        return True
    rest, said = stem[place:], word[place:]
    swapped = len(rest) > 1 and said[:2] == rest[1] + rest[0] and said[2:].startswith(rest[2:])
    wrong = bool(said) and said[1:].startswith(rest[1:])
    missing, extra = said.startswith(rest[1:]), bool(said) and said[1:].startswith(rest)
    return swapped or wrong or missing or extra
