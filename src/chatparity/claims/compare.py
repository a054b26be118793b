"""Two arms compared in one mix of cases, beside the naive figure: what all comparing kinds of claims share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatparity.claims.about import number_text
from chatparity.claims.file import Compared
from chatparity.claims.logs import Mask, Numbers
from chatparity.claims.mix import Mean, Mix, bounds, clustered, common_mix, log_ratio, plain, standardised
from chatparity.claims.result import CannotTell, Figure, Found
from chatparity.claims.view import View
from chatparity.stats import standardised_difference

Value = Callable[[View], Numbers]
MISLEADS = (
    "It mixes how well each side did with which cases it was given: a side that gets the routine cases looks better "
    "without being better."
)


@dataclass(frozen=True)
class Sides:
    """The conversations of both arms in the common mix: which belong to the first, their values and their mix."""

    first: Mask
    mix: Mix
    values: Numbers


def common(view: View, claim: Compared, value: Value, *, only_seen: bool = False) -> Sides:
    """Keep the conversations whose kind of case both arms had, and return them with their values.

    `value` gives each conversation's value and leaves out those that have none. With `only_seen` an arm has a kind of
    case only by conversations whose value is not 0 (those who answered). Raises CannotTell without overlap.
    """
    view.sides()
    strata = view.strata(claim.strata)
    first = view.sides()
    names = view.arms.first.name, view.arms.second.name
    seen = value(view) != 0 if only_seen else None
    mix = common_mix(strata, first, view.customers, claim.least_covered, names, seen)
    view.keep(mix.cells >= 0, "kinds of cases that one of the arms hardly had")
    kept = Mix(mix.cells[mix.cells >= 0], mix.weights, mix.covered, mix.left_out)
    return Sides(view.sides(), kept, value(view))


def level(name: str, unit: str, mean: Mean, side: Mask, view: View, note: str = "") -> Figure:
    """Return the mean of one arm as a figure; shares stay within 0 and 1."""
    interval = bounds(mean.estimate, clustered(mean.influence, view.customers), view.customers, view.confidence)
    low, high = interval if interval is not None else (None, None)
    if unit == "share" and low is not None and high is not None:
        low, high = max(low, 0.0), min(high, 1.0)
    n = int(side.sum())
    return Figure(name=name, unit=unit, n=n, estimate=mean.estimate, low=low, high=high, note=note)


def compare(view: View, claim: Compared, value: Value, *, what: str, unit: str, reduction: bool | None) -> Found:
    """Return the comparison of the means of `value`: what it is (`what`), in which `unit` the arms' own means are.

    `reduction` says whether the claim is 1 − first / second, None that it is first − second, False first / second − 1.
    """
    value(view)
    first = view.sides()
    rough = _rough(view, value(view), first, (what, unit), reduction)
    try:
        sides = common(view, claim, value)
    except CannotTell as error:
        raise without(error, view, _unit(reduction), rough, MISLEADS) from error
    means = [standardised(sides.values, side, sides.mix) for side in (sides.first, ~sides.first)]
    names = view.arms.first.name, view.arms.second.name
    in_mix = "in the common mix of cases"
    parts = tuple(
        level(f"{what}, {name}", unit, mean, side, view, in_mix)
        for name, mean, side in zip(names, means, (sides.first, ~sides.first), strict=True)
    )
    share = f"{sides.mix.covered:.0%} of the cases are of kinds that both arms had"
    method, estimate, low, high = _figure(view, sides, means, claim, reduction)
    return Found(
        estimate,
        low,
        high,
        view.n,
        view.clusters,
        _unit(reduction),
        f"{method}; {share}",
        parts=parts,
        naive=rough,
        misleads=MISLEADS,
    )


def _figure(
    view: View, sides: Sides, means: list[Mean], claim: Compared, reduction: bool | None
) -> tuple[str, float | None, float | None, float | None]:
    """Return the method, the estimate and the interval of a comparison."""
    if reduction is None:
        found = standardised_difference(
            sides.values.tolist(),
            sides.first.tolist(),
            sides.mix.cells.tolist(),
            view.customers.tolist(),
            first=True,
            second=False,
            least_covered=claim.least_covered,
            confidence=view.confidence,
        )
        gap = found.standardised
        return found.method, gap.estimate, gap.low, gap.high
    method = (
        f"ratio of means standardised to the pooled mix by {', '.join(claim.strata)}, delta method on its logarithm"
    )
    ratio = log_ratio(means[0], means[1], view.customers, view.confidence)
    if ratio is None:
        return f"{method}: cannot be estimated, for one arm has none", None, None, None
    return (method, *_change(ratio, reduction=reduction))


def _change(ratio: tuple[float, float, float], *, reduction: bool) -> tuple[float, float, float]:
    """Return a ratio with its interval as a reduction or as an increase."""
    estimate, low, high = ratio
    return (1 - estimate, 1 - high, 1 - low) if reduction else (estimate - 1, low - 1, high - 1)


def _rough(view: View, values: Numbers, first: Mask, what: tuple[str, str], reduction: bool | None) -> Figure:
    """Return the naive comparison of what the values are, in their unit: each arm in its own mix of cases."""
    means = [plain(values, side) for side in (first, ~first)]
    name = f"{what[0]}: " + " against ".join(number_text(mean.estimate, what[1]) for mean in means)
    if reduction is None:
        gap = means[0].estimate - means[1].estimate
        spread = clustered(means[0].influence - means[1].influence, view.customers)
        interval = bounds(gap, spread, view.customers, view.confidence)
        low, high = interval if interval is not None else (None, None)
        return Figure(name=name, unit="points", n=view.n, estimate=gap, low=low, high=high)
    ratio = log_ratio(means[0], means[1], view.customers, view.confidence)
    if ratio is None:
        return Figure(name=name, unit="share", n=view.n)
    estimate, low, high = _change(ratio, reduction=reduction)
    return Figure(name=name, unit="share", n=view.n, estimate=estimate, low=low, high=high)


def _unit(reduction: bool | None) -> str:
    return "points" if reduction is None else "share"


def without(error: CannotTell, view: View, unit: str, naive: Figure, misleads: str) -> CannotTell:
    """Return the reason why there is no figure, with the naive one that is shown all the same."""
    found = Found(None, None, None, view.n, view.clusters, unit, "", naive=naive, misleads=misleads)
    return CannotTell(error.reason, error.needs, found)
