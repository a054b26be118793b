"""The claim of satisfaction on par: non-inferiority of those who answered, with those who did not answer bounded."""

from __future__ import annotations

import numpy as np

from chatparity.claims.about import number_text
from chatparity.claims.compare import MISLEADS, common, without
from chatparity.claims.file import SatisfactionClaim
from chatparity.claims.logs import Codes, Mask, Numbers
from chatparity.claims.mix import Mean, bounds, clustered, plain, standardised
from chatparity.claims.result import CannotTell, Figure, Found
from chatparity.claims.view import View

SILENT = (
    "It takes those who answered for all: who answers depends on how it went, and on the channel that asked. "
    + MISLEADS
)


def satisfaction(view: View, claim: SatisfactionClaim) -> Found:
    """Return the difference of the arms' shares of satisfied customers, bounded for those who did not answer.

    Within a kind of case the silent may differ from those who answered by at most `silence`, and never beyond 0 and 1:
    this bounds each arm's share and so the difference [1]. With a silence of 1 these are the bounds that assume
    nothing. The interval holds the whole set of differences: from the lower bound of its lower end to the upper bound
    of its upper [2].

    [1] C. F. Manski (1990), Nonparametric bounds on treatment effects, American Economic Review 80(2), 319-323;
        J. L. Horowitz, C. F. Manski (2000), JASA 95, 77-84.
    [2] S. Vansteelandt, E. Goetghebeur, M. G. Kenward, G. Molenberghs (2006), Ignorance and uncertainty regions as
        inferential tools in a sensitivity analysis, Statistica Sinica 16, 953-979.
    """

    def answered(one: View) -> Numbers:
        return np.isfinite(one.numbers("csat")).astype(np.float64)

    first = view.sides()
    naive = _naive(view, claim, first)
    try:
        sides = common(view, claim, answered, only_seen=True)
    except CannotTell as error:
        raise without(error, view, "points", naive, SILENT) from error
    happy = view.numbers("csat") >= claim.satisfied_from
    spoke = sides.values == 1
    both = (sides.first, ~sides.first)
    shares = [_bounded(happy, spoke, side, sides.mix.cells, sides.mix.weights, claim.silence) for side in both]
    worst = [_bounded(happy, spoke, side, sides.mix.cells, sides.mix.weights, 1.0) for side in both]
    middle, low, high = _difference(view, shares)
    rates = [standardised(sides.values, side, sides.mix).estimate for side in both]
    names = view.arms.first.name, view.arms.second.name
    answers = [int((spoke & side).sum()) for side in both]
    parts = (
        *(
            Figure(name=f"satisfied of those who answered, {name}", unit="share", n=n, estimate=share[1].estimate)
            for name, share, n in zip(names, shares, answers, strict=True)
        ),
        *(
            Figure(name=f"answered the question, {name}", unit="share", n=int(side.sum()), estimate=rate)
            for name, rate, side in zip(names, rates, both, strict=True)
        ),
        _figure(view, "difference if the silent are like those who answered", [(one[1],) * 3 for one in shares]),
        _figure(view, "difference if nothing is assumed of the silent", worst),
    )
    tips = _tips(view, claim, happy, spoke, sides.first, sides.mix.cells, sides.mix.weights)
    return Found(
        middle,
        low,
        high,
        view.n,
        view.clusters,
        "points",
        f"shares standardised to the pooled mix; the silent may differ by up to {claim.silence * 100:g} points; "
        f"{sides.mix.covered:.0%} of the cases are of kinds that both arms had",
        parts=parts,
        naive=naive,
        misleads=SILENT,
        notes=(tips,),
        needs=("answers of more customers, or of a random sample of those who did not answer",),
    )


Bounded = tuple[Mean, Mean, Mean]


