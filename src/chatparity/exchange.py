"""What passes between the harness, an agent and a grader: conversation, reply, exchange, score."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from chatparity.transcript import Knowledge, Labels, ToolCall, Turn

Verdict = Literal["pass", "fail", "abstained"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What an agent is shown when it is asked for a reply: never a label, never who answered before.

    `history` ends with the customer's message to be answered, or with a turn of the agent's own that holds the calls it
    asked for and their results. `system` is the system prompt, already filled in.
    `tools` are OpenAI function definitions. `session` stays the same for all turns of one conversation and trial.
    """

    id: str
    turn: int
    trial: int
    language: str
    history: tuple[Turn, ...]
    system: str = ""
    tools: tuple[Mapping[str, Any], ...] = ()
    market: str | None = None
    customer: str | None = None
    session: str = ""

    def messages(self) -> list[dict[str, Any]]:
        """Return the conversation as OpenAI chat messages, tool calls with their results in the places they had."""
        found: list[dict[str, Any]] = [{"role": "system", "content": self.system}] if self.system else []
        for index, turn in enumerate(self.history):
            if turn.speaker == "customer":
                found.append({"role": "user", "content": turn.text})
            elif turn.speaker == "tool":
                found.append({"role": "system", "content": turn.text})
            else:
                found.extend(_called(turn.tool_calls, index))
                if turn.text:
                    found.append({"role": "assistant", "content": turn.text})
        return found


def _called(calls: Sequence[ToolCall], index: int) -> list[dict[str, Any]]:
    """Return one assistant message that makes the calls, then one tool message for each result."""
    if not calls:
        return []
    asked, answered = [], []
    for number, call in enumerate(calls):
        key = f"call_{index}_{number}"
        arguments = msgspec.json.encode(call.arguments).decode()
        asked.append({"id": key, "type": "function", "function": {"name": call.name, "arguments": arguments}})
        content = msgspec.json.encode({"ok": call.ok, "result": call.result}).decode()
        answered.append({"role": "tool", "tool_call_id": key, "name": call.name, "content": content})
    return [{"role": "assistant", "content": None, "tool_calls": asked}, *answered]


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens that the endpoint says it read and wrote."""

    input_tokens: int = 0
    output_tokens: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent answered. Times are seconds since the request was sent; `None` is not measured.

    `handover` is whether it handed the conversation to a person: by a handover tool or by the endpoint's own flag.
    `cost` is in the currency of the suite's price table. `waiting`: it is no answer yet, the endpoint goes on once it
    has the results of its calls, whatever it said on the way.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    handover: bool = False
    latency: float | None = None
    first_token: float | None = None
    usage: Usage | None = None
    cost: float | None = None
    model: str | None = None
    waiting: bool = False


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why an endpoint gave no reply, after how many attempts; `kind` is `AgentFailure.kind`."""

    kind: str
    message: str
    attempts: int


ReplyState = Literal["replied", "errored", "diverged"]


class Spent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What asking at one point took, whatever became of it: requests with all retries, tokens, money (None: unknown).

    `at` is how many seconds the run had been replaying when the outcome was there, earlier sittings included.
    """

    requests: int
    usage: Usage | None = None
    cost: float | None = None
    at: float = 0.0


class ReplyRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of `replies.jsonl`: what became of asking the agent at one turn; without `spent`, it was not asked."""

    id: str
    turn: int
    trial: int
    state: ReplyState
    reply: Reply | None = None
    failure: Failure | None = None
    reason: str = ""
    spent: Spent | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        """Return what makes the record unique in a run: transcript, turn, trial."""
        return (self.id, self.turn, self.trial)


