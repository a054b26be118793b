"""What a reviewer has before them: which items, in which state, which is next, and how far they are."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from chatparity.errors import UsageError
from chatparity.review.held import Held
from chatparity.review.items import Bench
from chatparity.review.scorecard import Card, Scorecard
from chatparity.review.store import DECISION, Store

State = Literal["open", "done", "skipped"]
Show = Literal["all", "open", "done", "skipped", "commented"]
SHOWS: tuple[Show, ...] = get_args(Show)
PREFERENCES = ("ai", "human", "alike", "neither")
COMMENT, STATE, SEEN, PREFERENCE = "comment", "state", "seen", "preference"
PAGE = 50
NAME = 60


@dataclass(frozen=True)
class Filter:
    """What of the items is shown: those in a state, of a language, with a text in their name or conversation."""

    show: Show = "all"
    language: str = ""
    text: str = ""

    @property
    def any(self) -> bool:
        """Say whether anything is left out."""
        return self != Filter()


@dataclass(frozen=True)
class Progress:
    """How many of the items a reviewer has judged and skipped, out of how many; `others` need them no more."""

    done: int
    skipped: int
    of: int
    others: int = 0

    @property
    def own(self) -> int:
        """Return how many items are this reviewer's to judge."""
        return self.of - self.others


@dataclass(frozen=True)
class Desk:
    """The sample, its labels and its scorecard; `session` names the calibration session whose items are judged.

    `held` knows what lies before whom.
    """

    bench: Bench
    store: Store
    scorecard: Scorecard
    session: str = ""
    items: Sequence[str] = field(default=())
    held: Held = field(default_factory=Held)

    @property
    def queue(self) -> Sequence[str]:
        """Return the items to be judged, in the order of the sample."""
        return self.items or self.bench.order

    def states(self, rater: str) -> Mapping[str, State]:
        """Return the state of the items that a rater has finished; every other one is open."""
        return cast("Mapping[str, State]", self.store.values(rater, STATE))

    def progress(self, rater: str) -> Progress:
        """Return how far a rater is."""
        states = self.states(rater)
        inside = [states[one] for one in self.queue if one in states]
        others = len(self.taken(rater) - states.keys())
        return Progress(inside.count("done"), inside.count("skipped"), len(self.queue), others)

    def kept(self, rater: str, wanted: Filter) -> list[str]:
        """Return the items that a filter keeps, in order; what enough others have judged is not open."""
        states = self.states(rater) if wanted.show not in ("all", "commented") else {}
        taken = self.taken(rater) - states.keys() if wanted.show == "open" else frozenset()
        comments = self.store.values(rater, COMMENT) if wanted.show == "commented" else {}
        text = wanted.text.casefold().strip()
        kept = []
        for name in self.queue:
            item = self.bench.items[name]
            if name in taken or (wanted.show == "commented" and name not in comments):
                continue
            if wanted.show in ("open", "done", "skipped") and states.get(name, "open") != wanted.show:
                continue
            if wanted.language and item.language != wanted.language:
                continue
            if text and text not in f"{name}\n{item.id}".casefold():
                continue
            kept.append(name)
        return kept

    @property
    def shared(self) -> bool:
        """Say whether the work is shared: some items of the sample are for two people, and each other one for one.

        In a session everybody judges the same items.
        """
        return not self.session and any(item.second for item in self.bench.items.values())

    def taken(self, rater: str) -> frozenset[str]:
        """Return the items that enough other people have judged, where the work is shared."""
        if not self.shared:
            return frozenset()
        return self._enough(Counter(self.store.given_by_others(rater, STATE, "done")))

    def _enough(self, people: Counter[str]) -> frozenset[str]:
        """Return the items that so many people are enough for: two for some of them, one for each other."""
        items = self.bench.items
        return frozenset(name for name, count in people.items() if name in items and count > items[name].second)

    def waiting(self, rater: str) -> list[str]:
        """Return the items that a rater has not finished and that not enough others have, in order."""
        gone = self.states(rater).keys() | self.taken(rater)
        return [name for name in self.queue if name not in gone]

    def following(self, rater: str, after: str | None, wanted: Filter) -> str | None:
        """Return the next item that is open and kept by a filter: after `after`, else from the beginning, or None.

        Where the work is shared, what enough others have judged, or have before them, is passed over; nobody is told
        what is judged twice. The item that is returned lies before this rater from now on.
        """
        with self.held.lock:
            found = self._next(rater, after, wanted)
            self.held.take(rater, found)
        return found

    def _next(self, rater: str, after: str | None, wanted: Filter) -> str | None:
        gone = set(self.states(rater))
        if self.shared:
            judged = Counter(self.store.given_by_others(rater, STATE, "done"))
            gone |= self._enough(judged + self.held.by_others(rater))
        kept = [one for one in self.kept(rater, Filter("all", wanted.language, wanted.text)) if one not in gone]
        if after is None or after not in self.bench.items:
            return kept[0] if kept else None
        place = {name: number for number, name in enumerate(self.queue)}
        later = [one for one in kept if place[one] > place.get(after, -1)]
        rest = [one for one in kept if one != after]
        return later[0] if later else rest[0] if rest else None

    def elsewhere(self, rater: str, name: str, wanted: Filter) -> int:
        """Return how many items beside `name` wait for a rater, kept by a filter, that others have before them now."""
        kept = set(self.kept(rater, Filter("all", wanted.language, wanted.text)))
        return len(kept.intersection(self.waiting(rater), self.held.by_others(rater)) - {name})

    def opened(self, rater: str, name: str) -> None:
        """Note that a rater has an item before them: it is theirs to judge, unless they have finished it."""
        self.held.take(rater, None if name in self.states(rater) else name)

    def neighbours(self, name: str) -> tuple[str | None, str | None]:
        """Return the items before and after one."""
        queue = self.queue
        place = queue.index(name) if name in queue else -1
        if place < 0:
            return None, None
        return queue[place - 1] if place else None, queue[place + 1] if place + 1 < len(queue) else None

    def card(self, name: str, answers: Mapping[str, str]) -> Card:
        """Return what the answers to an item are worth."""
        return self.scorecard.card(answers, handed_over=self.bench.handed_over(name))

    def checked(self, fields: Mapping[str, str]) -> dict[str, str | None]:
        """Return what came from outside as values to be saved; an empty text takes an answer back.

        Raises UsageError for a field or a value that the scorecard does not have.
        """
        found: dict[str, str | None] = {}
        for name, value in fields.items():
            criterion = self.scorecard.named(name)
            if criterion is not None:
                if value and value not in {one.value for one in criterion.answers}:
                    expected = ", ".join(one.value for one in criterion.answers)
                    raise UsageError(f'{name}: expected one of {expected}, got "{value[:40]}"')
                found[name] = value or None
            elif name == COMMENT:
                found[name] = cleaned(value)[:4000] or None
            elif name == STATE:
                if value not in ("", "done", "skipped"):
                    raise UsageError(f'{STATE}: expected done or skipped, got "{value[:40]}"')
                found[name] = value or None
            else:
                raise UsageError(f'no criterion is called "{name[:40]}"')
        return found

    def decisions(self, name: str) -> dict[str, str]:
        """Return what was decided of an item, by criterion."""
        return self.store.of(DECISION, name)


def cleaned(text: str) -> str:
    """Return what somebody typed without characters that control, hide or turn round; lines and joiners are kept."""
    kept = "\n\t\u200c\u200d\u200e\u200f\u061c"
    same = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(
        one for one in same if one in kept or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ).strip()


def person(text: str, known: Sequence[str]) -> str:
    """Return the name of a reviewer as it is written down: the known one, where only the case differs.

    Raises UsageError for a name that is none.
    """
    name = " ".join(cleaned(text).split())
    if not name or len(name) > NAME or not any(one.isalnum() for one in name) or name[0] in "=+-@":
        raise UsageError(f"expected a name of 1 to {NAME} characters that begins with a letter or a digit")
    return next((one for one in known if one.casefold() == name.casefold()), name)
