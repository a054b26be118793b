"""How often the intervals of a verdict hold the truth, and how wide they are, beside textbook ones, by simulation.

Conversations of two to six answers, or of one, and tasks tried four times; correlated as a beta-binomial (for pairs a
Dirichlet-multinomial) makes them, or by answers that copy one draw of their conversation ("shared"). Of the intervals
that miss, those above the truth can make a false PASS ("misses low") and those below it a false FAIL ("misses high").
Exits 1 where a chosen 95 % interval covers less than 93 %, the exact one less than 95 %, or that of one mean less than
90 %.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatparity.stats import (
    REPEATED_ICC,
    WORKING_ICC,
    beta_binomial,
    clopper_pearson,
    cluster_bootstrap,
    cluster_mean,
    cluster_rate,
    paired_difference,
    paired_mean_difference,
    unpaired_difference,
    unpaired_mean_difference,
    wilson,
)
from chatparity.stats.interval import t_quantile

# No t interval of one mean holds 93 % where values are skewed and clusters few; differences are not skewed.
PROMISE, EXACT, SKEWED, CONFIDENCE = 0.93, 0.95, 0.90, 0.95
Z = 1.959964
SIZES = (20, 60, 200, 1000)
RATES = (0.5, 0.8, 0.9, 0.97, 0.99)
PAIRS = ((0.9, 0.9), (0.97, 0.9), (0.99, 0.99), (0.8, 0.85))
BETWEEN = (0.0, 0.5)
ICCS = (0.05, 0.2, 0.5)
STRONG = (0.5, 0.8)
REPLICATIONS, FEW = 2000, 200
Bounds = tuple[float | None, float | None]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """How n answers lie in clusters: their `size` (0: two to six, at random), correlation and model."""

    n: int
    size: int
    icc: float
    model: str = "beta"

    @property
    def working_icc(self) -> float:
        """Return the correlation that the gate assumes for such clusters."""
        return REPEATED_ICC if self.size > 1 else WORKING_ICC

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        if self.size == 1:
            return f"{self.n:>5} single"
        within = "2-6" if not self.size else f"{self.n // self.size} tasks × {self.size}"
        return f"{self.n:>5} {within}, ICC {self.icc:g} {self.model}"

    def sizes(self, rng: np.random.Generator) -> Ints:
        """Return the size of each cluster."""
        if self.size:
            return np.full(self.n // self.size, self.size)
        ends: Ints = np.minimum(np.cumsum(rng.integers(2, 7, self.n)), self.n)
        used = int(np.searchsorted(ends, self.n)) + 1
        sizes: Ints = np.diff(ends[:used], prepend=0)
        return sizes

    def draw(self, rng: np.random.Generator, chances: Sequence[float]) -> tuple[Ints, Ints]:
        """Return the outcome (an index into `chances`) and the cluster of each answer."""
        sizes = self.sizes(rng)
        codes, odds = np.repeat(np.arange(len(sizes)), sizes), np.asarray(chances)
        if self.icc == 0:
            return _pick(rng, np.tile(odds, (self.n, 1))), codes
        if self.model == "beta":
            drawn = (
                rng.gamma(np.maximum(odds, 1e-12) * (1 - self.icc) / self.icc, size=(len(sizes), len(odds))) + 1e-300
            )
            return _pick(rng, (drawn / drawn.sum(axis=1, keepdims=True))[codes]), codes
        shared = _pick(rng, np.tile(odds, (len(sizes), 1)))[codes]
        own = _pick(rng, np.tile(odds, (self.n, 1)))
        return np.where(rng.random(self.n) < math.sqrt(self.icc), shared, own), codes


def _pick(rng: np.random.Generator, odds: NDArray[np.float64]) -> Ints:
    """Return one index a row, drawn with the row's odds."""
    passed: Ints = (rng.random((len(odds), 1)) > np.cumsum(odds, axis=1)).sum(axis=1)
    chosen: Ints = np.minimum(passed, odds.shape[1] - 1)
    return chosen


