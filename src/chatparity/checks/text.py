"""One form of a text for matching, with the way back: a place in the folded text names a place in the original.

Folding makes digits ASCII, spaces plain and quotes straight, drops bidi marks and Arabic vowel signs, unites Arabic
letter variants, composes accents, and (unless asked not to) folds case. Accents of Latin letters stay: in Spanish
"cancelé" says it is done and "cancele" does not.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_ALIKE = {
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "״": '"',
    "׳": "'",
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "‑": "-",
    "−": "-",
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "ى": "ي",
    "ة": "ه",
    "ـ": "",
    "٪": "%",
    "،": ",",
    "؛": ";",
    "؟": "?",
    "İ": "I",
}
# Chinese, Japanese and Devanagari have marks of their own, and no blank need follow them.
_SENTENCE_END = re.compile(r"[.!?](?=\s|$|[\"')\u3040-\u9fff])|[\n。।]")
_CLAUSE_END = re.compile(r"[.!?](?=\s|$|[\"')\u3040-\u9fff])|[\n;:,。।、]|\s-\s")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in its folded form; folded character i is what stood at `[begins[i], ends[i])` of the original.

    Both are None where nothing moved.
    """

    text: str
    begins: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original span of the folded span `[start, end)`, which is not empty."""
        if self.begins is None or self.ends is None:
            return start, end
        return self.begins[start], self.ends[end - 1]


class _Characters(dict[str, str]):
    """The folded form of each character, worked out when first met; case is kept."""

    def __missing__(self, character: str) -> str:
        folded = _ALIKE.get(character)
        if folded is None:
            kind = unicodedata.category(character)
            if kind == "Nd":
                folded = str(unicodedata.digit(character))
            elif kind == "Zs":
                folded = " "
            elif kind == "Cf" or 0x064B <= ord(character) <= 0x0652 or character == "\u0670":
                folded = ""
            else:
                folded = unicodedata.normalize("NFKC", character)
        self[character] = folded
        return folded


class _OneForOne(dict[int, str]):
    """The folded form of characters for `str.translate`; those that do not fold to exactly one become `_MOVED`."""

    def __init__(self, case: bool) -> None:
        self.case = case

    def __missing__(self, code: int) -> str:
        folded = _CHARACTERS[chr(code)]
        folded = folded if self.case else folded.casefold()
        self[code] = folded if len(folded) == 1 and not unicodedata.combining(chr(code)) else _MOVED
        return self[code]


_MOVED = "\ue000"
_RUNS = re.compile("\ue000+|[^\ue000]+")
UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LETTER = rf"[^\W{UNSPACED}]"
_CHARACTERS = _Characters()
_ONE_FOR_ONE = {True: _OneForOne(case=True), False: _OneForOne(case=False)}


@lru_cache(maxsize=8192)
def fold(text: str, *, case: bool = False) -> Folded:
    """Return the folded form of a text; with `case` the letters keep theirs."""
    if text.isascii():
        return Folded(text if case else text.lower())
    quick = text.translate(_ONE_FOR_ONE[case])
    if _MOVED not in quick:
        return Folded(quick)
    out: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    for run in _RUNS.finditer(quick):
        start, end = run.span()
        if quick[start] != _MOVED:
            out.extend(run.group())
            begins.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            continue
        for place in range(start, end):
            _unfold(text[place], place, case, out, begins, ends)
    return Folded("".join(out), begins, ends)


def _unfold(character: str, place: int, case: bool, out: list[str], begins: list[int], ends: list[int]) -> None:
    """Add what one character that does not fold to exactly one folds to: a mark joins the letter before it."""
    if out and unicodedata.combining(character) and not 0x064B <= ord(character) <= 0x0652:
        joined = unicodedata.normalize("NFC", out[-1] + character)
        if len(joined) == 1:
            out[-1] = joined
        ends[-1] = place + 1
        return
    folded = _CHARACTERS[character]
    folded = folded if case else folded.casefold()
    out.extend(folded)
    begins.extend([place] * len(folded))
    ends.extend([place + 1] * len(folded))


class _Bare(dict[int, str]):
    """Letters without their accents (of Latin and Greek, and the Cyrillic ё), Chinese characters in simplified form."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        base = unicodedata.normalize("NFD", character)[0]
        alphabet = "a" <= base <= "z" or "A" <= base <= "Z" or "α" <= base <= "ω" or "Α" <= base <= "Ω"
        self[code] = base if alphabet else _BARE_LETTERS.get(character, character)
        return self[code]


