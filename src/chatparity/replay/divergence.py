"""Whether the recorded customer still fits after an agent's own answer: the divergence check of `free_running`.

The recorded customer answered somebody else. Three things, all of them independent of language, show that the next
recorded message cannot stand after what the agent said:

- one of the two handed over to a person and the other did not;
- the recorded answer asked something, the agent's did not, and the customer's short next message asks nothing itself:
  it is the answer to a question that was never put;
- the message names a number or an id that so far only the recorded answers had named.

The check is deliberately blunt: a question that the agent asked and the customer passes over is not noticed, nor are
two different questions. What it marks is counted as *diverged*, not graded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from chatparity.exchange import Reply
from chatparity.transcript import AGENTS, Turn

# A message of more characters explains itself, whatever was asked before it.
SHORT = 60
_QUESTION = re.compile("[?؟？\u037e՞፧⸮]")
_ADDRESS = re.compile(r"https?://\S+")
_NAMED = re.compile(r"[^\W_]*\d(?:[\w.,:/'’-]*\w)?")
_PART = re.compile(r"[^\W_]+")
_CENTS = re.compile(r"[.,]00$")
# One digit alone (a list, a count) is said too often to prove where it came from.
_TELLING = 2


def block_end(history: Sequence[Turn], turn: int) -> int:
    """Return where the answer that begins at `turn` ends: the place of the customer's next message, or the end."""
    return next((place for place in range(turn, len(history)) if history[place].speaker == "customer"), len(history))


def divergence(
    recorded: Sequence[Turn], seen: Sequence[Turn], turn: int, reply: Reply, *, handover_tools: Collection[str]
) -> str | None:
    """Return why the customer's message at the end of `recorded` does not fit after `reply`, or None when it does.

    `recorded` is the recorded history of the next point, `seen` the same with the agent's own replies; `turn` is where
    the answer that `reply` stands for begins in `recorded`.
    """
    end = block_end(recorded, turn)
    answer = recorded[turn:end]
    message = "\n".join(one.text for one in recorded[end:] if one.speaker == "customer")
    handed_over = any(call.ok and call.name in handover_tools for one in answer for call in one.tool_calls)
    if reply.handover != handed_over:
        who = (
            "the agent handed over and the recorded answer did not"
            if reply.handover
            else ("the recorded answer handed over and the agent did not")
        )
        return f"after turn {turn}: {who}"
    if _asks(one.text for one in answer) and not _asks([reply.text, message]) and len(message.strip()) <= SHORT:
        return f"after turn {turn}: the customer answers a question that the agent did not ask"
    said = seen[: len(seen) - (len(recorded) - end)]
    unheard = _unheard(message, said, [one for one in recorded[:end] if one.speaker in AGENTS])
    if unheard:
        return f"after turn {turn}: the customer refers to {unheard}, which only the recorded answers had named"
    return None


def _asks(texts: Iterable[str]) -> bool:
    """Say whether one of the texts has a question mark of any script, outside of web addresses."""
    return any(_QUESTION.search(_ADDRESS.sub(" ", text)) for text in texts)


def _unheard(message: str, said: Iterable[Turn], answers: Iterable[Turn]) -> str:
    """Return the first number or id of a message that the recorded answers name and nothing that was `said` does."""
    wanted = _names([message])
    if not wanted:
        return ""
    heard = _names(one.text for one in said)
    parts = {part for written in heard.values() for part in _parts(written)}
    only = _names(one.text for one in answers)
    for name, written in wanted.items():
        known = name in heard or name in parts or set(_parts(written)) <= parts
        if name in only and not known and sum(character.isdigit() for character in name) >= _TELLING:
            return written
    return ""


def _names(texts: Iterable[str]) -> dict[str, str]:
    """Return the numbers and ids of texts in one form, each with how it was written."""
    found: dict[str, str] = {}
    for text in texts:
        for match in _NAMED.finditer(_ascii_digits(_ADDRESS.sub(" ", text))):
            found.setdefault("".join(_parts(_CENTS.sub("", match[0]))), match[0])
    return found


def _parts(written: str) -> list[str]:
    """Return the pieces of a number, date or id between its separators."""
    return [part.casefold() for part in _PART.findall(written)]


def _ascii_digits(text: str) -> str:
    """Return a text with the decimal digits of every script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)
