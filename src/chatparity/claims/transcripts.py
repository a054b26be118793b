"""Logs from transcripts: what their outcomes, turns and labels say, one conversation a row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from chatparity.claims.fields import FIELDS, HANDLERS
from chatparity.claims.logs import Column, Logs, Words, made
from chatparity.errors import InputError, Problem
from chatparity.jsonl import scan, transcript_files
from chatparity.transcript import Transcript

REQUEST = "explicit_request"
META = ("answered", "abandoned", "cost", "effort_seconds", "person_asked_turn", "person_given_turn")
Value = str | float | None


def read_transcripts_as_logs(
    paths: Sequence[Path], others: Iterable[tuple[str, str]] = (), *, skip_invalid: bool = False
) -> Logs:
    """Read transcript files and folders as logs.

    A field that the transcript has no place for (`cost`, `abandoned`, …) is looked for in `meta`; so are the columns
    that single claims name (`others`: field and key of `meta`). Raises InputError listing every bad line; with
    `skip_invalid` they are counted and left out.
    """
    asked = tuple(others)
    rows: dict[tuple[str, str], list[Value]] = {one: [] for one in (*((name, "") for name in FIELDS), *asked)}
    bad: list[Problem] = []
    lines = 0
    synthetic = False
    for path, line, item in scan(paths):
        if isinstance(item, Transcript):
            try:
                got = _row(item) | {one: _meta(item, one[0], one[1]) for one in asked}
            except ValueError as error:
                bad.append(Problem(path, line, "meta", str(error)))
                lines += 1
                continue
            synthetic = synthetic or item.synthetic
            for key, column in rows.items():
                column.append(got.get(key))
        else:
            lines += not bad or (bad[-1].path, bad[-1].line) != (path, line)
            bad.append(item)
    if bad and not skip_invalid:
        raise InputError(bad)
    columns = {key: _column(key[0], values) for key, values in rows.items() if any(one is not None for one in values)}
    return made(
        {name: one for (name, instead), one in columns.items() if not instead},
        sources=tuple(str(path) for path in transcript_files(paths)),
        synthetic=synthetic,
        invalid=lines,
        others={key: one for key, one in columns.items() if key[1]},
    )


def _row(one: Transcript) -> dict[tuple[str, str], Value]:
    """Return the fields of one conversation."""
    outcome = one.outcome
    asked, given = _person(one)
    found: dict[str, Value] = {
        "id": one.id,
        "customer": one.customer or one.cluster,
        "started_at": one.started_at.timestamp() if one.started_at is not None else None,
        "language": one.language,
        "market": one.market,
        "channel": one.channel,
        "intent": one.intent,
        "difficulty": one.difficulty,
        "handled_by": outcome.handled_by or _handler(one),
        "resolved": _flag(outcome.resolved),
        "recontact_7d": _flag(outcome.recontact_7d),
        "handle_seconds": outcome.handle_seconds,
        "csat": outcome.csat,
        "accuracy": _accuracy(one),
        "person_asked_turn": asked,
        "person_given_turn": given,
    }
    for name in META:
        if found.get(name) is None:
            found[name] = _meta(one, name, name)
    return {(name, ""): value for name, value in found.items()}


def _handler(one: Transcript) -> str | None:
    """Return who answered, from the speakers: both where people and the assistant did, None where nobody did."""
    human = any(turn.speaker == "human_agent" for turn in one.turns)
    ai = any(turn.speaker == "ai_agent" for turn in one.turns)
    return "both" if ai and human else "ai" if ai else "human" if human else None


def _accuracy(one: Transcript) -> float | None:
    """Return the mean of what people said of the accuracy of its answers."""
    said = [label.accuracy for label in one.labels.answers or () if label.accuracy is not None]
    return math.fsum(said) / len(said) if said else None


def _person(one: Transcript) -> tuple[float | None, float | None]:
    """Return the turn of the first message that asks for a person, by its label, and the turn at which one took over.

    A label stands at the answer; the request is the customer's message before it. A person has taken over where one
    speaks after the assistant did.
    """
    labels = one.labels.escalation or ()
    due = min((label.turn for label in labels if label.reason == REQUEST and label.expect == "now"), default=None)
    if due is None:
        return None, None
    took = (at for at, turn in enumerate(one.turns) if at >= due and turn.speaker == "human_agent")
    return due - 1, next(took, None)


def _meta(one: Transcript, name: str, key: str) -> Value:
    """Return a value of `meta` by the type of a field. Raises ValueError for one that is not of it."""
    value = one.meta.get(key)
    if value is None:
        return None
    kind = FIELDS[name].kind
    if kind == "text" and isinstance(value, str) and (name != "handled_by" or value in HANDLERS):
        return value
    if kind == "flag" and isinstance(value, bool):
        return float(value)
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    expected = {"flag": "true or false", "number": "a finite number"}.get(kind, "a text that the field allows")
    raise ValueError(f"{key}: expected {expected}, got {value!r}")


def _flag(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _column(name: str, values: Sequence[Value]) -> Column:
    if FIELDS[name].kind == "text":
        return Words.of([one if isinstance(one, str) else None for one in values])
    return np.array([math.nan if one is None else one for one in values], dtype=np.float64)
