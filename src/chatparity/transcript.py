"""The transcript: a recorded conversation with its labels, as it stands on one line of a JSON Lines file.

A *turn* is named by its 0-based place in `turns`. Labels point at agent turns: `{"turn": 3}` is the answer that
begins at `turns[3]`.
A label that is absent (`null`) was never given; an empty list says "labelled, and there is nothing".
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec

Speaker = Literal["customer", "human_agent", "ai_agent", "tool"]
Expect = Literal["none", "offer", "now"]
AGENTS = ("human_agent", "ai_agent")
SCHEMA = 1

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
TurnIndex = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Market = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$")]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings shared by all parts: immutable, named fields, a misspelt field is an error."""


class ToolCall(_Part, frozen=True):
    """A call an agent made: `ok` is whether the tool did it, `result` what it returned or why it refused."""

    name: Name
    arguments: dict[str, Any] = {}
    ok: bool = True
    result: Any = None


class Turn(_Part, frozen=True):
    """One message; `at` is seconds since the conversation began, `tool_calls` what the agent called before it spoke."""

    speaker: Speaker
    text: str = ""
    at: float | None = None
    tool_calls: tuple[ToolCall, ...] = ()


class Knowledge(_Part, frozen=True):
    """A passage that is true in this conversation; dates of validity are inclusive, `None` is unbounded."""

    id: Name
    text: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    market: Market | None = None


class Fact(_Part, frozen=True):
    """Something the agent must say, at the latest in the answer at `due_by_turn`; any form in `accept` will do."""

    id: Name
    accept: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    due_by_turn: TurnIndex | None = None


class Forbidden(_Part, frozen=True):
    """Something the agent must not say, in any of the forms of `reject`, and why."""

    id: Name
    reject: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    reason: str = ""


class ExpectedAction(_Part, frozen=True):
    """A tool call that must have happened, with these arguments, at the latest in the answer at `due_by_turn`."""

    name: Name
    arguments: dict[str, Any] = {}
    due_by_turn: TurnIndex | None = None


class EscalationLabel(_Part, frozen=True):
    """Whether the answer at `turn` must hand over (`now`), may offer it (`offer`) or must not (`none`), and why."""

    turn: TurnIndex
    expect: Expect
    reason: str = ""


class AnswerLabel(_Part, frozen=True):
    """What people said about the recorded answer at `turn`: politeness is 1 (rude) to 5; accuracy 0 to 1."""

    turn: TurnIndex
    accuracy: Share | None = None
    politeness: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    hallucinated: bool | None = None
    note: str = ""


class Labels(_Part, frozen=True):
    """What is right in this conversation. A list that is absent was not labelled; an empty one was, as "nothing".

    `escalation` lists only turns that stand out: once the list is there, every other answer expects `none`. Where only
    some answers were looked at, `escalation_turns` lists those, and nothing is said of the others.
    """

    facts: tuple[Fact, ...] | None = None
    forbidden: tuple[Forbidden, ...] | None = None
    actions: tuple[ExpectedAction, ...] | None = None
    escalation: tuple[EscalationLabel, ...] | None = None
    escalation_turns: tuple[TurnIndex, ...] | None = None
    answers: tuple[AnswerLabel, ...] | None = None


class Outcome(_Part, frozen=True):
    """How the recorded conversation ended; `recontact_7d`: the same matter came back within seven days."""

    handled_by: Literal["human", "ai", "both"] | None = None
    resolved: bool | None = None
    recontact_7d: bool | None = None
    csat: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    handle_seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Transcript(_Part, frozen=True):
    """One recorded conversation. `cluster` names what several transcripts share (a task tried four times)."""

    schema: Literal[1]
    id: Name
    language: Language
    turns: Annotated[tuple[Turn, ...], msgspec.Meta(min_length=1)]
    market: Market | None = None
    channel: str = "chat"
    intent: str | None = None
    difficulty: str | None = None
    customer: str | None = None
    started_at: dt.datetime | None = None
    cluster: str | None = None
    synthetic: bool = False
    source: str | None = None
    knowledge: tuple[Knowledge, ...] = ()
    records: dict[str, Any] = {}
    labels: Labels = Labels()
    outcome: Outcome = Outcome()
    meta: dict[str, Any] = {}