def _bounded(happy: Mask, spoke: Mask, side: Mask, cells: Codes, weights: Numbers, silence: float) -> Bounded:
    """Return an arm's satisfied share at its least, as answered, and at its most, each with its influences.

    In a cell with answering share r and satisfied share p of those who answered it is p + (1 − r) d, where d is the
    silence or what 0 and 1 leave of it. Residuals are taken from a rate drawn towards the arm's by two answers: a cell
    whose few answers are all alike does not vary, which is no proof that it could not.
    """
    codes, count = cells, len(weights)
    size = np.bincount(codes[side], minlength=count).astype(np.float64)
    said = np.bincount(codes[side & spoke], minlength=count).astype(np.float64)
    glad = np.bincount(codes[side & spoke & happy], minlength=count).astype(np.float64)
    share, quiet = glad / said, 1 - said / size
    drawn = (glad + 2 * glad.sum() / said.sum()) / (said + 2)
    scale = weights / np.sqrt(np.maximum(said * (said - 1), 1))
    residual = np.where(spoke & side, happy - drawn[codes], 0.0)
    heard = np.where(side, spoke - (1 - quiet)[codes], 0.0)
    found = []
    for direction in (-1, 0, 1):
        room = share if direction < 0 else 1 - share
        move = direction * np.minimum(silence, room)
        # Where 0 or 1 stops the move, the end is quiet · 0 or 1 + r · p: it moves with p by r alone.
        slope = np.where((room < silence) & (direction != 0), 1 - quiet, 1.0)
        influence = (slope * scale)[codes] * residual - (weights * move / size)[codes] * heard
        found.append(Mean(float((weights * (share + quiet * move)).sum()), influence))
    return found[0], found[1], found[2]


def _difference(view: View, shares: list[Bounded]) -> tuple[float, float | None, float | None]:
    """Return the difference as answered, the lower bound of the least and the upper bound of the greatest."""
    one, two = shares
    ends = []
    for first, second, side in ((one[0], two[2], 0), (one[2], two[0], 1)):
        gap = first.estimate - second.estimate
        spread = clustered(first.influence - second.influence, view.customers)
        interval = bounds(gap, spread, view.customers, view.confidence)
        ends.append(None if interval is None else min(max(interval[side], -1.0), 1.0))
    return one[1].estimate - two[1].estimate, ends[0], ends[1]


def _figure(view: View, name: str, shares: list[Bounded]) -> Figure:
    estimate, low, high = _difference(view, shares)
    return Figure(name=name, unit="points", n=view.n, estimate=estimate, low=low, high=high)


def _tips(
    view: View, claim: SatisfactionClaim, happy: Mask, spoke: Mask, first: Mask, cells: Codes, weights: Numbers
) -> str:
    """Say how far the silent may differ before the sentence is no longer shown: the tipping point."""
    for points in range(101):
        shares = [_bounded(happy, spoke, side, cells, weights, points / 100) for side in (first, ~first)]
        low = _difference(view, shares)[1]
        if low is None or low <= -claim.margin:
            if points == 0:
                return "Even if the silent were just like those who answered, it would not be shown."
            return f"It is shown as long as the silent differ from those who answered by less than {points} points."
    return "It is shown whatever the silent would have said."


def _naive(view: View, claim: SatisfactionClaim, first: Mask) -> Figure:
    """Return the difference among those who answered, each arm in its own mix of cases."""
    csat = view.numbers("csat")
    spoke = np.isfinite(csat)
    if not (spoke & first).any() or not (spoke & ~first).any():
        return Figure(name="satisfied of those who answered", unit="points", n=int(spoke.sum()))
    happy = (csat >= claim.satisfied_from).astype(np.float64)
    means = [plain(happy, side) for side in (spoke & first, spoke & ~first)]
    gap = means[0].estimate - means[1].estimate
    interval = bounds(
        gap, clustered(means[0].influence - means[1].influence, view.customers), view.customers, view.confidence
    )
    low, high = interval if interval is not None else (None, None)
    name = "satisfied of those who answered: " + " against ".join(number_text(one.estimate, "share") for one in means)
    return Figure(name=name, unit="points", n=int(spoke.sum()), estimate=gap, low=low, high=high)
