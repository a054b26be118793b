"""The messages of a draft as the turns of a transcript: who speaks, what was called, when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from chatparity.importers.draft import Asked, Draft, Said, Source
from chatparity.importers.mapping import LEAVE_OUT, SYSTEM
from chatparity.importers.values import label, seconds_of, unpacked
from chatparity.transcript import AGENTS, Speaker, ToolCall, Turn

# What formats call those who speak; a mapping file goes before.
ROLES = {
    "customer": "customer",
    "user": "customer",
    "human": "customer",
    "end-user": "customer",
    "end_user": "customer",
    "lead": "customer",
    "contact": "customer",
    "visitor": "customer",
    "human_agent": "human_agent",
    "agent": "human_agent",
    "admin": "human_agent",
    "team": "human_agent",
    "team-member": "human_agent",
    "operator": "human_agent",
    "ai_agent": "ai_agent",
    "assistant": "ai_agent",
    "model": "ai_agent",
    "ai": "ai_agent",
    "bot": "ai_agent",
    "gpt": "ai_agent",
    "chatgpt": "ai_agent",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "system": SYSTEM,
    "developer": SYSTEM,
}
SYSTEM_KEPT = "system message kept in meta.system: the customer never saw it"
LEFT_OUT = "message of a speaker the mapping leaves out"
NOT_KEPT = "message that the mapping's `keep` leaves out"
EMPTY = "message without a text left out"
STRAY = "tool result without a call kept as a turn of the tool"
UNANSWERED = "tool call without a recorded result: taken as not done"
BACKWARDS = "message dated before the one above it: the file's order is kept"


@dataclass
class Spoken:
    """The turns of a draft: `places` gives the turn of each message that became one, `began` is in seconds of 1970."""

    turns: list[Turn] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    system: list[str] = field(default_factory=list)
    wrong: list[tuple[int | None, str, str]] = field(default_factory=list)
    began: float | None = None


@dataclass
class _Call:
    asked: Asked
    speaker: Speaker
    answered: bool = False
    result: Any = None


def spoken(draft: Draft, source: Source) -> Spoken:
    """Return a draft's messages as turns, in order, each text once; what cannot be one is in `wrong`."""
    return _Speaking(draft, source).all()


class _Speaking:
    """Walks through the messages of one draft; calls wait for their results and for the text that follows them."""

    def __init__(self, draft: Draft, source: Source) -> None:
        self.draft = draft
        self.source = source
        self.out = Spoken()
        self.waiting: list[_Call] = []
        self.last: float | None = None

    def all(self) -> Spoken:
        for index, said in enumerate(self.draft.said):
            if not self.draft.chosen and not self.source.mapping.kept(said.raw):
                self.count(NOT_KEPT, said)
                continue
            try:
                self.one(index, said)
            except ValueError as error:
                self.out.wrong.append((said.line, f"message {index}", str(error)))
        self.flush(None)
        return self.out

    def one(self, index: int, said: Said) -> None:
        """Turn one message into what it is. Raises ValueError with what is wrong with it."""
        role, text, time = self.overridden(said)
        speaker = self.speaker(role, said.author)
        if speaker == LEAVE_OUT:
            self.count(LEFT_OUT, said)
        elif speaker == SYSTEM:
            self.count(SYSTEM_KEPT, said)
            self.out.system.append(text)
        elif speaker == "tool":
            self.result(said, text, self.at(time, said))
        elif not text.strip() and not said.asked:
            self.count(EMPTY, said)
        else:
            self.speak(index, said, cast("Speaker", speaker), text, self.at(time, said))

    def overridden(self, said: Said) -> tuple[str, str, Any]:
        """Return role, text and time, from where the mapping finds them."""
        values: list[Any] = [said.role, said.text, said.time]
        for place, name in enumerate(("speaker", "text", "time")):
            if name in self.source.mapping.message:
                values[place] = self.source.mapping.message[name].find(said.raw)
        role, text, time = values
        if not isinstance(text, str | None):
            raise ValueError(f"expected a text, got {text!r:.80}")
        return label(role) or "", text or "", time

    def speaker(self, role: str, author: str | None) -> str:
        """Return whose turn it is. Raises ValueError for a role that is not known."""
        named = self.source.mapping.speakers
        for key in (author, role):
            if key is not None and key.casefold() in named:
                return named[key.casefold()]
        known = ROLES.get(role.casefold())
        if known is None:
            raise ValueError(
                f'no speaker is known for "{role}": name it in a mapping file, '
                f'[speakers] "{role}" = "customer", "human_agent", "ai_agent", "tool" or "leave_out"'
            )
        return known

    def at(self, value: Any, said: Said) -> float | None:
        """Return the time of a message since the conversation began. Raises ValueError for what is no time."""
        moment = seconds_of(value)
        if moment is None:
            return None
        if self.out.began is None:
            self.out.began = moment
        if self.last is not None and moment < self.last:
            self.count(BACKWARDS, said)
        self.last = moment
        return round(moment - self.out.began, 3)

    def speak(self, index: int, said: Said, speaker: Speaker, text: str, at: float | None) -> None:
        """Add the turn of a text; calls that were asked for before it belong to it, those beside it to what follows."""
        if speaker not in AGENTS and said.asked:
            raise ValueError(f'expected tool calls only from an agent, got one from "{said.role}"')
        if text.strip():
            calls = self.flush(speaker)
            self.out.places[index] = len(self.out.turns)
            self.out.turns.append(Turn(speaker=speaker, text=text, at=at, tool_calls=calls))
        self.waiting.extend(_Call(one, speaker) for one in said.asked)

    def result(self, said: Said, text: str, at: float | None) -> None:
        """Give a result to the call it answers, or keep it as a turn of its own."""
        for call in self.waiting:
            if not call.answered and said.answers in (None, call.asked.key):
                call.answered, call.result = True, unpacked(text)
                return
        if not text.strip():
            self.count(EMPTY, said)
            return
        self.count(STRAY, said)
        self.flush(None)
        self.out.turns.append(Turn(speaker="tool", text=text, at=at))

    def flush(self, speaker: Speaker | None) -> tuple[ToolCall, ...]:
        """Return the calls that wait when their own agent speaks, else give them a turn without a text."""
        calls = self.waiting
        self.waiting = []
        if not calls:
            return ()
        for call in calls:
            self.source.tally.add(UNANSWERED, self.draft.record.place, not call.answered)
        made = tuple(
            ToolCall(name=one.asked.name, arguments=one.asked.arguments, ok=one.answered, result=one.result)
            for one in calls
        )
        if calls[0].speaker == speaker:
            return made
        self.out.turns.append(Turn(speaker=calls[0].speaker, tool_calls=made))
        return ()

    def count(self, text: str, said: Said) -> None:
        record = self.draft.record
        place = record.place if said.line is None else f"{record.path}:{said.line}"
        self.source.tally.add(text, place)