def shapes(sizes: Sequence[int] = SIZES, *, shared: Sequence[float] = ICCS) -> list[Shape]:
    """Return every shape; those of the model "shared" only at the correlations named."""
    single = [Shape(n, 1, 0.0) for n in sizes]
    clustered = [Shape(n, 0, icc) for n in sizes for icc in ICCS]
    copied = [Shape(n, 0, icc, "shared") for n in sizes for icc in shared]
    tasks = [Shape(80, 4, icc, model) for icc in STRONG for model in ("beta", "shared")]
    return single + clustered + copied + tasks


@dataclass
class Tally:
    """Over replications: intervals given, how many lie above and below the truth, and their widths."""

    truth: float
    given: int = 0
    above: float = 0
    below: float = 0
    width: float = 0.0

    def add(self, low: float | None, high: float | None) -> None:
        """Count one interval; one that was not given is none."""
        if low is None or high is None:
            return
        self.given += 1
        self.above += low > self.truth + 1e-12
        self.below += high < self.truth - 1e-12
        self.width += high - low

    @property
    def coverage(self) -> float:
        """Return the share of the intervals given that hold the truth; 1 where none was given."""
        return 1 - self.misses_low - self.misses_high

    @property
    def misses_low(self) -> float:
        """Return the share of the intervals given that lie above the truth."""
        return self.above / max(self.given, 1)

    @property
    def misses_high(self) -> float:
        """Return the share of the intervals given that lie below the truth."""
        return self.below / max(self.given, 1)

    def text(self) -> str:
        """Return coverage and mean width, as the table has them."""
        return f"{100 * self.coverage:6.1f} {self.width / max(self.given, 1):6.3f}"


@dataclass(frozen=True)
class Cell:
    """One line of a table: the chosen interval and the textbook ones on the same data."""

    shape: str
    case: str
    chosen: Tally
    others: tuple[Tally, ...]
    replications: int
    promise: float = PROMISE

    @property
    def exact(self) -> bool:
        """Say whether it is summed over all counts rather than simulated."""
        return self.promise == EXACT

    @property
    def kept(self) -> bool:
        """Say whether the promise is kept; with few replications, within what chance alone explains."""
        slack = 0.0 if self.replications >= REPLICATIONS else 3 * math.sqrt(0.93 * 0.07 / self.replications)
        return self.chosen.coverage >= self.promise - slack


def wald(good: float, n: int) -> Bounds:
    """Return the normal interval of the textbook."""
    rate = good / n
    half = Z * math.sqrt(rate * (1 - rate) / n)
    return rate - half, rate + half


def rate_cell(shape: Shape, rate: float, replications: int) -> Cell:
    """Return how `cluster_rate`, the normal and the plain Wilson interval fare at one rate."""
    rng = np.random.default_rng([shape.n, shape.size, round(1000 * shape.icc), round(1000 * rate)])
    chosen, normal, plain = Tally(rate), Tally(rate), Tally(rate)
    for _ in range(replications):
        drawn, codes = shape.draw(rng, (1 - rate, rate))
        found = cluster_rate(drawn.tolist(), codes.tolist(), working_icc=shape.working_icc)
        chosen.add(found.low, found.high)
        normal.add(*wald(found.good, found.n))
        plain.add(*wilson(found.good, found.n))
    return Cell(shape.name, f"{rate:g}", chosen, (normal, plain), replications)


def joint(first: float, second: float, between: float) -> tuple[float, float, float, float]:
    """Return the chances that both, only the first, only the second and neither is good, at a correlation."""
    both = first * second + between * math.sqrt(first * (1 - first) * second * (1 - second))
    both = min(both, first, second)
    return both, first - both, second - both, 1 - first - second + both


