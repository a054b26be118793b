"""Claims of the time to resolution: its median or its mean up to a horizon, unresolved conversations counted right."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from chatparity.claims.compare import MISLEADS, common, without
from chatparity.claims.file import TimeClaim
from chatparity.claims.logs import Codes, Mask, Numbers
from chatparity.claims.mix import Mean, bounds, clustered, log_ratio
from chatparity.claims.result import CannotTell, Curve, Curves, Figure, Found
from chatparity.claims.survival import Survival, survival
from chatparity.claims.view import View

NAIVE = f"It averages the resolved conversations alone, as if the others had never been tried. {MISLEADS}"
MOST_OPEN = 0.5
Bounds = tuple[float | None, float | None]


def time(view: View, claim: TimeClaim) -> Found:
    """Return the first arm's time to resolution, or by which share it lies below the second's, in one mix of cases."""

    def value(one: View) -> Numbers:
        one.known("handle_seconds")
        one.known("resolved")
        return one.numbers("handle_seconds")

    value(view)
    rough = _naive(view, claim)
    try:
        sides = common(view, claim, value)
        open_ = [float((view.numbers("resolved")[side] != 1).mean()) for side in (sides.first, ~sides.first)]
        _enough(view, open_)
    except CannotTell as error:
        unit = "seconds" if claim.measure == "level" else "share"
        raise without(error, view, unit, rough, NAIVE) from error
    resolved = view.numbers("resolved") == 1
    args = (sides.values, resolved, sides.mix.cells, view.customers, sides.mix.weights)
    arms = [survival(*args, side) for side in (sides.first, ~sides.first)]
    medians = _medians(view, arms)
    means = _means(view, arms, claim.horizon_seconds)
    names = view.arms.first.name, view.arms.second.name
    censored = " and ".join(f"{share:.0%} of {name}" for share, name in zip(open_, names, strict=True))
    found = _median(view, claim, medians) if claim.statistic == "median" else _mean(view, claim, arms, means)
    return dataclasses.replace(
        found,
        parts=(*medians, *means),
        naive=rough,
        misleads=NAIVE,
        notes=(
            f"Ended without a resolution, and counted as taking longer than they lasted: {censored}.",
            *_never(view, sides.values, resolved, sides.first, sides.mix.cells, sides.mix.weights),
        ),
        picture=_curves(view, arms, medians, claim.horizon_seconds),
    )


def _enough(view: View, open_: list[float]) -> None:
    """Raise CannotTell where most of an arm's conversations ended unresolved: its times would be assumed, not seen."""
    for share, name in zip(open_, (view.arms.first.name, view.arms.second.name), strict=True):
        if share > MOST_OPEN:
            raise CannotTell(
                f"only {1 - share:.0%} of the conversations of {name} ended resolved: how long the others would have "
                "taken is not seen",
                ("what became of the conversations that ended without a resolution",),
            )


def _medians(view: View, arms: list[Survival]) -> list[Figure]:
    """Return the median of each arm with its interval."""
    found = []
    for arm, name in zip(arms, (view.arms.first.name, view.arms.second.name), strict=True):
        low, high = arm.quantile_bounds(view.confidence)
        note = "" if high is not None else "the curve does not fall clearly below a half"
        median, n = arm.quantile(), len(arm.at)
        figure = Figure(name=f"median, {name}", unit="seconds", n=n, estimate=median, low=low, high=high, note=note)
        found.append(figure)
    return found


def _means(view: View, arms: list[Survival], horizon: float) -> list[Figure]:
    """Return the mean of each arm up to the horizon with its interval: bounded beyond the arm's last conversation."""
    found = []
    for arm, name in zip(arms, (view.arms.first.name, view.arms.second.name), strict=True):
        low, high = (arm.mean(horizon, level=level) for level in (False, True))
        ends = [_interval(one, arm.customers, view.confidence) for one in (low, high)]
        title = f"mean up to {horizon / 60:g} minutes, {name}"
        found.append(
            Figure(
                name=title,
                unit="seconds",
                n=len(arm.at),
                estimate=(low.estimate + high.estimate) / 2,
                low=ends[0][0],
                high=ends[1][1],
            )
        )
    return found


def _interval(mean: Mean, customers: Codes, confidence: float) -> Bounds:
    interval = bounds(mean.estimate, clustered(mean.influence, customers), customers, confidence)
    return interval if interval is not None else (None, None)