def answer_turns(transcript: Transcript) -> list[int]:
    """Return the turns at which an agent is asked: the first agent turn after each customer's message.

    Agent and tool turns that follow each other are one answer. A last customer message that nobody answered counts
    as well (its place is `len(turns)`) when the transcript has no agent turn at all or a label points at it.
    """
    found: list[int] = []
    waiting = False
    for index, turn in enumerate(transcript.turns):
        if turn.speaker == "customer":
            waiting = True
        elif waiting and turn.speaker in AGENTS:
            found.append(index)
            waiting = False
    if waiting and (not found or len(transcript.turns) in labelled_turns(transcript.labels)):
        found.append(len(transcript.turns))
    return found


def answer_block(transcript: Transcript, turn: int) -> tuple[Turn, ...]:
    """Return the recorded answer that begins at `turn`: its agent and tool turns up to the next customer message."""
    block: list[Turn] = []
    for part in transcript.turns[turn:]:
        if part.speaker == "customer":
            break
        block.append(part)
    return tuple(block)


def labelled_turns(labels: Labels) -> set[int]:
    """Return every turn that some label points at."""
    return {turn for _, turn in _places(labels)}


def _places(labels: Labels) -> list[tuple[str, int]]:
    """Return each label's field and the turn it points at, where it points at one."""
    due: list[tuple[str, int | None]] = [
        *((f"labels.facts[{n}].due_by_turn", label.due_by_turn) for n, label in enumerate(labels.facts or ())),
        *((f"labels.actions[{n}].due_by_turn", label.due_by_turn) for n, label in enumerate(labels.actions or ())),
        *((f"labels.escalation[{n}].turn", label.turn) for n, label in enumerate(labels.escalation or ())),
        *((f"labels.escalation_turns[{n}]", turn) for n, turn in enumerate(labels.escalation_turns or ())),
        *((f"labels.answers[{n}].turn", label.turn) for n, label in enumerate(labels.answers or ())),
    ]
    return [(place, turn) for place, turn in due if turn is not None]


def problems(transcript: Transcript) -> list[tuple[str, str]]:
    """Return what is wrong with a transcript beyond its types, as (field, what was expected) pairs."""
    found: list[tuple[str, str]] = []
    answers = set(answer_turns(transcript))
    if not any(turn.speaker == "customer" for turn in transcript.turns):
        found.append(("turns", 'expected at least one turn whose speaker is "customer"'))
    for index, turn in enumerate(transcript.turns):
        if turn.speaker == "customer" and not turn.text.strip():
            found.append((f"turns[{index}].text", "expected what the customer wrote, got an empty text"))
        if turn.speaker not in AGENTS and turn.tool_calls:
            found.append((f"turns[{index}].tool_calls", "expected tool calls only on turns of an agent"))
    known = ", ".join(map(str, sorted(answers))) or "none"
    for place, value in _places(transcript.labels):
        if value not in answers:
            found.append((place, f"expected the turn of an answer ({known}), got {value}"))
    for name in ("facts", "forbidden"):
        ids = [label.id for label in getattr(transcript.labels, name) or ()]
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            found.append((f"labels.{name}", f'expected ids that differ, got "{twice}" twice'))
    if len({knowledge.id for knowledge in transcript.knowledge}) != len(transcript.knowledge):
        found.append(("knowledge", "expected ids that differ"))
    return found


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one line of a transcript file."""
    schema = msgspec.json.schema(Transcript)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"chatparity transcript, schema {SCHEMA}",
        **schema,
    }