def paired_cell(shape: Shape, rates: tuple[float, float], between: float, replications: int) -> Cell:
    """Return how `paired_difference` and the normal interval of independent pairs fare."""
    rng = np.random.default_rng([shape.n, shape.size, round(1000 * shape.icc), *(round(1000 * one) for one in rates)])
    chosen, normal = Tally(rates[0] - rates[1]), Tally(rates[0] - rates[1])
    chances = joint(*rates, between)
    for _ in range(replications):
        drawn, codes = shape.draw(rng, chances)
        first, second = drawn <= 1, (drawn == 0) | (drawn == 2)
        found = paired_difference(first.tolist(), second.tolist(), codes.tolist(), working_icc=shape.working_icc)
        chosen.add(found.low, found.high)
        estimate = (found.first_only - found.second_only) / found.n
        half = Z * math.sqrt(((found.first_only + found.second_only) / found.n - estimate**2) / found.n)
        normal.add(estimate - half, estimate + half)
    return Cell(shape.name, f"{rates[0]:g} − {rates[1]:g}, r {between:g}", chosen, (normal,), replications)


def unpaired_cell(shape: Shape, rates: tuple[float, float], replications: int) -> Cell:
    """Return how `unpaired_difference` and the normal interval fare, each side with n answers."""
    rng = np.random.default_rng([shape.n, shape.size, round(1000 * shape.icc), *(round(1000 * one) for one in rates)])
    chosen, normal = Tally(rates[0] - rates[1]), Tally(rates[0] - rates[1])
    for _ in range(replications):
        first, codes = shape.draw(rng, (1 - rates[0], rates[0]))
        second, others = shape.draw(rng, (1 - rates[1], rates[1]))
        found = unpaired_difference(
            first.tolist(), second.tolist(), codes.tolist(), (-1 - others).tolist(), working_icc=shape.working_icc
        )
        chosen.add(found.low, found.high)
        one, two = float(first.mean()), float(second.mean())
        half = Z * math.sqrt((one * (1 - one) + two * (1 - two)) / shape.n)
        normal.add(one - two - half, one - two + half)
    return Cell(shape.name, f"{rates[0]:g} − {rates[1]:g}", chosen, (normal,), replications)


def exact_cells() -> Iterator[Cell]:
    """Yield the coverage of the exact interval, summed over all counts: no simulation."""
    from scipy.stats import binom

    for n in SIZES:
        bounds = [clopper_pearson(good, n) for good in range(n + 1)]
        for rate in RATES:
            mass = binom.pmf(np.arange(n + 1), n, rate)
            lows, highs = (np.array(ends) for ends in zip(*bounds, strict=True))
            above, below = float(mass[lows > rate].sum()), float(mass[highs < rate].sum())
            tally = Tally(rate, 1, above, below, float((mass * (highs - lows)).sum()))
            yield Cell(f"{n:>5} single", f"{rate:g}", tally, (), REPLICATIONS, EXACT)