def _median(view: View, claim: TimeClaim, medians: list[Figure]) -> Found:
    """Return the median of the first arm, or the reduction, by recovery of the arms' variances on the logarithm [1].

    [1] G. Y. Zou, A. Donner (2008), Construction of confidence limits about effect measures, Statistics in Medicine 27,
        1693-1702.
    """
    one, two = medians
    how = "Kaplan–Meier within each kind of case, weighted to the pooled mix; interval by Brookmeyer and Crowley"
    bare = Found(None, None, None, view.n, view.clusters, "share", how)
    if claim.measure == "level":
        if one.estimate is None:
            return dataclasses.replace(bare, unit="seconds", method=f"{how}: fewer than half are ever resolved")
        high = math.inf if one.high is None else one.high
        return dataclasses.replace(bare, estimate=one.estimate, low=one.low, high=high, unit="seconds")
    if one.estimate is None or two.estimate is None or min(one.estimate, two.estimate) <= 0:
        return dataclasses.replace(bare, method=f"{how}: fewer than half are ever resolved in one of the arms")
    how += ", put together by Zou and Donner"
    logs = [_logs(one), _logs(two)]
    (mid_1, low_1, high_1), (mid_2, low_2, high_2) = logs
    low = mid_1 - mid_2 - math.hypot(mid_1 - low_1, high_2 - mid_2)
    high = mid_1 - mid_2 + math.hypot(high_1 - mid_1, mid_2 - low_2)
    estimate = 1 - math.exp(mid_1 - mid_2)
    return dataclasses.replace(
        bare,
        estimate=estimate,
        low=1 - math.exp(high) if math.isfinite(high) else -math.inf,
        high=1 - math.exp(low),
        method=how,
    )


def _logs(one: Figure) -> tuple[float, float, float]:
    """Return the logarithms of a median and of its bounds; a bound that is not there is infinitely far."""
    assert one.estimate is not None
    low = math.log(one.low) if one.low else -math.inf
    return math.log(one.estimate), low, math.inf if one.high is None else math.log(one.high)


def _mean(view: View, claim: TimeClaim, arms: list[Survival], means: list[Figure]) -> Found:
    """Return the restricted mean of the first arm, or the reduction by the delta method on the logarithm.

    Beyond the last conversation of an arm the curve is not known; the interval spans both of its ends, 0 and level.
    """
    how = f"area under the standardised Kaplan–Meier curve up to {claim.horizon_seconds / 60:g} minutes"
    one = means[0]
    bare = Found(one.estimate, one.low, one.high, view.n, view.clusters, "seconds", how)
    if claim.measure == "level":
        return bare
    ratios = []
    for level in (False, True):
        # What lies beyond an arm's last conversation is bounded: 0 in one arm and all of it in the other, and so round.
        pair = [arms[0].mean(claim.horizon_seconds, level=level), arms[1].mean(claim.horizon_seconds, level=not level)]
        whole = [Mean(one.estimate, arm.restored(one.influence, view.n)) for one, arm in zip(pair, arms, strict=True)]
        ratios.append(log_ratio(whole[0], whole[1], view.customers, view.confidence))
    least, most = ratios
    if least is None or most is None:
        return dataclasses.replace(bare, estimate=None, low=None, high=None, unit="share", method=f"{how}: not defined")
    middle = (least[0] + most[0]) / 2
    return dataclasses.replace(bare, estimate=1 - middle, low=1 - most[2], high=1 - least[1], unit="share")


def _never(
    view: View, seconds: Numbers, resolved: Mask, first: Mask, cells: Codes, weights: Numbers
) -> tuple[str, ...]:
    """Say what the medians would be if what was left unresolved had never been resolved: the worst case."""
    longest = float(seconds.max()) + 1
    told = []
    for side, name in ((first, view.arms.first.name), (~first, view.arms.second.name)):
        worst = survival(
            np.where(resolved, seconds, longest), resolved, cells, view.customers, weights, side
        ).quantile()
        told.append(f"{f'{worst / 60:.1f} minutes' if worst is not None else 'never'} for {name}")
    return (f"If what ended unresolved had never been resolved, the medians would be {' and '.join(told)}.",)


def _naive(view: View, claim: TimeClaim) -> Figure:
    """Return the figure of the resolved conversations alone, each arm in its own mix of cases."""
    first = view.sides()
    seconds, resolved = view.numbers("handle_seconds"), view.numbers("resolved") == 1
    reduce = np.median if claim.statistic == "median" else np.mean
    sides = [seconds[side & resolved] for side in (first, ~first)]
    n = sum(map(len, sides))
    title = f"{claim.statistic} of those resolved"
    if not all(len(side) for side in sides):
        return Figure(name=title, unit="seconds", n=n)
    values = [float(reduce(side)) for side in sides]
    if claim.measure == "level":
        return Figure(name=f"{title}, {view.arms.first.name}", unit="seconds", n=len(sides[0]), estimate=values[0])
    name = f"{title}: {values[0] / 60:.1f} against {values[1] / 60:.1f} minutes"
    return Figure(name=name, unit="share", n=n, estimate=1 - values[0] / values[1] if values[1] > 0 else None)


def _curves(view: View, arms: list[Survival], medians: list[Figure], horizon: float) -> Curves:
    """Return both distributions, up to where nine of ten are resolved in the slower arm, the horizon at most."""
    ends = [arm.quantile(0.1) or horizon for arm in arms]
    until = min(max(ends), horizon)
    curves = []
    for arm, name, median in zip(arms, (view.arms.first.name, view.arms.second.name), medians, strict=True):
        shape = [tuple(round(float(one), 5) for one in part) for part in arm.shape(until, view.confidence)]
        curves.append(
            Curve(
                name=name,
                n=len(arm.at),
                resolved=int(arm.event.sum()),
                median=median.estimate,
                seconds=shape[0],
                open=shape[1],
                low=shape[2],
                high=shape[3],
            )
        )
    return Curves(curves=tuple(curves), until=until)
