r"""The small pattern language of the lexicons, made for native speakers and not for programmers.

    i have [just|already] refunded      words; [a|b] may be left out; (a|b) is one of several
    (ich habe|wir haben) … erstattet    … is a gap of up to six words within one sentence
    anulowa*                            * is any ending of a word (or any beginning: *کتاب)
    {person} will call you              {name} is a list of words that the lexicon gives under [words]

Matching is on folded text: case, kinds of quotes, digits, spaces and Arabic vowel signs make no difference; in what
customers say, the accents of Latin and Greek letters make none either. Where no spaces are written (Japanese, Chinese)
a pattern is found anywhere, its blanks are optional, and … is a gap of up to twelve characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from chatparity.checks.text import bare, fold

# A vowel sign of Devanagari belongs to its word, and Python does not count it as a letter.
LETTER = r"[\w\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963]"
_GAP = r"(?:[^\s.!?]+\s+){0,6}?"
# A comma may stand before a gap: "tell me, please, your number".
_MARK = r"[^\w\s.!?]?"
_UNSPACED_GAP = r"[^\n.!?。]{0,12}?"
_LEFT_OUT = re.compile(r"\[[^\[\]]*\]")
_WORD = re.compile(r"[^\s()\[\]|…]+")
# So many ways of a pattern are told apart.
_MANY = 64

Ways = list[list[frozenset[str]]]


def fill(pattern: str, words: Mapping[str, Sequence[str]]) -> str:
    """Return the pattern with each {name} replaced by the alternatives that `words` gives for it."""

    def alternatives(match: re.Match[str]) -> str:
        try:
            some = words[match.group(1)]
        except KeyError:
            known = ", ".join(sorted(words)) or "none"
            raise ValueError(f"{pattern!r}: no words named {match.group(1)!r} (there are: {known})") from None
        # What may be left out is left out with its blank.
        return some[0] if len(some) == 1 and _LEFT_OUT.fullmatch(some[0]) else "(" + "|".join(some) + ")"

    return re.sub(r"\{(\w+)\}", alternatives, pattern)


def words_in(pattern: str) -> list[str]:
    """Return the words that a pattern spells out whole, folded and without accents."""
    text = bare(fold(pattern).text)
    return [word for word in re.findall(r"[^\s()\[\]|…]+", text) if word.isalpha()]


def folded_pattern(pattern: str, *, accents: bool = True) -> str:
    """Return a pattern in the form of the texts that it is matched on."""
    text = fold(pattern).text.replace("...", "…").strip()
    return text if accents else bare(text)


def translate(pattern: str, *, accents: bool = True) -> str:
    """Return the regular expression of one pattern, without the boundaries around it."""
    text = folded_pattern(pattern, accents=accents)
    expression, end = _choice(text, 0)
    if end < len(text):
        raise ValueError(f"{pattern!r}: a bracket is closed that was not opened")
    return expression


def _choice(text: str, place: int) -> tuple[str, int]:
    """Read alternatives up to a closing bracket or the end; return their expression and where they end."""
    found: list[str] = []
    while True:
        sequence, place = _sequence(text, place)
        found.append(sequence)
        if place >= len(text) or text[place] != "|":
            return "|".join(found), place
        place += 1


def _sequence(text: str, place: int) -> tuple[str, int]:
    """Read words, brackets and gaps up to "|" or a closing bracket, with the white space between them.

    White space belongs to what may be left out: `a [b] c` is a, perhaps blank and b, blank, c. At the beginning, and
    after a gap (`opening`), it is the blank behind: `[a] b` is perhaps a and blank, b.
    """
    out, blank, opening = "", False, True
    while place < len(text) and text[place] not in ")]|":
        if text[place].isspace():
            blank, place = True, place + 1
        elif text[place] == "…":
            out, blank, opening, place = (out + _MARK + r"\s+" if out else "") + _GAP, False, True, place + 1
            while text[place : place + 1].isspace():
                place += 1
        elif text[place] in "([":
            inner, end = _choice(text, place + 1)
            if text[end : end + 1] != {"(": ")", "[": "]"}[text[place]]:
                raise ValueError(f"{text!r}: a bracket is not closed")
            optional, follows = text[place] == "[", text[end + 1 : end + 2].isspace()
            place, inner = end + 1, f"(?:{inner})"
            if optional and blank and not opening:
                out += rf"(?:\s+{inner})?"
            elif optional and follows and opening:
                out += rf"(?:{inner}\s+)?"
                while text[place : place + 1].isspace():
                    place += 1
            else:
                out += (r"\s+" if blank and not opening else "") + inner + ("?" if optional else "")
                opening = False
            blank = False
        else:
            word = _WORD.match(text, place)
            assert word is not None
            out += (r"\s+" if blank and not opening else "") + f"{LETTER}*".join(
                map(re.escape, word.group().split("*"))
            )
            blank, opening, place = False, False, word.end()
    return out, place


def needed_words(text: str, *, anywhere: bool = False) -> Ways:
    """Return what a folded pattern cannot lack: one of the ways, and of each of its sets of beginnings of words one.

    The most telling set of a way is the first. Where something can be found without any word, there are no ways. A word
    that may be written onto what is before it counts only `anywhere`.
    """
    ways, _ = _needed_choice(text, 0, anywhere=anywhere)
    return [sorted(way, key=_tells, reverse=True) for way in ways] if all(ways) else []


def _needed_choice(text: str, place: int, *, anywhere: bool) -> tuple[Ways, int]:
    """Read alternatives up to a closing bracket or the end; return the ways of all, and where they end."""
    found: Ways = []
    while True:
        ways, place = _needed_sequence(text, place, anywhere=anywhere)
        found += ways
        if place >= len(text) or text[place] != "|":
            return _fewer(found), place
        place += 1


def _needed_sequence(text: str, place: int, *, anywhere: bool) -> tuple[Ways, int]:
    """Read a sequence up to "|" or a closing bracket; return the ways of what it cannot do without."""
    found: Ways = [[]]
    apart = True
    while place < len(text) and text[place] not in ")]|":
        if text[place].isspace() or text[place] == "…":
            apart, place = True, place + 1
            continue
        ways: Ways = [[]]
        if text[place] in "([":
            optional = text[place] == "["
            inner, end = _needed_choice(text, place + 1, anywhere=anywhere)
            place = end + 1
            if not optional and all(inner):
                ways = inner
        else:
            word = _WORD.match(text, place)
            assert word is not None
            stem = word.group().partition("*")[0]
            ways, place = [[frozenset({stem})] if stem else []], word.end()
        if apart or anywhere:
            found = _together(found, ways)
        apart = False
    return found, place


def _fewer(ways: Ways) -> Ways:
    """Return alternatives with those of one set taken together."""
    sole = [way[0] for way in ways if len(way) == 1]
    return [way for way in ways if len(way) != 1] + ([[frozenset().union(*sole)]] if sole else [])


def _together(ones: Ways, others: Ways) -> Ways:
    """Return the ways of two things in a row; where these would be many, the fewer are told by one set."""
    if len(ones) * len(others) > _MANY:
        few, ones = sorted((ones, others), key=len)
        others = [[frozenset().union(*(max(way, key=_tells) for way in few))]] if all(few) else [[]]
    return [one + other for one in ones for other in others]


def _tells(words: frozenset[str]) -> int:
    """Return how much it tells that one of some words is there: the length of the shortest."""
    return min(map(len, words))


@lru_cache(maxsize=4096)
def compiled(
    patterns: tuple[str, ...], prefix: str = "", *, unspaced: bool = False, accents: bool = True
) -> re.Pattern[str] | None:
    """Return one expression that finds any of the patterns as whole words; None when there are none.

    `prefix` is an expression for what may be attached before the first word (Arabic "and"). With `unspaced` the script
    writes no spaces; without `accents` it is to be matched on text that `bare` has been over.
    """
    if not patterns:
        return None
    # Longest first, so that the more telling of two phrases is the evidence.
    body = "|".join(f"(?:{translate(one, accents=accents)})" for one in sorted(patterns, key=len, reverse=True))
    if unspaced:
        return re.compile(body.replace(_MARK, "").replace(_GAP, _UNSPACED_GAP).replace(r"\s+", r"\s*"))
    return re.compile(rf"(?<!{LETTER}){prefix}(?:{body})(?!{LETTER})")
