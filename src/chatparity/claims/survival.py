"""Times of which some are censored, in one mix of cases: Kaplan–Meier within each kind of case, weighted together.

A conversation that ended without a resolution shows only that it would have taken longer. Within a kind of case that
end is taken to tell nothing more of the time it would have taken (docs/claims.md says when that is wrong).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chatparity.claims.logs import Codes, Mask, Numbers
from chatparity.claims.mix import Mean
from chatparity.stats.interval import t_quantile

TINY = 1e-9
POINTS = 100


@dataclass(frozen=True)
class Arm:
    """The curve of a whole arm, whatever the kind of case: sorted times, the curve after each, and the last as it is.

    `place` has the place of each of these among the conversations of the arm's `Survival`.
    """

    at: Numbers
    event: Mask
    after: Numbers
    place: Codes

    def curve(self, times: Numbers) -> Numbers:
        """Return the curve at `times`; beyond the last conversation it stays where it is."""
        return np.asarray(np.concatenate([[1.0], self.after])[np.searchsorted(self.at, times, side="right")])

    def beyond(self, last: Numbers, horizon: float, *, level: bool) -> tuple[Numbers, Numbers]:
        """Return for each of `last` the area from there to the horizon over the curve there, and the curve there."""
        reached = np.concatenate([[1.0], self.after])[np.searchsorted(self.at, last, side="right")]
        reached = np.maximum(reached, TINY)
        return np.maximum(self._area(horizon, level=level)[1] - self._until(last), 0.0) / reached, reached

    def tail_influence(self, last: Numbers, weights: Numbers, horizon: float, *, level: bool) -> Numbers:
        """Return each conversation's influence on Σ weight · area from `last` to the horizon over the curve at `last`.

        With J the jump of a conversation times the area behind it, and D the running sum of jump · J, a cell that ends
        at u takes J − (D − D(u)) from each conversation after u; the cells are put together by their running sums.
        """
        area, whole = self._area(horizon, level=level)
        risk = np.arange(len(self.at), 0, -1)
        jumps = np.where(self.event & (self.at <= horizon), 1 / risk, 0.0)
        share = jumps * (whole - area)
        sums = np.cumsum(jumps * share)
        order = np.argsort(last)
        place = np.searchsorted(self.at, last[order], side="right")
        of_cells = np.concatenate([[0.0], sums])[place]
        ended = np.searchsorted(last[order], self.at, side="left")
        weight = np.concatenate([[0.0], np.cumsum(weights[order])])[ended]
        taken = np.concatenate([[0.0], np.cumsum(weights[order] * of_cells)])[ended]
        found = np.zeros(len(self.at))
        found[self.place] = -(share * weight - (sums * weight - taken))
        return found

    def _area(self, horizon: float, *, level: bool) -> tuple[Numbers, float]:
        """Return the area under the curve up to each time and up to the horizon."""
        until = np.minimum(self.at, horizon)
        area = np.cumsum(np.concatenate([[1.0], self.after[:-1]]) * np.diff(until, prepend=0.0))
        return area, float(area[-1] + (self.after[-1] * (horizon - until[-1]) if level else 0.0))

    def _until(self, times: Numbers) -> Numbers:
        """Return the area up to each of `times`, which are times of conversations or the horizon."""
        place = np.searchsorted(self.at, times, side="right")
        area = np.cumsum(np.concatenate([[1.0], self.after[:-1]]) * np.diff(self.at, prepend=0.0))
        before = np.concatenate([[0.0], area])[place]
        since = times - np.concatenate([[0.0], self.at])[place]
        return np.asarray(before + np.concatenate([[1.0], self.after])[place] * since, dtype=np.float64)


@dataclass(frozen=True)
class Survival:
    """The standardised curve S(t) = Σ weight · S_cell(t) of one arm [1], each S_cell by Kaplan and Meier [2].

    All arrays but `weights`, `starts` and `ends` have one entry a conversation, sorted by cell and time, events before
    censored ones: `at` the time, `event` whether it was resolved then, `after` the curve of its cell just after it,
    `jump` event / √(Y (Y − 1)) with Y at risk (Greenwood's; event / Y alone would vary too little among the last),
    `spread` the running sum of its squares in its cell, `customers` the number of the customer from 0 on.

    A cell's curve ends with its last conversation; where that is censored it goes on in the shape of `arm`, the curve
    of the whole arm: S(t) = S(last) · S_arm(t) / S_arm(last). To leave it level would make small cells slow. Beyond the
    arm's own last conversation nothing is seen: there S stays, and the mean is bounded (0 as Efron has it [3], or
    level).

    [1] J. Xie, C. Liu (2005), Adjusted Kaplan–Meier estimator and log-rank test with inverse probability of treatment
        weighting for survival data, Statistics in Medicine 24, 3089-3110; stratified, as in their section 2.
    [2] E. L. Kaplan, P. Meier (1958), Nonparametric estimation from incomplete observations, JASA 53, 457-481.
    [3] B. Efron (1967), The two sample problem with censored data, Proc. Fifth Berkeley Symposium 4, 831-853.
    """

    at: Numbers
    event: Mask
    after: Numbers
    jump: Numbers
    spread: Numbers
    cells: Codes
    customers: Codes
    weights: Numbers
    starts: Codes
    ends: Codes
    order: Codes
    arm: Arm

    def curve(self, time: float) -> float:
        """Return S(time), the share not yet resolved."""
        return float((self.weights * self._after(self._until(time), time)).sum())

    def influence(self, time: float) -> Numbers:
        """Return each conversation's influence on S(time); squared and summed it is Greenwood's variance [4].

        [4] M. Greenwood (1926), The natural duration of cancer; as a sum of independent terms T. M. Therneau,
            P. M. Grambsch (2000), Modeling Survival Data, section 4.6 and appendix; clustered by adding up first.
        """
        last = self._until(time)
        risen = self._spread(last)
        passed = np.minimum(self.spread, risen[self.cells])
        moved = np.where(self.at <= time, self.jump, 0.0) - passed
        scale = self.weights * self._after(last, time) * self._small()
        return np.asarray(-scale[self.cells] * moved, dtype=np.float64)

    def quantile(self, share: float = 0.5) -> float | None:
        """Return the first time at which no more than `share` are open; None where it is never reached."""
        times = np.unique(self.at[self.event])
        low, high = 0, len(times)
        while low < high:
            middle = (low + high) // 2
            if self.curve(times[middle]) <= share + 1e-12:
                high = middle
            else:
                low = middle + 1
        return float(times[low]) if low < len(times) else None

    def quantile_bounds(self, confidence: float, share: float = 0.5) -> tuple[float, float | None]:
        """Return the interval of a quantile: all times at which S is not told apart from `share` [5].

        The upper end is None where the curve never falls clearly below.

        [5] R. Brookmeyer, J. Crowley (1982), A confidence interval for the median survival time, Biometrics 38, 29-41.
        """
        times = np.unique(self.at[self.event])
        if not len(times):
            return 0.0, None
        z = t_quantile(confidence, max(int(self.customers.max()), 1))

        def beyond(index: int, sign: int) -> bool:
            """Say whether at a time S with its bound on one side lies at or below the share."""
            spread = math.sqrt(self._variance(times[index]))
            return self.curve(times[index]) + sign * z * spread <= share

        return float(times[_first(len(times), lambda one: beyond(one, -1)) or 0]), _at(
            times, _first(len(times), lambda one: beyond(one, 1))
        )

    def mean(self, horizon: float, *, level: bool = False) -> Mean:
        """Return the mean time up to `horizon` (the area under the curve until then [6]) with its influences.

        Beyond the arm's last conversation nothing is seen: there the curve is 0, or with `level` stays where it was;
        the truth lies between the two.

        [6] P. Royston, M. K. B. Parmar (2013), Restricted mean survival time: an alternative to the hazard ratio,
            BMC Medical Research Methodology 13, 152.
        """
        until = np.minimum(self.at, horizon)
        before = np.ones(len(self.at))
        before[1:] = self.after[:-1]
        before[self.starts] = 1.0
        gone = np.diff(until, prepend=0.0)
        gone[self.starts] = until[self.starts]
        area = before * gone
        last, left = until[self.ends - 1], self.after[self.ends - 1]
        beyond, reached = self.arm.beyond(last, horizon, level=level)
        whole = np.add.reduceat(area, self.starts) + left * beyond
        rest = np.repeat(whole, self.ends - self.starts) - _running(area, self.starts, self.ends)
        jumps = np.where(self.event & (self.at <= horizon), self.jump, 0.0)
        drawn = _running(jumps * jumps * rest, self.starts, self.ends)
        influence = -(self.weights * self._small())[self.cells] * (jumps * rest - drawn)
        influence += self.arm.tail_influence(last, self.weights * left / reached, horizon, level=level)
        return Mean(float((self.weights * whole).sum()), influence)

    def shape(self, until: float, confidence: float) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return times up to `until`, S there, and its pointwise bounds, for drawing."""
        times = np.linspace(0, until, POINTS)
        z = t_quantile(confidence, max(int(self.customers.max()), 1))
        shares = np.array([self.curve(one) for one in times])
        half = np.array([z * math.sqrt(self._variance(one)) for one in times])
        return times, shares, np.maximum(shares - half, 0.0), np.minimum(shares + half, 1.0)

    def _variance(self, time: float) -> float:
        """Return the cluster-robust variance of S(time)."""
        return float((np.bincount(self.customers, weights=self.influence(time)) ** 2).sum())

    def restored(self, influence: Numbers, n: int) -> Numbers:
        """Return influences in the order of the conversations, shape (n,), zero for those of the other arm."""
        found = np.zeros(n)
        found[self.order] = influence
        return found

    def _until(self, time: float) -> Codes:
        """Return, for each cell, how many of its conversations end at or before `time`."""
        return np.add.reduceat(self.at <= time, self.starts, dtype=np.int64)

    def _after(self, passed: Codes, time: float) -> Numbers:
        """Return each cell's curve at `time`, by which so many of its conversations have `passed`."""
        found = np.where(passed > 0, self.after[self.starts + np.maximum(passed, 1) - 1], 1.0)
        done = self.starts + passed == self.ends
        last = np.maximum(self.arm.curve(self.at[self.ends - 1]), TINY)
        return np.where(done, found * self.arm.curve(np.full(1, time)) / last, found)

    def _spread(self, passed: Codes) -> Numbers:
        return np.where(passed > 0, self.spread[self.starts + np.maximum(passed, 1) - 1], 0.0)

    def _small(self) -> Numbers:
        """Return √(n / (n − 1)) of each cell, which makes the variance of a mean unbiased."""
        sizes = (self.ends - self.starts).astype(np.float64)
        return np.sqrt(sizes / np.maximum(sizes - 1, 1))


