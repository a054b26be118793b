"""One answer an item out of several people's: what was decided, else what all or most of them say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chatparity.review.desk import COMMENT, STATE, Desk
from chatparity.review.store import DECISION

How = Literal["one", "agreed", "majority", "decided", "disputed"]
Said = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Resolved:
    """What the reviewers who finished an item say of it together.

    `answers` has a value for every criterion that is settled; `how` says of each criterion that anybody answered how
    it was settled. A criterion that is disputed has no value: a guess would be no label.
    """

    item: str
    answers: Mapping[str, str]
    how: Mapping[str, How]
    reviewers: Sequence[str]
    comments: Sequence[tuple[str, str]]

    @property
    def disputed(self) -> list[str]:
        """Return the criteria on which people differ and nothing was decided."""
        return [name for name, how in self.how.items() if how == "disputed"]


def finished(said: Said) -> dict[str, Mapping[str, str]]:
    """Return the answers of those who finished an item: what is half filled in is not counted."""
    return {
        rater: fields for rater, fields in sorted(said.items()) if rater != DECISION and fields.get(STATE) == "done"
    }


def resolve(item: str, said: Said, criteria: Sequence[str]) -> Resolved | None:
    """Settle what people say of an item, None where nobody has finished it."""
    people, decided = finished(said), said.get(DECISION, {})
    if not people:
        return None
    answers: dict[str, str] = {}
    how: dict[str, How] = {}
    for name in criteria:
        given = [fields[name] for fields in people.values() if name in fields]
        if name in decided:
            answers[name], how[name] = decided[name], "decided"
        elif given:
            value, votes = Counter(given).most_common(1)[0]
            how[name] = (
                "one" if len(given) == 1
                else "agreed" if votes == len(given)
                else "majority" if votes * 2 > len(given)
                else "disputed"
            )  # fmt: skip
            if how[name] != "disputed":
                answers[name] = value
    comments = [(rater, fields[COMMENT]) for rater, fields in people.items() if COMMENT in fields]
    if COMMENT in decided:
        comments.append(("decision", decided[COMMENT]))
    return Resolved(item, answers, how, list(people), comments)


def resolved(desk: Desk) -> Iterator[Resolved]:
    """Yield what is settled of every item of the sample that anybody finished, in its order."""
    everything = desk.store.everything()
    criteria = [one.name for one in desk.scorecard.criteria]
    for name in desk.bench.order:
        found = resolve(name, everything.get(name, {}), criteria)
        if found is not None:
            yield found
