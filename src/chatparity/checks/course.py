"""How a wish for a person fared over a conversation without labels: when it was asked, what came of it, how late.

Everything is read from what was said and called: the customer's requests, the agent's offers and refusals in words,
and handover calls. Needs of a person that nobody asked for (fraud, grief) are not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from chatparity.checks.calls import families_of, hands_over, succeeded, writes
from chatparity.checks.facts import find_values
from chatparity.checks.groundedness import matter_of
from chatparity.checks.handover import asks_for_person, offer_in, refusal_in
from chatparity.checks.sources import facts_of, today
from chatparity.checks.statements import claimed_actions
from chatparity.exchange import Exchange, Point
from chatparity.transcript import ToolCall, Turn

Fate = Literal["unasked", "correct", "late", "missed", "looped", "refused", "unprompted"]
_STEM = 5
_ABOUT = ("summary", "reason", "message", "text", "note", "notes", "details", "description", "comment")


@dataclass(frozen=True, slots=True)
class Course:
    """What came of a wish for a person. Turns are places in the transcript.

    `asked` are the customer's turns that ask; `answers` all answers, of which `offered` and `refused` do so in words
    and `done` handed over. `fate` is `correct` (handed over in the answer to the first request), `late`, `missed`
    (asked once and not done), `looped` (asked again and again), `refused` (told that it will not be), `unasked`, or
    `unprompted` (handed over though nobody had asked: whether that was needed cannot be told from here).
    """

    fate: Fate
    answers: tuple[int, ...] = ()
    asked: tuple[int, ...] = ()
    offered: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    done: int | None = None

    @property
    def waited(self) -> int | None:
        """Return how many answers lie between the first request and the handover; None where one of them is missing."""
        if not self.asked or self.done is None or self.done < self.asked[0]:
            return None
        return sum(self.asked[0] < turn < self.done for turn in self.answers)

    @property
    def times(self) -> int:
        """Return how often the customer asked until it was done."""
        return sum(self.done is None or turn < self.done for turn in self.asked)


def course_of(conversation: Sequence[Exchange]) -> Course:
    """Return the course over one side's answers of a conversation, which are in the order of their turns."""
    asked: list[int] = []
    offered: list[int] = []
    refused: list[int] = []
    done: int | None = None
    for exchange in conversation:
        point, reply = exchange.point, exchange.reply
        asked += [place for place, text in _customer_turns(point) if asks_for_person(text, point.language)]
        if done is None and (reply.handover or any(hands_over(call.name) for call in succeeded(reply.tool_calls))):
            done = exchange.turn
        elif refusal_in(reply.text, point.language):
            refused.append(exchange.turn)
        elif offer_in(reply.text, point.language):
            offered.append(exchange.turn)
    answers = tuple(exchange.turn for exchange in conversation)
    return Course(_fate(asked, refused, done, answers), answers, tuple(asked), tuple(offered), tuple(refused), done)


def _customer_turns(point: Point) -> list[tuple[int, str]]:
    """Return the customer's turns since the last answer, with their places."""
    found: list[tuple[int, str]] = []
    for place in range(len(point.history) - 1, -1, -1):
        turn: Turn = point.history[place]
        if turn.speaker == "customer":
            found.append((place, turn.text))
        elif turn.speaker != "tool":
            break
    return found[::-1]


def _fate(asked: Sequence[int], refused: Sequence[int], done: int | None, answers: Sequence[int]) -> Fate:
    """Return what came of the requests, given the turns at which they and the handover took place."""
    if not asked:
        return "unasked" if done is None else "unprompted"
    if done is not None:
        due = next((turn for turn in answers if turn > asked[0]), done)
        return "correct" if done <= due else "late"
    if any(turn > asked[0] for turn in refused):
        return "refused"
    return "looped" if len(asked) > 1 else "missed"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a handover's summary tells the person who takes over; `missing` names what it lacks."""

    text: str
    missing: tuple[str, ...]


def summary_of(exchange: Exchange) -> Summary | None:
    """Return the summary of a reply that hands over; None where it does not, or its call takes no summary.

    Complete is one that names the `matter` (a word of the customer's own, or enough words to do so in another
    language), every `id` that the customer gave, and what was `tried`: one of the actions that were done or refused
    before. The person reads the call's arguments; where none of them tells in words, the reply itself.
    """
    call = next((one for one in exchange.reply.tool_calls if one.ok and hands_over(one.name)), None)
    if call is None:
        return None
    told = " ".join(_texts(call.arguments))
    if not told.strip():
        told = exchange.reply.text
    point = exchange.point
    said = [turn.text for turn in point.history if turn.speaker == "customer"]
    lacking: list[str] = []
    if not _names_matter(told, said, point.language):
        lacking.append("matter")
    if _ids(said, point) - _ids([told, *map(str, call.arguments.values())], point):
        lacking.append("id")
    if not _names_tried(told, exchange):
        lacking.append("tried")
    return Summary(told, tuple(lacking))


def _texts(arguments: Mapping[str, Any]) -> list[str]:
    """Return the arguments that hold somebody's own words."""
    return [value for name, value in arguments.items() if name in _ABOUT and isinstance(value, str) and " " in value]


def _names_matter(told: str, said: Iterable[str], language: str) -> bool:
    """Say whether a summary speaks of what the customer spoke of, or is long enough to do so in another language."""
    own = {word for text in said for word in matter_of(text, language)}
    words = matter_of(told, language)
    return bool(own & set(words)) or len(words) >= 4


def _ids(texts: Iterable[str], point: Point) -> set[str]:
    """Return the ids that stand in texts."""
    values = (one for text in texts for one in find_values(text, point.language, point.market, today(point)))
    return {str(value.normal) for value in values if value.kind == "id"}


def _names_tried(told: str, exchange: Exchange) -> bool:
    """Say whether a summary names one of the actions that were tried before; where none was, there is none to name.

    By the words for it, or by a value of its arguments or result that the customer had not said.
    """
    calls: list[ToolCall] = [call for turn in exchange.history for call in turn.tool_calls]
    calls += [call for _, reply in exchange.earlier for call in reply.tool_calls]
    calls += [call for call in exchange.reply.tool_calls if not hands_over(call.name)]
    tried = [call for call in calls if writes(call.name)]
    families = {family for call in tried for family in families_of(call.name)}
    claims = [one for language in (exchange.language, "en") for one in claimed_actions(told, language)]
    if not tried or families & {family for claim in claims for family in claim.families}:
        return True
    point, on = exchange.point, today(exchange.point)
    shown = [facts_of(msgspec.json.encode([one.arguments, one.result]), point.market, on).keys for one in tried]
    customers = (turn.text for turn in exchange.history if turn.speaker == "customer")
    given = {one.key for text in customers for one in find_values(text, point.language, point.market, on)}
    named = {one.key for one in find_values(told, point.language, point.market, on)}
    return bool(named & frozenset().union(*shown) - given) or any(one[:_STEM] in told.lower() for one in families)