def survival(
    seconds: Numbers, resolved: Mask, cells: Codes, customers: Codes, weights: Numbers, side: Mask
) -> Survival:
    """Return the standardised curve of the conversations of `side`; every cell of `weights` must hold one."""
    order = np.flatnonzero(side)
    order = order[np.lexsort((~resolved[order], seconds[order], cells[order]))]
    cell, event = cells[order], resolved[order]
    starts = np.flatnonzero(np.diff(cell, prepend=-1)).astype(np.int64)
    ends = np.append(starts[1:], len(order)).astype(np.int64)
    risk = np.repeat(ends, ends - starts) - np.arange(len(order))
    hazard = event / risk
    after = _curve(hazard, starts, ends)
    jump = event / np.sqrt(risk * np.maximum(risk - 1.0, 1.0))
    spread = _running(jump * jump, starts, ends)
    at = seconds[order]
    whole = np.lexsort((~event, at))
    arm_curve = _curve(event[whole] / np.arange(len(at), 0, -1), np.zeros(1, np.int64), np.array([len(at)]))
    arm = Arm(at[whole], event[whole], arm_curve, whole)
    numbered = np.unique(customers[order], return_inverse=True)[1].astype(np.int64)
    return Survival(at, event, after, jump, spread, cell, numbered, weights, starts, ends, order, arm)


def _curve(hazard: Numbers, starts: Codes, ends: Codes) -> Numbers:
    """Return the product of 1 − hazard that begins anew at each start."""
    # The last of a cell may be resolved: its curve is then 0, which the logarithm of a tiny number stands for.
    logs = np.where(hazard < 1, np.log1p(-np.minimum(hazard, 1 - TINY)), -700.0)
    after = np.exp(_running(logs, starts, ends))
    return np.where(after < 1e-200, 0.0, after)


def _running(values: Numbers, starts: Codes, ends: Codes) -> Numbers:
    """Return the running sum of values that begins anew at each start."""
    sums = np.cumsum(values)
    before = np.where(starts > 0, sums[np.maximum(starts, 1) - 1], 0.0)
    return np.asarray(sums - np.repeat(before, ends - starts), dtype=np.float64)


def _first(count: int, holds: object) -> int | None:
    """Return the first of `count` places at which a condition holds that, once it holds, goes on to hold."""
    assert callable(holds)
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low if low < count else None


def _at(times: Numbers, index: int | None) -> float | None:
    return None if index is None else float(times[index])
