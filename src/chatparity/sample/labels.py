"""What people wrote into the sheet of a sample, read back as labels of transcripts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.jsonl import read_transcripts
from chatparity.sample.folder import SAMPLE, SHEET, TRANSCRIPTS, read_sample
from chatparity.sample.result import Item, Sample
from chatparity.sample.sheet import HEADINGS, Row, rows_of
from chatparity.transcript import AnswerLabel, EscalationLabel, Expect, Labels, Transcript

YES = {"yes", "y", "true", "wahr", "vrai", "1"}
NO = {"no", "n", "false", "falsch", "faux", "0"}
EXPECTS = ("none", "offer", "now")


@dataclass(frozen=True)
class Labelled:
    """Transcripts with the labels people gave, and how many items of the sample were filled in and left empty."""

    transcripts: tuple[Transcript, ...]
    filled: int
    empty: int


@dataclass(frozen=True)
class _Said:
    """What a person said of one item; what was left empty is None."""

    item: Item
    accuracy: float | None
    politeness: int | None
    hallucinated: bool | None
    escalation: Expect | None
    note: str
    reviewer: str


def read_labels(folder: Path, sheet: Path | None = None) -> Labelled:
    """Join the filled-in sheet of a sample with its transcripts.

    `sheet` is the file that came back, by default `sample.csv` in the folder. Ratings become `labels.answers`, what
    should have happened to the conversation `labels.escalation`; who said so stands in `meta.review`. Items that were
    left empty are counted, and a transcript without any label is left out. Raises InputError naming every cell that
    cannot be read, by the row and column a spreadsheet shows, and UsageError when there is no sample.
    """
    sample = read_sample(folder)
    by_id, said = _joined(folder, sample, sheet or folder / SHEET)
    by_transcript: dict[str, list[_Said]] = {}
    for one in said:
        by_transcript.setdefault(one.item.transcript, []).append(one)
    labelled = tuple(_labelled(by_id[name], several, sample) for name, several in by_transcript.items())
    return Labelled(labelled, filled=len(said), empty=len(sample.items) - len(said))


def read_answers(folder: Path, sheet: Path | None = None) -> dict[str, Transcript]:
    """Return, by item that was filled in, its transcript with what the sheet says of that item and no other label.

    Labels that a transcript brought along from its dataset are nobody's answer to the sample. Raises as `read_labels`.
    """
    by_id, said = _joined(folder, read_sample(folder), sheet or folder / SHEET)
    return {
        one.item.item: msgspec.structs.replace(by_id[one.item.transcript], labels=_with(Labels(), [one]))
        for one in said
    }


def _joined(folder: Path, sample: Sample, path: Path) -> tuple[dict[str, Transcript], list[_Said]]:
    """Return the sample's transcripts by id and what a sheet says of items, every one of which has its transcript."""
    said, wrong = _said(path, sample)
    if wrong:
        raise InputError(wrong)
    by_id = {one.id: one for one in read_transcripts([folder / TRANSCRIPTS])}
    gone = sorted({one.item.transcript for one in said} - by_id.keys())
    if gone:
        problems = [Problem(folder / TRANSCRIPTS, None, "id", f'expected the transcript "{name}"') for name in gone]
        raise InputError(problems)
    return by_id, said


