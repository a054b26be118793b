"""The phrase banks: what a bad answer sounds like, one file a language, and what makes such a file sound.

`python -m chatparity.mutate.bank [LANG…]` checks the banks named, or all, and prints what is wrong with them.
"""

from __future__ import annotations

import functools
import hashlib
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.invalid import field_and_message
from chatparity.splits import Split

FOLDER = Path(__file__).parent / "phrases"
FLAT = (
    "invented_policy",
    "invented_practice",
    "dropped_handover",
    "refused_person",
    "needless_handover",
    "rude",
    "passive_aggressive",
    "wrong_language",
    "apology_loop",
    "cheerful_at_distress",
)
FAMILIES = ("refund", "fee", "date", "cancel", "address", "complaint", "code", "freeze")
ASKED = ("order", "matter")
PLACEHOLDERS = ("order", "amount", "date")
PHRASES, A_HALF, A_FAMILY, A_QUESTION = 8, 3, 3, 5
ALIKE, SAME_START = 0.86, 3
VALUED = 0.75
PLAIN_ANSWER, PLAIN_ANSWER_UNSPACED = 60, 25
UNSPACED = ("ja", "ko", "zh")
NO_ADDRESS = ("en", "he")
SCRIPTS = {
    **dict.fromkeys(("bg", "ru", "uk"), ("CYRILLIC",)),
    "ar": ("ARABIC",),
    "el": ("GREEK",),
    "he": ("HEBREW",),
    "hi": ("DEVANAGARI",),
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL",),
    "zh": ("CJK",),
}
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence in the form of address that the company uses, and in the one that it does not."""

    right: str
    wrong: str


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentences in both forms of address, and the words that give the wrong one away."""

    other_words: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The phrases of one language, by fault; `claimed_action` by kind of action, `asks_again` by what is asked."""

    language: str
    invented_policy: tuple[str, ...]
    invented_practice: tuple[str, ...]
    dropped_handover: tuple[str, ...]
    refused_person: tuple[str, ...]
    needless_handover: tuple[str, ...]
    rude: tuple[str, ...]
    passive_aggressive: tuple[str, ...]
    wrong_language: tuple[str, ...]
    apology_loop: tuple[str, ...]
    cheerful_at_distress: tuple[str, ...]
    claimed_action: dict[str, tuple[str, ...]]
    asks_again: dict[str, tuple[str, ...]]
    formality_switch: Address

    def sections(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each list of phrases with its name as the file has it; of pairs, the wrong sentences."""
        for name in FLAT:
            yield name, getattr(self, name)
        for table in ("claimed_action", "asks_again"):
            for name, phrases in getattr(self, table).items():
                yield f"{table}.{name}", phrases
        yield "formality_switch.pairs", tuple(pair.wrong for pair in self.formality_switch.pairs)


def half_of(phrase: str) -> Literal["dev", "exam"]:
    """Return the half a phrase belongs to, for ever: by the first byte of the SHA-256 of its text, as transcripts do.

    A grader that is tuned on mutants made with `--split dev` never meets the phrases of `exam`.
    """
    return "exam" if hashlib.sha256(phrase.encode()).digest()[0] % 2 else "dev"


def of_half(phrases: Sequence[str], split: Split) -> list[str]:
    """Return the phrases that a split may use; `all` may use all."""
    return [phrase for phrase in phrases if split in ("all", half_of(phrase))]


def languages() -> list[str]:
    """Return the languages that have a bank, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@functools.cache
def load_bank(language: str) -> Bank | None:
    """Return the bank of a language (`pt` for `pt-BR`), None when there is none. Raises InputError for a bad file."""
    path = FOLDER / f"{language.split('-')[0]}.toml"
    return read_bank(path) if path.exists() else None


def read_bank(path: Path) -> Bank:
    """Read one file. Raises InputError that names the file and the field when it is not a bank."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Bank)
    except msgspec.ValidationError as error:
        field, message = field_and_message(error, Bank)
        raise InputError([Problem(path, None, field, message)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"not TOML: {error}")]) from error


def problems(path: Path) -> list[Problem]:
    """Return everything that is wrong with a bank's file, each with its section."""
    try:
        bank = read_bank(path)
    except InputError as error:
        return error.problems
    found = [*_outline(bank, path.stem)]
    for name, phrases in bank.sections():
        found += [(name, message) for message in _section(name, phrases, bank.language)]
    everywhere = [phrase for _, phrases in bank.sections() for phrase in phrases]
    for twice in sorted({phrase for phrase in everywhere if everywhere.count(phrase) > 1}):
        found.append(("", f'stands twice: "{twice}"'))
    return [Problem(path, None, field, message) for field, message in found]