def values_in(codes: Ints, kind: str, icc: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a value for each answer: "scores" of mean 0.8, or "seconds" of mean 60, skewed as times are."""

    def fresh(count: int) -> NDArray[np.float64]:
        return rng.beta(4, 1, count) if kind == "scores" else rng.lognormal(math.log(60) - 0.18, 0.6, count)

    copied = rng.random(len(codes)) < math.sqrt(icc)
    return np.where(copied, fresh(int(codes.max()) + 1)[codes], fresh(len(codes)))


def mean_cells(shape: Shape, kind: str, replications: int) -> Iterator[Cell]:
    """Yield how the mean, the paired and the unpaired difference of means fare beside t on independent values."""
    rng = np.random.default_rng([shape.n, shape.size, round(1000 * shape.icc)])
    truth = 0.8 if kind == "scores" else 60.0
    mean, paired, unpaired, plain = Tally(truth), Tally(0.0), Tally(0.0), Tally(truth)
    for _ in range(replications):
        codes, apart = (np.repeat(np.arange(len(sizes)), sizes) for sizes in (shape.sizes(rng), shape.sizes(rng)))
        values, others = (values_in(one, kind, shape.icc, rng) for one in (codes, apart))
        found = cluster_mean(values.tolist(), codes.tolist())
        mean.add(found.low, found.high)
        half = Z * float(values.std(ddof=1)) / math.sqrt(len(values))
        plain.add(float(values.mean()) - half, float(values.mean()) + half)
        second = values_in(codes, kind, shape.icc, rng)
        both = paired_mean_difference(values.tolist(), second.tolist(), codes.tolist())
        paired.add(both.low, both.high)
        two = unpaired_mean_difference(values.tolist(), others.tolist(), codes.tolist(), (-1 - apart).tolist())
        unpaired.add(two.low, two.high)
    yield Cell(shape.name, f"{kind}: mean", mean, (plain,), replications, SKEWED)
    yield Cell(shape.name, f"{kind}: paired difference", paired, (), replications)
    yield Cell(shape.name, f"{kind}: unpaired difference", unpaired, (), replications)


def effective(good: Ints, size: Ints) -> tuple[float, float, float]:
    """Return the rate, the effective n by the robust variance alone, and Student's t: what textbooks go on with."""
    n, clusters = int(size.sum()), len(size)
    rate = float(good.sum()) / n
    robust = clusters / (clusters - 1) * float(((good - size * rate) ** 2).sum()) / n**2
    naive = rate * (1 - rate) / n
    return rate, n / max(robust / naive if naive else 1.0, 1.0), float(t_quantile(CONFIDENCE, clusters - 1))


def candidates(good: Ints, size: Ints) -> dict[str, Bounds]:
    """Return other intervals for a clustered rate, each as its source has it."""
    rate, fair, t = effective(good, size)
    adjusted = max(fair * (Z / t) ** 2, 1.0)
    n = int(size.sum())
    moved = (rate * n + 0.5) / (n + 1)
    half = t / math.sqrt(fair * moved * (1 - moved))
    centre = math.log(moved / (1 - moved))
    model = beta_binomial(good.tolist(), size.tolist())
    return {
        "Wilson, effective n": wilson(rate * fair, fair, quantile=t),
        "Korn–Graubard": clopper_pearson(min(rate * adjusted, adjusted), adjusted),
        "logit-t": (1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre))),
        "beta-binomial": (model.low, model.high),
    }


def candidate_cell(shape: Shape, rate: float, replications: int) -> Cell:
    """Return how the chosen interval fares beside the candidates that were not chosen."""
    rng = np.random.default_rng([shape.n, shape.size, round(1000 * shape.icc), round(1000 * rate)])
    chosen, others = Tally(rate), [Tally(rate) for _ in CANDIDATES]
    for _ in range(replications):
        drawn, codes = shape.draw(rng, (1 - rate, rate))
        found = cluster_rate(drawn.tolist(), codes.tolist(), working_icc=shape.working_icc)
        chosen.add(found.low, found.high)
        good = np.bincount(codes, weights=drawn).astype(np.int64)
        for tally, bounds in zip(others, candidates(good, np.bincount(codes)).values(), strict=True):
            tally.add(*bounds)
    return Cell(shape.name, f"{rate:g}", chosen, tuple(others), replications)


def _mean_of(values: NDArray[np.float64]) -> Callable[[NDArray[np.intp]], float]:
    return lambda chosen: float(values[chosen].mean())


def bootstrap_cell(shape: Shape, kind: str, replications: int) -> Cell:
    """Return how the BCa and the percentile cluster bootstrap of the mean of seconds fare: shown, not promised."""
    rng = np.random.default_rng([shape.n, shape.size])
    corrected, percentile = Tally(60.0), Tally(60.0)
    for seed in range(replications):
        sizes = shape.sizes(rng)
        codes = np.repeat(np.arange(len(sizes)), sizes)
        values = values_in(codes, kind, shape.icc, rng)
        for tally, how in ((corrected, "bca"), (percentile, "percentile")):
            found = cluster_bootstrap(
                _mean_of(values),
                codes.tolist(),
                kind="bca" if how == "bca" else "percentile",
                resamples=400,
                seed=seed,
            )
            tally.add(found.low, found.high)
    return Cell(shape.name, f"{kind}: mean", corrected, (percentile,), replications, 0.0)


