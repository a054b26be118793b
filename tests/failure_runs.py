"""Runs made up for the tests of failure maps: replies that fail or do not, in given words, on disk or in memory."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatparity.exchange import Evidence, Failure, Reply, ReplyRecord
from chatparity.failures import FailureMap
from chatparity.failures.measure import Measure
from chatparity.failures.read import Failing, Numbering, Run, Seen, Told
from chatparity.failures.result import Category, Change
from chatparity.grading.rows import ScoreRow
from chatparity.grading.taxonomy import FailureKind, Taxonomy
from chatparity.run.folder import RunFolder
from chatparity.transcript import Transcript, Turn

from .reports_sample import run_at

KINDS = ("tone", "wrong fact", "language", "action not done", "missed handover")
TAXONOMY = Taxonomy(
    version="t", failures=tuple(FailureKind(name=name, says="", dimensions=(f"of {name}",)) for name in KINDS)
)
FEE = "As a gold customer you get a guarantee of ninety days on every purchase"


def reply(
    number: int,
    text: str,
    *,
    fails: bool = False,
    turn: int = 1,
    dimension: str = "hallucination",
    outcome: str = "unsupported_value",
    reason: str = '"£3" is in no knowledge',
    quote: str = "Where is my parcel?",
    language: str = "en",
    grader: str | None = None,
    **more: Any,
) -> tuple[ReplyRecord, ScoreRow]:
    """Return one reply of a conversation and its score."""
    name = f"{language}-{number:04d}"
    evidence = (Evidence(text=text[:5], start=0, end=5),) if fails and text else ()
    row = ScoreRow(
        id=name,
        turn=turn,
        trial=0,
        arm="ai",
        grader=grader or dimension,
        dimension=dimension,
        state="graded",
        cluster=name,
        slices={"language": language, "market": "GB"},
        verdict="fail" if fails else "pass",
        value=0.0 if fails else 1.0,
        outcome=outcome if fails else "clean",
        reason=reason if fails else "fine",
        evidence=evidence,
        metrics={"rate": not fails},
        quote=quote,
        **more,
    )
    return ReplyRecord(id=name, turn=turn, trial=0, state="replied", reply=Reply(text=text)), row


def unanswered(number: int) -> tuple[ReplyRecord, ScoreRow]:
    """Return an exchange that the endpoint did not answer."""
    name = f"en-{number:04d}"
    failure = Failure(kind="timeout", message="no answer within 30 s", attempts=4)
    row = ScoreRow(
        id=name,
        turn=1,
        trial=0,
        arm="ai",
        grader="hallucination",
        dimension="hallucination",
        state="errored",
        cluster=name,
        slices={"language": "en", "market": "GB"},
        reason="timeout: no answer within 30 s",
        metrics={"rate": None},
    )
    return ReplyRecord(id=name, turn=1, trial=0, state="errored", failure=failure), row


def run_of(path: Path, replies: Iterable[tuple[ReplyRecord, ScoreRow]]) -> RunFolder:
    """Write a run with these replies."""
    pairs = list(replies)
    records = {record.key: record for record, _ in pairs}
    names = sorted({record.id for record, _ in pairs})
    turns = (Turn(speaker="customer", text="Where is my parcel?"), Turn(speaker="human_agent", text="On its way."))
    talks = [Transcript(schema=1, id=name, language=name[:2], turns=turns, synthetic=True) for name in names]
    return run_at(path, talks, list(records.values()), [row for _, row in pairs])


def category(found: FailureMap, name: str) -> Category:
    """Return a category of a map."""
    return next(one for one in found.categories if one.name == name)


def change(found: FailureMap, name: str) -> Change:
    """Return what changed of a category."""
    one = category(found, name).change
    assert one is not None
    return one


def in_memory(
    folder: Path, numbering: Numbering, dice: random.Random, chances: Sequence[float], share: float = 1.0
) -> Run:
    """Return a run of three replies a conversation, each failing with its conversation's chance times `share`."""
    run = Run(RunFolder(folder))
    rows = {name: reply(0, "x", dimension=f"of {name}")[1] for name in KINDS}
    bits = {name: numbering.bit(row) for name, row in rows.items()}
    for talk, chance in enumerate(chances):
        for turn in (1, 3, 5):
            key = (f"t{talk:03}", turn, 0)
            seen = run.replies[key] = Seen(key[0], {"language": "en"}, graded=sum(bits.values()))
            if dice.random() < chance * share:
                kind = dice.choice(KINDS)
                seen.found[kind] = bits[kind]
                words = SUBJECTS[(talk + dice.randrange(2)) % len(SUBJECTS)]
                run.failing[key] = Failing(
                    " ".join(dice.choices(words, k=6)),
                    [Told(kind, kind, "", "")],
                    passage=" ".join(dice.choices(words, k=9)),
                )
    return run


SUBJECTS: Sequence[Sequence[str]] = (
    ("invoice", "reminder", "letter", "payment", "overdue", "collection"),
    ("parcel", "courier", "depot", "tracking", "doorstep", "neighbour"),
    ("password", "login", "locked", "device", "verification", "browser"),
    ("refund", "returned", "boots", "warehouse", "label", "exchange"),
    ("contract", "cancel", "notice", "subscription", "renewal", "yearly"),
    ("appointment", "engineer", "router", "morning", "visit", "cable"),
)


def said_anywhere(measure: Measure, groups: Sequence[Any]) -> Mapping[str, str]:
    """Return what is said of any failure, of each category and of each theme."""
    overall, categories, themes, _ = measure.changes(groups)
    found = {name: one.said for name, one in categories.items()}
    found |= {f"theme {number}": one.said for number, one in enumerate(themes) if one is not None}
    return found | ({"any": overall.said} if overall else {})
