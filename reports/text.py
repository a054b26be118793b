"""Texts from transcripts made fit to be shown: nothing in them can act, hide or turn its surroundings round."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from chatparity.exchange import Evidence

# Joiners shape Persian, Indic scripts and emoji; the two marks stand in honest Arabic and Hebrew around numbers.
HARMLESS = frozenset("\n\t\u200c\u200d\u200e\u200f\u061c")
MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&$])")
OPENING = re.compile(r"^(\d*)([#+\-=.):]+(?:\s|$))")


@dataclass(frozen=True)
class Segment:
    """A piece of a text; `marked` when a score rests on it."""

    text: str
    marked: bool


def plain(text: str) -> str:
    """Return a text with control, bidirectional and invisible formatting characters shown as visible symbols."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    """Return a character, or the symbol that stands for it when it cannot be seen."""
    if character in HARMLESS or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"⟨U+{code:04X}⟩"


def direction(text: str) -> str:
    """Return "rtl" or "ltr" by what most letters of a text are: one that says "hi" first may be Arabic all the same."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    return "rtl" if sum(kind in ("R", "AL") for kind in kinds) > kinds.count("L") else "ltr"


def segments(text: str, evidence: Sequence[Evidence], where: str) -> tuple[Segment, ...]:
    """Cut a text at the evidence that lies in it; spans that touch are one, spans outside the text are left out.

    Offsets count characters of the text as it was graded, so it is cut before anything is made visible.
    """
    spans = sorted((one.start, min(one.end, len(text))) for one in evidence if one.where == where)
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    found: list[Segment] = []
    place = 0
    for start, end in merged:
        if start > place:
            found.append(Segment(plain(text[place:start]), marked=False))
        found.append(Segment(plain(text[start:end]), marked=True))
        place = end
    if place < len(text) or not found:
        found.append(Segment(plain(text[place:]), marked=False))
    return tuple(found)


def clipped(text: str, limit: int) -> str:
    """Return a text on one line with at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def escaped(text: object) -> str:
    """Return anything as Markdown that shows it literally: no markup, link, mention or table cell can arise."""
    line = MARKDOWN.sub(r"\\\1", clipped(plain(str(text)), 600))
    line = OPENING.sub(r"\1\\\2", line)
    # A word joiner, which nobody sees, keeps names, numbers of issues and addresses from becoming links.
    return re.sub(r"(?i)@|#(?=\d)|www(?=\.)|https?(?=:)", lambda found: found[0] + "\u2060", line)