def show(title: str, others: Sequence[str], cells: Iterable[Cell]) -> bool:
    """Print one table with its summary, and return whether every cell keeps the promise."""
    print(f"\n## {title}\n", flush=True)
    head = ["answers", "truth", "covers %, width", "misses low / high %", *others]
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    done: list[Cell] = []
    for cell in cells:
        done.append(cell)
        chosen = cell.chosen
        missed = f"{100 * chosen.misses_low:4.1f} / {100 * chosen.misses_high:4.1f}"
        none = 0 if cell.exact else cell.replications - chosen.given
        note = ("" if cell.kept else " BELOW") + (f" ({none} without)" if none else "")
        texts = [cell.shape, cell.case, chosen.text() + note, missed, *(one.text() for one in cell.others)]
        print(f"| {' | '.join(texts)} |", flush=True)
    print(f"\n{summary(done)}", flush=True)
    return all(cell.kept for cell in done)


def summary(cells: Sequence[Cell]) -> str:
    """Return the least coverage, the greatest misses on either side and where, and how many miss too often."""
    limit = 0.025 + 2 * math.sqrt(0.025 * 0.975 / cells[0].replications)
    over = sum(side > limit for cell in cells for side in (cell.chosen.misses_low, cell.chosen.misses_high))

    def worst(value: Callable[[Tally], float]) -> str:
        cell = max(cells, key=lambda one: value(one.chosen))
        return f"{100 * abs(value(cell.chosen)):.1f} % ({cell.shape.strip()}: {cell.case})"

    return (
        f"{len(cells)} cells: covers at least {worst(lambda one: -one.coverage)}; misses low at most "
        f"{worst(lambda one: one.misses_low)}, high at most {worst(lambda one: one.misses_high)}; "
        f"{over} of {2 * len(cells)} sides miss more than {100 * limit:.1f} %"
    )


CANDIDATES = ("Wilson, effective n", "Korn–Graubard", "logit-t", "beta-binomial")


def tables(replications: int, sizes: Sequence[int], wanted: Sequence[str]) -> Iterator[bool]:
    """Print each table that is wanted and yield whether its promise was kept."""
    every = shapes(sizes)
    of_one = shapes(sizes, shared=(0.5,))
    plain = shapes(sizes, shared=())
    if "exact" in wanted:
        yield show("Exact interval of one rate, no simulation", (), exact_cells())
    if "rates" in wanted:
        cells = (rate_cell(shape, rate, replications) for shape in every for rate in RATES)
        yield show("Rates (cluster_rate)", ("normal", "plain Wilson"), cells)
    if "paired" in wanted:
        cells = (
            paired_cell(*case, replications) for case in ((s, p, b) for s in of_one for p in PAIRS for b in BETWEEN)
        )
        yield show("Paired differences (paired_difference)", ("normal, independent pairs",), cells)
    if "unpaired" in wanted:
        cells = (unpaired_cell(shape, rates, replications) for shape in plain for rates in PAIRS)
        yield show("Unpaired differences (unpaired_difference)", ("normal, independent",), cells)
    if "means" in wanted:
        found = (
            cell
            for kind in ("scores", "seconds")
            for shape in plain
            if shape.model == "beta"
            for cell in mean_cells(shape, kind, replications // 2)
        )
        yield show("Means", ("normal, independent",), found)
    if "candidates" in wanted:
        cells = (
            candidate_cell(shape, rate, replications // 4)
            for shape in plain
            if shape.size != 1
            for rate in (0.5, 0.9, 0.97)
        )
        yield show("Rates: what was not chosen", CANDIDATES, cells)
    if "bootstrap" in wanted:
        cells = (bootstrap_cell(Shape(n, 0, 0.2), "seconds", replications // 10) for n in (60, 200))
        yield show("Cluster bootstrap of a mean: BCa, beside percentile", ("percentile",), cells)


TABLES = ("exact", "rates", "paired", "unpaired", "means", "candidates", "bootstrap")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=REPLICATIONS, help="simulated samples a cell")
    parser.add_argument("--quick", action="store_true", help=f"only {FEW} samples a cell, and no n = 1000")
    parser.add_argument("--tables", nargs="*", choices=TABLES, default=TABLES, help="only these")
    given = parser.parse_args()
    began = time.perf_counter()
    replications, sizes = (FEW, SIZES[:-1]) if given.quick else (given.replications, SIZES)
    kept = list(tables(replications, sizes, given.tables))
    print(f"\n{time.perf_counter() - began:.0f} s, {replications} samples a cell")
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