_BARE_LETTERS = {"ё": "е", "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h"}
# Traditional forms of characters that customers' requests are made of; both scripts are read with one word list.
_TRADITIONAL = (
    "轉聯繫給請個說話談電員專經責負讓幫們這沒為務處對來誰總決過問還時間聽機煩複當應頭別"
    "嗎換線書網絡單號碼賣麼與讀覺認識壞實體歡東車門開關見親愛邊裡於幾點後從現發長動樣業產"
)
_SIMPLIFIED = (
    "转联系给请个说话谈电员专经责负让帮们这没为务处对来谁总决过问还时间听机烦复当应头别"
    "吗换线书网络单号码卖么与读觉认识坏实体欢东车门开关见亲爱边里于几点后从现发长动样业产"
)
_BARE_LETTERS |= dict(zip(_TRADITIONAL, _SIMPLIFIED, strict=True))
_BARE = _Bare()


def bare(text: str) -> str:
    """Return a folded text without accents, as hurried customers write: one letter for one, so that places stay."""
    return text if text.isascii() else text.translate(_BARE)


def folded(text: str) -> str:
    """Return only the folded form, runs of white space as one blank."""
    return " ".join(fold(text).text.split())


def clauses(text: str) -> list[tuple[int, int]]:
    """Return the spans of the clauses (between commas, colons, dashes) of a folded text; blank ones are left out."""
    bounds = [0, *(match.end() for match in _CLAUSE_END.finditer(text)), len(text)]
    return [(begin, end) for begin, end in itertools.pairwise(bounds) if text[begin:end].strip()]


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of the sentence (its mark included) around `[start, end)` of a folded text."""
    return _around(_SENTENCE_END, text, start, end)


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of a folded text, their marks included; blank ones are left out."""
    bounds = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    return [(begin, end) for begin, end in itertools.pairwise(bounds) if text[begin:end].strip()]


def clause(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of the clause (between commas, colons, dashes) around `[start, end)` of a folded text."""
    return _around(_CLAUSE_END, text, start, end)


def _around(ends: re.Pattern[str], text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span from the last end before `start` to the first one after `end`, that one included."""
    begin = 0
    for match in ends.finditer(text, 0, start):
        begin = match.end()
    after = ends.search(text, end)
    return begin, after.end() if after else len(text)


@lru_cache(maxsize=8192)
def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """Return the pattern that finds a phrase as a whole in a folded text.

    Numbers must stand alone ("4" is not in "14" nor in "4.5"); before an Arabic or Hebrew word its clitics may be
    attached, and where no spaces are written (Chinese, Japanese, Korean particles, Thai) a word may stand anywhere.
    """
    words = [re.escape(word) for word in folded(phrase).split()]
    pattern = r"\s+".join(words)
    first, last = (folded(phrase)[0], folded(phrase)[-1]) if words else ("", "")
    if first.isdigit():
        pattern = rf"(?<!{_LETTER})(?<!\d[.,])" + pattern
    elif first.isalpha() and not _takes_clitics(first) and not _UNSPACED.match(first):
        pattern = rf"(?<!{_LETTER})" + pattern
    if last.isdigit():
        pattern += rf"(?!{_LETTER})(?![.,]\d)"
    elif last.isalpha() and not _UNSPACED.match(last):
        pattern += rf"(?!{_LETTER})"
    return re.compile(pattern)


def _takes_clitics(character: str) -> bool:
    """Say whether small words are written onto the front of a word in this script (Hebrew, Arabic)."""
    return "\u0590" <= character <= "\u06ff"
