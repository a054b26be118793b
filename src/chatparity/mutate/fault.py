"""What a fault is: a function that plants one thing wrong into a good answer, or says why it cannot."""

from __future__ import annotations

import functools
import inspect
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from chatparity.mutate.bank import Bank, load_bank, of_half
from chatparity.mutate.edit import parts_of
from chatparity.mutate.known import Known, known_in
from chatparity.points import recorded_reply
from chatparity.splits import Split
from chatparity.transcript import AGENTS, EscalationLabel, Knowledge, ToolCall, Transcript, answer_turns

# A value in a passage of the policy, or the code of its currency.
PASSAGE_VALUE = re.compile(r"(?<![\w.:-])\d+(?:\.\d+)?(?![\w:])|\b[A-Z]{3}\b")
NO_PHRASES = "no phrases in this language"


@dataclass(frozen=True)
class World:
    """What is known beside one conversation.

    `handover_tools` are the suite's, that which the data use first. `writes` are calls that changed something in some
    conversation of the data. `passages` are all of the policy, whenever and wherever valid.
    """

    handover_tools: tuple[str, ...] = ("hand_over",)
    writes: tuple[ToolCall, ...] = ()
    passages: tuple[Knowledge, ...] = ()

    def worded_like(self, passage: Knowledge) -> list[Knowledge]:
        """Return the passages that differ from one in nothing but values and currencies, itself among them."""
        return self._by_wording.get(_wording(passage.text), [])

    @cached_property
    def _by_wording(self) -> dict[str, list[Knowledge]]:
        """Return the passages by how they are worded."""
        found: dict[str, list[Knowledge]] = {}
        for passage in self.passages:
            found.setdefault(_wording(passage.text), []).append(passage)
        return found


@functools.lru_cache(maxsize=4096)
def _wording(text: str) -> str:
    """Return a passage without its values and currencies: what is left is how it is worded."""
    return PASSAGE_VALUE.sub("#", text)


@dataclass(frozen=True)
class Answer:
    """One good answer into which a fault may be planted, with its own source of chance and the half of the phrases.

    `read` is what the conversation knows, where that was read before.
    """

    transcript: Transcript
    turn: int
    world: World = field(default_factory=World)
    split: Split = "all"
    rng: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - to be repeated, no secret
    read: Known | None = None

    @property
    def language(self) -> str:
        """Return the language of the conversation without a region."""
        return self.transcript.language.split("-")[0]

    @cached_property
    def parts(self) -> list[int]:
        """Return the agent turns that make up the answer."""
        return parts_of(self.transcript, self.turn)

    @cached_property
    def text(self) -> str:
        """Return all that the answer says."""
        return "\n".join(self.transcript.turns[index].text for index in self.parts)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Return the calls of the answer."""
        return tuple(call for index in self.parts for call in self.transcript.turns[index].tool_calls)

    @cached_property
    def earlier(self) -> list[int]:
        """Return the turns of the answers before this one, oldest first."""
        return [turn for turn in answer_turns(self.transcript) if turn < self.turn]

    @cached_property
    def said_before(self) -> str:
        """Return all that agents said before this answer."""
        return "\n".join(turn.text for turn in self.transcript.turns[: self.turn] if turn.speaker in AGENTS)

    @cached_property
    def asked(self) -> str:
        """Return all that the customer wrote before this answer."""
        return "\n".join(turn.text for turn in self.transcript.turns[: self.turn] if turn.speaker == "customer")

    @cached_property
    def known(self) -> Known:
        """Return the values that the conversation can rest on."""
        return self.read or known_in(self.transcript)

    @cached_property
    def bank(self) -> Bank | None:
        """Return the phrases of the language, if it has any."""
        return load_bank(self.language)

    @property
    def escalation(self) -> EscalationLabel | None:
        """Return what the answer should have done, `none` where that is implied; None where it was not labelled."""
        labels = self.transcript.labels
        scope = labels.escalation_turns
        if labels.escalation is None or (scope is not None and self.turn not in scope):
            return None
        implied = EscalationLabel(turn=self.turn, expect="none")
        return next((one for one in labels.escalation if one.turn == self.turn), implied)

    @property
    def hands_over(self) -> bool:
        """Say whether the answer hands over by a call."""
        reply = recorded_reply(self.transcript, self.turn, handover_tools=self.world.handover_tools)
        return reply is not None and reply.handover

    @property
    def handed_over_before(self) -> bool:
        """Say whether an earlier answer handed over by a call."""
        calls = [call for turn in self.transcript.turns[: self.turn] for call in turn.tool_calls]
        return any(call.ok and call.name in self.world.handover_tools for call in calls)

    def phrase(self, section: Sequence[str] | None) -> str | None:
        """Return one of the phrases that this half may use, by chance; None where there is none."""
        usable = of_half(section or (), self.split)
        return self.rng.choice(usable) if usable else None


@dataclass(frozen=True)
class Planted:
    """A fault in its place.

    `turns` are the answers at which it can be seen. `before` and `after` are what stood there and what stands there
    now, for a person to read. `twin` is a good answer as near to the mutant as can be: what the mutant is held against
    where the unchanged answer would not do.
    """

    transcript: Transcript
    turns: tuple[int, ...]
    before: str
    after: str
    twin: Transcript | None = None


@dataclass(frozen=True)
class NotPlantable:
    """Why a fault cannot be planted into an answer: the same few words for the same reason, so that they add up."""

    reason: str


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    `sees` are the dimensions that are meant to see it: one of them is enough. `rule` says whether a rule can: whether
    there is a form to hold it against (a value, a call, a label, a script, a set expression), so that nobody has to
    understand the world.
    """

    name: str
    sees: tuple[str, ...]
    rule: bool
    plant: Callable[[Answer], Planted | NotPlantable]
    doc: str


FAULTS: dict[str, Fault] = {}


def fault(
    *sees: str, rule: bool
) -> Callable[[Callable[[Answer], Planted | NotPlantable]], Callable[[Answer], Planted | NotPlantable]]:
    """Register a function as the fault of its name, meant to be seen by these dimensions."""

    def registered(plant: Callable[[Answer], Planted | NotPlantable]) -> Callable[[Answer], Planted | NotPlantable]:
        name = plant.__name__
        FAULTS[name] = Fault(name=name, sees=sees, rule=rule, plant=plant, doc=inspect.getdoc(plant) or "")
        return plant

    return registered
