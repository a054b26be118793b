"""The conversations that drove the verdict, laid out to be read side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from chatparity.exchange import Evidence, Reply, ReplyRecord
from chatparity.gate.result import Example, GateResult
from chatparity.grading.rows import ScoreRow
from chatparity.transcript import ToolCall, Turn

from . import words
from .chosen import chosen
from .material import Key, Material
from .text import Segment, clipped, direction, segments

EARLIER = 4
SPEAKERS = {"customer": "Customer", "human_agent": "Person on record", "ai_agent": "AI", "tool": "System"}


@dataclass(frozen=True)
class Bubble:
    """One message; `side` is customer, human_agent, ai_agent or tool, `calls` what was called before it was said."""

    side: str
    who: str
    text: tuple[Segment, ...]
    dir: str
    calls: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """Return the message without its marks."""
        return "".join(part.text for part in self.text)


@dataclass(frozen=True)
class Answer:
    """One side's answer at the place in question with what the grader said of it; no bubble, no answer."""

    title: str
    bubble: Bubble | None
    verdict: str
    outcome: str
    reason: str
    handover: bool


@dataclass(frozen=True)
class Passage:
    """A passage of knowledge that a score rests on."""

    id: str
    text: tuple[Segment, ...]
    dir: str


@dataclass(frozen=True)
class Reading:
    """One conversation to read: where it is, which gate it speaks for, and what was said up to the place.

    `swapped`: where it is hidden who is who, the person's answer stands first; by a hash, so that no order tells.
    """

    id: str
    turn: int
    language: str
    language_name: str
    dimension: str
    heading: str
    gate: str
    outcome: str
    earlier: tuple[Bubble, ...]
    before: tuple[Bubble, ...]
    ai: Answer
    human: Answer
    passages: tuple[Passage, ...]
    swapped: bool

    @property
    def letters(self) -> tuple[str, str]:
        """Return what the AI's and the person's answer are called where it is hidden who is who."""
        return ("B", "A") if self.swapped else ("A", "B")


def readings(material: Material, names: words.Names) -> list[Reading]:
    """Return up to ten conversations: those of the red gates in turn, then of the others, then people’s failures."""
    return [_reading(material, names, gate, example) for gate, example in chosen(material)]


def _reading(material: Material, names: words.Names, gate: GateResult, example: Example) -> Reading:
    """Lay out one conversation up to the answer in question."""
    transcript = material.transcripts[example.id]
    row = _row(material, gate, example, "ai")
    key: Key = row.key if row else (example.id, example.turn, 0)
    evidence = row.evidence if row else ()
    bubbles = [
        _bubble(turn.speaker, turn.text, turn.tool_calls, evidence, f"turn:{place}")
        for place, turn in enumerate(_history(material, key))
    ]
    cited = {one.where.removeprefix("knowledge:") for one in evidence if one.where.startswith("knowledge:")}
    return Reading(
        id=example.id,
        turn=example.turn,
        language=transcript.language,
        language_name=names.language(transcript.language),
        dimension=gate.dimension,
        heading=f"{gate.dimension}{names.within(gate.slice)}",
        gate=words.metric_name(gate.dimension, gate.metric, gate.grader),
        outcome=_plain_outcome(example.outcome),
        earlier=tuple(bubbles[:-EARLIER]),
        before=tuple(bubbles[-EARLIER:]),
        ai=_ai(material, row, key, example),
        human=_human(material, gate, example, key),
        passages=tuple(
            Passage(one.id, segments(one.text, evidence, f"knowledge:{one.id}"), direction(one.text))
            for one in transcript.knowledge
            if one.id in cited
        ),
        swapped=bool(hashlib.sha256(f"{example.id} {example.turn}".encode()).digest()[0] % 2),
    )


def _plain_outcome(outcome: str | None) -> str:
    """Return a grader's word for what it found, with spaces."""
    return (outcome or "").replace("_", " ")


def _row(material: Material, gate: GateResult, example: Example, arm: str) -> ScoreRow | None:
    """Return the score row that an example speaks of: of several trials, the one with its outcome."""
    rows = [
        row
        for row in material.rows
        if (row.id, row.turn, row.arm, row.grader) == (example.id, example.turn, arm, gate.grader)
    ]
    bad = [row for row in rows if row.metrics.get(gate.metric) is (not gate.good_is_high)]
    same = [row for row in bad if row.outcome == example.outcome]
    return next(iter(same or bad or rows), None)


def _history(material: Material, key: Key) -> Sequence[Turn]:
    """Return what the agent had seen when it answered."""
    # Imported here because it brings the template engine with it, which importing a report must not.
    from chatparity.replay import as_seen, plan

    manifest = material.manifest
    transcript = material.transcripts[key[0]]
    for conversation in plan([transcript], trials=manifest.trials, languages=manifest.languages):
        for point in as_seen(conversation, material.records, manifest.mode):
            if (point.turn, point.trial) == key[1:]:
                return point.history
    return transcript.turns[: key[1]]


def _bubble(side: str, text: str, calls: Sequence[ToolCall], evidence: Sequence[Evidence], where: str) -> Bubble:
    """Return a message as a bubble with its evidence marked."""
    return Bubble(
        side=side,
        who=SPEAKERS[side],
        text=segments(text, evidence, where),
        dir=direction(text),
        calls=tuple(_call(call) for call in calls),
    )


def _call(call: ToolCall) -> str:
    """Return a tool call on one line."""
    arguments = ", ".join(f"{name}: {value}" for name, value in call.arguments.items())
    return clipped(f"{call.name}({arguments}){'' if call.ok else ' refused'}", 160)


def _ai(material: Material, row: ScoreRow | None, key: Key, example: Example) -> Answer:
    """Return the answer under examination; without one, why there is none."""
    record = material.records.get(key)
    reply = record.reply if record else None
    return Answer(
        title="AI, under examination",
        bubble=_said("ai_agent", reply, row),
        verdict=_verdict(row),
        outcome=_plain_outcome((row.outcome if row else None) or example.outcome),
        reason=(row.reason if row else "") or example.reason or _failed(record),
        handover=reply is not None and reply.handover,
    )


def _human(material: Material, gate: GateResult, example: Example, key: Key) -> Answer:
    """Return what the person on record answered at the same place."""
    row = _row(material, gate, example, "human")
    reply = material.reply("human", key)
    return Answer(
        title=f"Person on record{' (synthetic)' if material.synthetic else ''}",
        bubble=_said("human_agent", reply, row),
        verdict=_verdict(row),
        outcome=_plain_outcome(row.outcome if row else ""),
        reason=row.reason if row else "",
        handover=reply is not None and reply.handover,
    )


def _said(side: str, reply: Reply | None, row: ScoreRow | None) -> Bubble | None:
    """Return a reply as a bubble, or None when there is none."""
    if reply is None:
        return None
    return _bubble(side, reply.text, reply.tool_calls, row.evidence if row else (), "reply")


def _verdict(row: ScoreRow | None) -> str:
    """Return what became of a score in one word: pass, fail, abstained, errored, …; nothing when none was planned."""
    if row is None:
        return ""
    return row.verdict if row.state == "graded" and row.verdict else row.state


def _failed(record: ReplyRecord | None) -> str:
    """Return why there is no reply."""
    if record is None:
        return "the agent was not asked"
    return f"{record.failure.kind}: {record.failure.message}" if record.failure else record.reason
