"""A finished draw as the sample's folder describes it, whichever design it was made by."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chatparity.sample.design import Draw, Key, number
from chatparity.sample.mixture import UNIFORM, Cell, MixDraw
from chatparity.sample.result import Stratum

# Letters, so that the sheet does not tell a reviewer what the graders found.
REST, FLAGGED = "A", "B"


@dataclass(frozen=True)
class Stand:
    """Where a drawn exchange stands in the design: its stratum, its inclusion probability, the kinds it is of."""

    stratum: str
    probability: float
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """What was drawn how: `stands` and `second` (those that two people judge) by key; `how` names the design."""

    n: int
    seed: int
    share_random: float
    population: int
    strata: tuple[Stratum, ...]
    stands: Mapping[Key, Stand]
    second: frozenset[Key]
    second_share: float
    how: str
    mix: Mapping[str, float]
    by: str = ""


def of_draw(draw: Draw[Any], second: float) -> Drawing:
    """Describe a draw of failures and others; a uniform one has one stratum."""
    of_flagged, of_rest = draw.design.probabilities
    uniform = draw.share_random == 1
    what = "every answer" if uniform else "answers in which no grader found a fault"
    drawn = draw.result()
    both = (
        (REST, what, draw.population - draw.flagged, of_rest),
        (
            FLAGGED,
            "answers in which a grader found a fault, or that a grader could not grade",
            draw.flagged,
            of_flagged,
        ),
    )
    return Drawing(
        n=draw.n,
        seed=draw.seed,
        share_random=draw.share_random,
        population=draw.population,
        strata=tuple(
            Stratum(
                name=letter,
                what=text,
                population=size,
                drawn=sum(one.flagged == (letter == FLAGGED) for one in drawn),
                inclusion_probability=probability,
            )
            for letter, text, size, probability in both[: 1 if uniform else 2]
        ),
        stands={one.key: Stand(FLAGGED, of_flagged) if one.flagged else Stand(REST, of_rest) for one in drawn},
        second=chosen_twice((one.key for one in drawn), second, draw.seed),
        second_share=second,
        how=str(draw.share_random),
        mix={},
    )


def of_mix(draw: MixDraw[Any], by: str, second: float) -> Drawing:
    """Describe a mixture; each cell is a stratum, lettered in an order that its size and kinds do not tell."""
    chances = draw.design.probabilities
    drawn = draw.result()
    taken = Counter(one.cell for one in drawn)
    order = sorted(chances, key=lambda cell: number(draw.seed, ("letter", *cell.kinds, cell.stratum)))
    names: dict[Cell, str] = {cell: lettered(place) for place, cell in enumerate(order)}
    return Drawing(
        n=draw.n,
        seed=draw.seed,
        share_random=draw.mix.get(UNIFORM, 0.0),
        population=draw.population,
        strata=tuple(
            Stratum(
                name=names[cell],
                what=cell.what,
                population=draw.cells[cell],
                drawn=taken[cell],
                inclusion_probability=chances[cell],
            )
            for cell in sorted(chances)
        ),
        stands={one.key: Stand(names[one.cell], chances[one.cell], one.cell.kinds) for one in drawn},
        second=chosen_twice((one.key for one in drawn), second, draw.seed),
        second_share=second,
        how=f"{sorted(draw.mix.items())} {by}",
        mix=draw.mix,
        by=by,
    )


def chosen_twice(keys: Iterable[Key], share: float, seed: int) -> frozenset[Key]:
    """Return the share of a sample that two people judge, drawn uniformly from it, whatever the items are of.

    A share above 0 is one item at least.
    """
    order = sorted(keys, key=lambda key: number(seed, ("second", *key)))
    return frozenset(order[: max(round(share * len(order)), 1 if share else 0)])


def lettered(place: int) -> str:
    """Return A, B, …, Z, AA, AB, … for 0, 1, …: the names of columns of a spreadsheet."""
    name, left = "", place + 1
    while left:
        left, letter = divmod(left - 1, 26)
        name = string.ascii_uppercase[letter] + name
    return name