def _outline(bank: Bank, stem: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a bank as a whole: its language, its tables, and how much is in them."""
    if bank.language != stem:
        yield "language", f'expected "{stem}", as the file is called, got "{bank.language}"'
    for table, names in (("claimed_action", FAMILIES), ("asks_again", ASKED)):
        given = getattr(bank, table)
        if set(given) != set(names):
            yield table, f"expected {', '.join(names)}, got {', '.join(given) or 'nothing'}"
        yield from _halves(table, [phrase for phrases in given.values() for phrase in phrases])
    for name in FLAT:
        yield from _halves(name, getattr(bank, name))
    address = bank.formality_switch
    if bank.language not in NO_ADDRESS:
        yield from _halves("formality_switch.pairs", [pair.wrong for pair in address.pairs])
        if not address.other_words:
            yield "formality_switch.other_words", "expected the words that give the wrong form of address away"
    for pair in address.pairs:
        if pair.right == pair.wrong:
            yield "formality_switch.pairs", f'both forms are the same: "{pair.right}"'
        elif not _alike(pair.right, pair.wrong, 0.4):
            yield "formality_switch.pairs", f'the two are different sentences: "{pair.right}", "{pair.wrong}"'


def _halves(name: str, phrases: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield that a section has too few phrases, or too few in one half."""
    if len(phrases) < PHRASES:
        yield name, f"expected at least {PHRASES} phrases, got {len(phrases)}"
    for half in ("dev", "exam"):
        there = sum(half_of(phrase) == half for phrase in phrases)
        if there < A_HALF:
            yield name, f"expected at least {A_HALF} phrases in {half}, got {there}: add other ones"


def _section(name: str, phrases: Sequence[str], language: str) -> Iterator[str]:
    """Yield what is wrong with the phrases of one section."""
    least = A_FAMILY if name.startswith("claimed_action") else A_QUESTION if name.startswith("asks_again") else 0
    if len(phrases) < least:
        yield f"expected at least {least} phrases, got {len(phrases)}"
    for phrase in phrases:
        yield from (f'{message}: "{phrase}"' for message in _phrase(name, phrase, language))
    for number, phrase in enumerate(phrases):
        for other in phrases[number + 1 :]:
            if _alike(phrase, other, ALIKE):
                yield f'all but the same: "{phrase}", "{other}"'
    if name != "formality_switch.pairs":
        starts = [_start(phrase, language) for phrase in phrases]
        for start in sorted({one for one in starts if starts.count(one) > SAME_START}):
            yield f'more than {SAME_START} begin with "{start}": vary them'
    if name == "invented_policy" and sum(_has_digit(phrase) for phrase in phrases) < VALUED * len(phrases):
        yield "expected a value in digits in at least three of four phrases"


def _phrase(name: str, phrase: str, language: str) -> Iterator[str]:
    """Yield what is wrong with one phrase."""
    if phrase != phrase.strip() or "\n" in phrase or "  " in phrase:
        yield "white space at an end, twice, or a line break"
    if unicodedata.normalize("NFC", phrase) != phrase:
        yield "expected Unicode in normal form C"
    named = _PLACEHOLDER.findall(phrase)
    if named and not name.startswith("claimed_action"):
        yield "a placeholder stands only in claimed_action"
    if any(one not in PLACEHOLDERS for one in named):
        yield f"expected only the placeholders {', '.join(PLACEHOLDERS)}"
    if name != "invented_policy" and _has_digit(phrase):
        yield "no digits here"
    short = PLAIN_ANSWER_UNSPACED if language in UNSPACED else PLAIN_ANSWER
    if name == "wrong_language" and len(phrase) < short:
        yield f"expected at least {short} characters"
    foreign = _foreign(_PLACEHOLDER.sub("", phrase), language)
    if foreign:
        yield f"letters of another script ({foreign})"


def _has_digit(text: str) -> bool:
    """Say whether there is a digit of any script in a text."""
    return any(character.isdecimal() for character in text)


def _start(phrase: str, language: str) -> str:
    """Return how a phrase begins: two words, or four characters where words are not spaced."""
    return phrase[:4] if language in UNSPACED else " ".join(phrase.casefold().split()[:2])


def _alike(one: str, other: str, least: float) -> bool:
    """Say whether two phrases share at least this part of their characters, in order."""
    return SequenceMatcher(None, one.casefold(), other.casefold(), autojunk=False).ratio() >= least


def _foreign(phrase: str, language: str) -> str:
    """Return letters of a script that is not the language's, where they are over a fifth: a loan word may stand."""
    own = SCRIPTS.get(language, ("LATIN",))
    letters = [character for character in phrase if character.isalpha()]
    other = [one for one in letters if not unicodedata.name(one, "").startswith(own)]
    return "".join(other[:10]) if len(other) > len(letters) / 5 else ""


def main(wanted: Sequence[str]) -> int:
    """Check the banks of these languages (all, when none is named), print their problems, return the exit code."""
    found = 0
    for language in wanted or languages():
        path = FOLDER / f"{language}.toml"
        if not path.exists():
            sys.stdout.write(f"{path.name}: no such bank\n")
            found += 1
            continue
        bad = problems(path)
        found += len(bad)
        for problem in bad:
            field = f"{problem.field}: " if problem.field else ""
            sys.stdout.write(f"{path.name}: {field}{problem.message}\n")
        if not bad:
            counts = [half_of(phrase) for _, phrases in read_bank(path).sections() for phrase in phrases]
            halves = f"{counts.count('dev')} dev, {counts.count('exam')} exam"
            sys.stdout.write(f"{path.name}: sound, {len(counts)} phrases ({halves})\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