@dataclass(frozen=True, slots=True)
class Point:
    """A place where an agent is asked, with everything a grader may know before there is a reply.

    `labels` hold no ratings of the recorded answers, and nothing here tells whose reply is being graded.
    `history` is what the one who answers has seen; it ends with the customer's message. `reference` is what a person
    answered at this place, for graders that compare with it.
    """

    id: str
    turn: int
    trial: int
    language: str
    market: str | None
    channel: str
    intent: str | None
    difficulty: str | None
    started_at: dt.datetime | None
    cluster: str
    history: tuple[Turn, ...]
    knowledge: tuple[Knowledge, ...]
    records: Mapping[str, Any]
    labels: Labels
    last: bool
    claimed: bool = True
    customer: str | None = None
    reference: Reply | None = None

    @property
    def customer_text(self) -> str:
        """Return the customer's words since the last agent turn, joined by line breaks."""
        texts: list[str] = []
        for turn in reversed(self.history):
            if turn.speaker == "customer":
                texts.append(turn.text)
            elif turn.speaker != "tool":
                break
        return "\n".join(reversed(texts))

    @property
    def slices(self) -> dict[str, str]:
        """Return the slices this point belongs to, by name; what is unknown is left out."""
        values = {name: getattr(self, name) for name in ("language", "market", "intent", "channel", "difficulty")}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One reply in its context: what a turn-level grader sees.

    `earlier` are the replies of the same side at earlier turns of this conversation, oldest first. Attributes of the
    point (`history`, `labels`, `knowledge`, …) are reached through `point`, the most used also directly.
    """

    point: Point
    reply: Reply
    earlier: tuple[tuple[int, Reply], ...] = field(default=())

    @property
    def id(self) -> str:
        """Return the transcript's id."""
        return self.point.id

    @property
    def turn(self) -> int:
        """Return the turn that is answered."""
        return self.point.turn

    @property
    def language(self) -> str:
        """Return the language of the conversation."""
        return self.point.language

    @property
    def history(self) -> tuple[Turn, ...]:
        """Return what the one who answered has seen."""
        return self.point.history

    @property
    def labels(self) -> Labels:
        """Return the labels, without ratings of recorded answers."""
        return self.point.labels


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A span of text that a score rests on: characters `[start, end)` of the text named by `where`.

    `where` is `reply`, `turn:N` (a turn of the history), `reply:N` (an earlier reply of the same side, at turn N, where
    a whole conversation was graded), `reference` (a person's answer) or `knowledge:ID`.
    """

    text: str
    start: Annotated[int, msgspec.Meta(ge=0)]
    end: Annotated[int, msgspec.Meta(ge=0)]
    where: str = "reply"


class Ballot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one judge of a panel said; `judge` is its model and where it was asked."""

    judge: str
    verdict: Verdict
    reason: str
    value: float | None = None
    outcome: str | None = None


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a grader says of an exchange or a conversation.

    `value` is in [0, 1], 1 is best, and is `None` exactly when the verdict is `abstained`. `outcome` is one word of the
    grader's own for what it found (`missed`, `unnecessary`, …), counted in reports. `panel` is what each of several
    judges said.
    """

    verdict: Verdict
    reason: str
    value: float | None = None
    evidence: tuple[Evidence, ...] = ()
    outcome: str | None = None
    panel: tuple[Ballot, ...] = ()

    def __post_init__(self) -> None:
        """Hold the promise that only an abstention has no value."""
        if (self.value is None) != (self.verdict == "abstained"):
            raise ValueError(f"a score has a value unless it abstains, got {self.verdict} with {self.value}")
        if self.value is not None and not 0 <= self.value <= 1:
            raise ValueError(f"a score's value lies in [0, 1], got {self.value}")

    @classmethod
    def passed(
        cls, reason: str, *, value: float = 1.0, evidence: Sequence[Evidence] = (), outcome: str | None = None
    ) -> Score:
        """Return a passing score."""
        return cls(verdict="pass", value=value, reason=reason, evidence=tuple(evidence), outcome=outcome)

    @classmethod
    def failed(
        cls, reason: str, *, value: float = 0.0, evidence: Sequence[Evidence] = (), outcome: str | None = None
    ) -> Score:
        """Return a failing score."""
        return cls(verdict="fail", value=value, reason=reason, evidence=tuple(evidence), outcome=outcome)

    @classmethod
    def abstained(cls, reason: str, *, outcome: str | None = None) -> Score:
        """Return an abstention: neither good nor bad, and why it cannot be told."""
        return cls(verdict="abstained", reason=reason, outcome=outcome)
