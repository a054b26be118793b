"""The claim "lower quality, but cheaper": what a truly resolved conversation costs, in both arms."""

from __future__ import annotations

import numpy as np

from chatparity.claims.compare import MISLEADS, common, level, without
from chatparity.claims.file import CostClaim
from chatparity.claims.logs import Numbers
from chatparity.claims.mix import Mean, bounds, clustered, log_ratio, plain, standardised
from chatparity.claims.result import CannotTell, Figure, Found, Verdict
from chatparity.claims.view import View

CHEAP = (
    "It divides by conversations, not by resolutions: an assistant that resolves nothing would be the cheapest of all. "
    + MISLEADS
)


def cost(view: View, claim: CostClaim) -> Found:
    """Return the cost of a truly resolved conversation in the first arm over that in the second, in one mix of cases.

    In each arm it is the standardised mean cost over the standardised share truly resolved. The verdict is on two
    things, each by its own interval [1]: cheaper, and (`lower_quality`) resolving fewer.

    [1] R. L. Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 295-300: a
        claim that is two claims is shown by showing each, with no correction.
    """

    def truly(one: View) -> Numbers:
        one.known("cost")
        one.known("resolved")
        one.followed(claim.return_days)
        return one.truly(claim.return_days)

    truly(view)
    first = view.sides()
    naive = _naive(view, truly(view) >= 0, first)
    try:
        sides = common(view, claim, truly)
    except CannotTell as error:
        raise without(error, view, "times", naive, CHEAP) from error
    money, both = view.numbers("cost"), (sides.first, ~sides.first)
    goods = [standardised(sides.values, side, sides.mix) for side in both]
    costs = [standardised(money, side, sides.mix) for side in both]
    if min(one.estimate for one in goods) <= 0 or min(one.estimate for one in costs) <= 0:
        raise CannotTell("in one of the arms nothing was truly resolved or nothing cost anything: no ratio is defined")
    each = [_per_resolved(*pair) for pair in zip(costs, goods, strict=True)]
    ratio = log_ratio(each[0], each[1], view.customers, view.confidence)
    gap = goods[0].estimate - goods[1].estimate
    spread = clustered(goods[0].influence - goods[1].influence, view.customers)
    quality = bounds(gap, spread, view.customers, view.confidence)
    names = view.arms.first.name, view.arms.second.name
    parts = [
        level(f"cost of a truly resolved conversation, {name}", "money", one, side, view)
        for name, one, side in zip(names, each, both, strict=True)
    ]
    parts += [
        level(f"truly resolved, {name}", "share", one, side, view)
        for name, one, side in zip(names, goods, both, strict=True)
    ]
    low, high = quality if quality is not None else (None, None)
    parts.append(Figure(name="truly resolved, difference", unit="points", n=view.n, estimate=gap, low=low, high=high))
    verdict, reason = _verdict(claim, ratio, quality)
    return Found(
        ratio[0] if ratio else None,
        ratio[1] if ratio else None,
        ratio[2] if ratio else None,
        view.n,
        view.clusters,
        "times",
        f"ratio of standardised ratios, delta method; {sides.mix.covered:.0%} of the cases are of kinds both arms had",
        parts=tuple(parts),
        naive=naive,
        misleads=CHEAP,
        verdict=verdict,
        reason=reason,
    )


def _per_resolved(money: Mean, good: Mean) -> Mean:
    """Return the ratio of two standardised means with its influences."""
    ratio = money.estimate / good.estimate
    return Mean(ratio, (money.influence - ratio * good.influence) / good.estimate)


def _verdict(
    claim: CostClaim, ratio: tuple[float, float, float] | None, quality: tuple[float, float] | None
) -> tuple[Verdict | None, str]:
    """Return the verdict on both halves of the sentence; None where it has one half only."""
    if not claim.lower_quality or ratio is None or quality is None:
        return None, ""
    limit = claim.at_most if claim.at_most is not None else claim.at_least
    assert limit is not None
    cheaper = ratio[2] <= limit if claim.at_most is not None else ratio[1] >= limit
    dearer = ratio[1] > limit if claim.at_most is not None else ratio[2] < limit
    told = [
        "cheaper: shown" if cheaper else "cheaper: not so" if dearer else "cheaper: open",
        "lower quality: shown"
        if quality[1] < 0
        else "lower quality: not so"
        if quality[0] >= 0
        else "lower quality: open",
    ]
    if cheaper and quality[1] < 0:
        return "supported", "; ".join(told)
    return ("contradicted" if dearer or quality[0] >= 0 else "cannot be told"), "; ".join(told)


def _naive(view: View, everyone: np.ndarray, first: np.ndarray) -> Figure:
    """Return the cost of a conversation in the first arm over that in the second, resolved or not."""
    money = view.numbers("cost")
    means = [plain(money, side) for side in (first, ~first)]
    ratio = log_ratio(means[0], means[1], view.customers, view.confidence)
    name = f"cost of a conversation: {means[0].estimate:.2f} against {means[1].estimate:.2f}"
    if ratio is None:
        return Figure(name=name, unit="times", n=int(everyone.sum()))
    return Figure(name=name, unit="times", n=int(everyone.sum()), estimate=ratio[0], low=ratio[1], high=ratio[2])
