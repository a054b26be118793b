"""What a judge is shown of an exchange or a conversation, and where in it a quote stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chatparity.errors import JudgeFailure
from chatparity.exchange import Evidence, Exchange, Point, Reply
from chatparity.judge import Pseudonyms, Redacted
from chatparity.transcript import Fact, Knowledge, ToolCall


@dataclass(frozen=True)
class Material:
    """What is put before a judge, as JSON, and the texts that its quotes may come from, redacted alike.

    `texts` are named as evidence is, in the order in which a quote is looked for; `graded` names those of which at
    least one must be quoted, where they are not empty. `rest` is what no span can point at: records and tool calls.
    """

    shown: Mapping[str, Any]
    texts: tuple[tuple[str, Redacted], ...]
    graded: frozenset[str]
    rest: str

    def locate(self, quote: str) -> Evidence | None:
        """Return where a quote stands, with the original's words and places; None when it is in no text.

        Runs of white space count as equal, because models do not copy line breaks; nothing else is forgiven.
        """
        words = quote.split()
        if not words:
            return None
        pattern = re.compile(r"\s+".join(map(re.escape, words)))
        for where, text in self.texts:
            match = pattern.search(text.text)
            if match:
                start, end = text.span(*match.span())
                return Evidence(text=text.original[start:end], start=start, end=end, where=where)
        return None

    def holds(self, quote: str) -> bool:
        """Say whether a quote stands in records or tool calls, as the judge saw them."""
        words = quote.split()
        return bool(words) and " ".join(words) in " ".join(self.rest.split())

    @property
    def must_quote(self) -> bool:
        """Say whether what is graded has words that a verdict can rest on."""
        return any(text.text.strip() for where, text in self.texts if where in self.graded)


def material_of(
    exchange: Exchange, *, reference_facts: bool = False, reference_answer: bool = False, redact: bool = True
) -> Material:
    """Return what a judge sees of one exchange: nothing of who answers, no label but reference facts.

    Turns of people and of machines are both `agent`; the transcript's id, slices, ratings and outcome are left out.
    With `reference_answer` the answer that a person gave at this place is shown beside the one that is graded.
    Raises JudgeFailure `leak` when personal data is left after redaction.
    """
    made = _Making(exchange.point, [exchange.reply], redact)
    shown = made.context()
    shown["conversation"] = [
        {"turn": number, "speaker": role(turn.speaker), **made.said(f"turn:{number}", turn.text, turn.tool_calls)}
        for number, turn in enumerate(exchange.history)
    ]
    shown["reply"] = made.said("reply", exchange.reply.text, exchange.reply.tool_calls)
    reference = exchange.point.reference
    if reference_answer and reference is not None:
        shown["reference_answer"] = made.said("reference", reference.text, reference.tool_calls)
    if reference_facts and exchange.labels.facts is not None:
        shown["reference_facts"] = [_fact(fact, exchange.point, made.names) for fact in exchange.labels.facts]
    return made.material(shown, ("reply",))


def conversation_material(exchanges: Sequence[Exchange], *, redact: bool = True) -> Material:
    """Return what a judge sees of one side's whole conversation: the customer's words and this side's replies.

    A reply is named `reply:TURN` by the turn at which it answers, the last one `reply`. Raises as `material_of` does.
    """
    made = _Making(exchanges[-1].point, [one.reply for one in exchanges], redact)
    shown = made.context()
    turns: list[dict[str, Any]] = []
    for one in exchanges:
        start = _first_of_message(one.point)
        for number in range(start, len(one.history)):
            turn = one.history[number]
            if role(turn.speaker) != "agent":
                turns.append({"speaker": turn.speaker, **made.said(f"turn:{number}", turn.text)})
        where = "reply" if one is exchanges[-1] else f"reply:{one.turn}"
        turns.append({"speaker": "agent", **made.said(where, one.reply.text, one.reply.tool_calls)})
    shown["conversation"] = [{"turn": number, **turn} for number, turn in enumerate(turns)]
    return made.material(shown, [where for where, _ in made.texts if where.startswith("reply")])


def comparison_material(exchange: Exchange, *, swapped: bool, redact: bool = True) -> Material:
    """Return an exchange with two answers to compare, `first` and `second`, and nothing that tells whose they are.

    Unless `swapped` the first is the one that is graded and the second a person's. Raises as `material_of` does.
    """
    reference = exchange.point.reference or Reply(text="")
    made = _Making(exchange.point, [exchange.reply, reference], redact)
    shown = made.context()
    shown["conversation"] = [
        {"turn": number, "speaker": role(turn.speaker), **made.said(f"turn:{number}", turn.text, turn.tool_calls)}
        for number, turn in enumerate(exchange.history)
    ]
    mine = made.said("reply", exchange.reply.text, exchange.reply.tool_calls)
    other = made.said("reference", reference.text, reference.tool_calls)
    shown["first"], shown["second"] = (other, mine) if swapped else (mine, other)
    return made.material(shown, ("reply", "reference"))


class _Making:
    """One material under way: the texts so far, redacted by the same pseudonyms.

    The customer's data is learnt in the order in which it came up, so that the pseudonyms of one conversation are the
    same at each of its turns.
    """

    def __init__(self, point: Point, replies: Sequence[Reply], redact: bool) -> None:
        self.point = point
        self.names = Pseudonyms(point.market, on=redact)
        self.texts: list[tuple[str, Redacted]] = []
        self._calls: list[Any] = []
        self.names.learn(point.records)
        calls = [call for turn in point.history for call in turn.tool_calls]
        for call in [*calls, *(call for reply in replies for call in reply.tool_calls)]:
            self.names.learn([call.arguments, call.result])

    def context(self) -> dict[str, Any]:
        """Return date, language, knowledge and records."""
        on = self.point.started_at
        knowledge = []
        for passage in knowledge_at(self.point):
            text = self.names.of(passage.text)
            self.texts.append((f"knowledge:{passage.id}", text))
            knowledge.append({"id": passage.id, "text": text.text})
        return {
            "date": on.date().isoformat() if on else None,
            "language": self.point.language,
            "knowledge": knowledge,
            "records": self.names.within(dict(self.point.records)),
        }

    def said(self, where: str, text: str, calls: tuple[ToolCall, ...] = ()) -> dict[str, Any]:
        """Return a message for the judge, and remember where its words may be quoted from."""
        redacted = self.names.of(text)
        self.texts.append((where, redacted))
        shown = [
            {"name": one.name, **self.names.within({"arguments": one.arguments, "ok": one.ok, "result": one.result})}
            for one in calls
        ]
        self._calls.append(shown)
        return {"text": redacted.text, **({"tool_calls": shown} if shown else {})}

    def material(self, shown: dict[str, Any], graded: Sequence[str]) -> Material:
        """Return the material. Raises JudgeFailure when something personal is left in it."""
        left = self.names.leaks(shown)
        if left:
            # Which text it is must not be said: the reason of a score is read by others.
            raise JudgeFailure("leak", f"nothing was sent: after redaction the text still holds: {', '.join(left)}")
        rest = msgspec.json.format(msgspec.json.encode([shown["records"], self._calls]), indent=1).decode()
        # Replies first, then the latest turn, then the knowledge.
        places = {"knowledge": 2, "turn": 1}
        last = {where: number for number, (where, _) in enumerate(self.texts)}
        ordered = sorted(
            self.texts,
            key=lambda one: (
                places.get(one[0].partition(":")[0], 0),
                one[0] != "reply",
                last[one[0]] if one[0].startswith("knowledge") else -last[one[0]],
            ),
        )
        return Material(shown, tuple(ordered), frozenset(graded), rest)


def knowledge_at(point: Point) -> list[Knowledge]:
    """Return the passages valid for a point: on its date (all, where it has none) and in its market."""
    on = point.started_at.date() if point.started_at else None
    return [
        passage
        for passage in point.knowledge
        if (passage.market is None or point.market is None or passage.market == point.market)
        and (on is None or passage.valid_from is None or passage.valid_from <= on)
        and (on is None or passage.valid_to is None or on <= passage.valid_to)
    ]


def is_reference(exchange: Exchange) -> bool:
    """Say whether the reply is the reference answer itself: there is nothing to compare."""
    reference = exchange.point.reference
    return reference is not None and (reference.text, reference.tool_calls) == (
        exchange.reply.text,
        exchange.reply.tool_calls,
    )


def role(speaker: str) -> str:
    """Return a speaker without telling people from machines."""
    return "agent" if speaker in ("human_agent", "ai_agent") else speaker


def _first_of_message(point: Point) -> int:
    """Return the turn at which what the customer says before a point begins."""
    at = len(point.history)
    while at and role(point.history[at - 1].speaker) != "agent":
        at -= 1
    return at


def _fact(fact: Fact, point: Point, names: Pseudonyms) -> dict[str, Any]:
    """Return a labelled fact; one without a turn is needed by the end of the conversation."""
    due = point.last if fact.due_by_turn is None else fact.due_by_turn <= point.turn
    return {"id": fact.id, "accepted_forms": names.within(list(fact.accept)), "needed_now": due}