def is_sheet(path: Path) -> bool:
    """Say whether a file holds what people said of the items of the sample beside it, and not transcripts."""
    if not path.is_file() or not (path.parent / SAMPLE).is_file():
        return False
    if path.suffix != ".jsonl":
        return True
    with path.open("rb") as file:
        first = file.readline()
    try:
        return "item" in msgspec.json.decode(first.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _said(path: Path, sample: Sample) -> tuple[list[_Said], list[Problem]]:
    """Return what the rows say, in the order of the sample, and every cell that cannot be read."""
    items = {item.item: item for item in sample.items}
    order = {name: number for number, name in enumerate(items)}
    seen: dict[str, int] = {}
    said: list[_Said] = []
    wrong: list[Problem] = []
    for row in rows_of(path):
        name = row.cells.get("item", "")
        item = items.get(name)
        if item is None:
            hint = f"{sample.items[0].item} to {sample.items[-1].item}" if sample.items else "none"
            wrong.append(_problem(path, row, "item", f"an item of this sample ({hint})", name))
        elif name in seen:
            wrong.append(_problem(path, row, "item", f"each item once: it stands in row {seen[name]} too", name))
        else:
            seen[name] = row.number
            one, bad = _read(path, row, item)
            wrong += bad
            if one is not None:
                said.append(one)
    return sorted(said, key=lambda one: order[one.item.item]), wrong


def _read(path: Path, row: Row, item: Item) -> tuple[_Said | None, list[Problem]]:
    """Return what one row says, None if nothing, and its cells that cannot be read."""
    values: dict[str, Any] = {}
    wrong: list[Problem] = []
    for column, (reader, expected) in READERS.items():
        text = row.cells.get(column, "")
        try:
            values[column] = reader(text) if text else None
        except ValueError:
            wrong.append(_problem(path, row, HEADINGS[column].partition(" ")[0], expected, text))
    note, reviewer = row.cells.get("note", ""), row.cells.get("reviewer", "")
    if wrong or (not note and all(value is None for value in values.values())):
        return None, wrong
    return _Said(item=item, note=note, reviewer=reviewer, **values), []


def _problem(path: Path, row: Row, column: str, expected: str, got: str) -> Problem:
    """Name a cell, what was expected there, and what was found."""
    return Problem(path, None, f"row {row.number}, column {column}", f'expected {expected}, got "{got[:60]}"')


def _number(text: str) -> float:
    """Read a number with a point, a decimal comma or a percent sign. Raises ValueError when it is none."""
    found = re.fullmatch(r"([+-]?\d*[.,]?\d+|\d+[.,])\s*(%?)", text)
    if not found:
        raise ValueError(text)
    value = float(found[1].replace(",", "."))
    return value / 100 if found[2] else value


def _accuracy(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def _politeness(text: str) -> int:
    value = _number(text)
    if value not in (1, 2, 3, 4, 5) or not math.isfinite(value) or "%" in text:
        raise ValueError(text)
    return int(value)


def _yes_or_no(text: str) -> bool:
    word = text.casefold()
    if word not in YES | NO:
        raise ValueError(text)
    return word in YES


def _expect(text: str) -> Expect:
    word = text.casefold()
    if word not in EXPECTS:
        raise ValueError(text)
    return cast("Expect", word)


READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "accuracy": (_accuracy, "a number from 0 to 1 (0.5, 0,5 or 50%)"),
    "politeness": (_politeness, "a whole number from 1 to 5"),
    "hallucinated": (_yes_or_no, "yes or no"),
    "escalation": (_expect, "none, offer or now"),
}


def _labelled(transcript: Transcript, said: list[_Said], sample: Sample) -> Transcript:
    """Return a transcript with what people said of its answers."""
    reviews = [
        {
            "sample": sample.name,
            "item": one.item.item,
            "turn": one.item.label_turn,
            "reviewer": one.reviewer,
            "inclusion_probability": one.item.inclusion_probability,
        }
        for one in said
    ]
    earlier = transcript.meta.get("review")
    before = earlier if isinstance(earlier, list) else []
    return msgspec.structs.replace(
        transcript, labels=_with(transcript.labels, said), meta={**transcript.meta, "review": [*before, *reviews]}
    )


def _with(labels: Labels, said: list[_Said]) -> Labels:
    """Return labels with people's in the places they speak of; what a person left empty stays as it was."""
    answers = {label.turn: label for label in labels.answers or ()}
    expected = {label.turn: label for label in labels.escalation or ()}
    # Labels that speak of the whole conversation still do; where there were none, only these answers are spoken of.
    whole = labels.escalation is not None and labels.escalation_turns is None
    scope = None if whole else set(labels.escalation_turns or ())
    for one in said:
        turn = one.item.label_turn
        given = {name: getattr(one, name) for name in ("accuracy", "politeness", "hallucinated")}
        filled = {name: value for name, value in given.items() if value is not None}
        if filled or one.note:
            old = answers.get(turn, AnswerLabel(turn=turn))
            answers[turn] = msgspec.structs.replace(old, **filled, note=one.note or old.note)
        if one.escalation is not None:
            expected[turn] = EscalationLabel(turn=turn, expect=one.escalation, reason="review")
            if scope is not None:
                scope.add(turn)
    spoken_of = bool(expected) or labels.escalation is not None
    return msgspec.structs.replace(
        labels,
        answers=tuple(answers[turn] for turn in sorted(answers)) if answers else labels.answers,
        escalation=tuple(expected[turn] for turn in sorted(expected)) if spoken_of else None,
        escalation_turns=tuple(sorted(scope)) if scope is not None and spoken_of else labels.escalation_turns,
    )
