"""Coverage, error rates and power of the statistics, simulated: each table beside what is promised.

Rates of single gates are in coverage.py; here is what is built on them. Everything is seeded and prints the same
again. 2,000 worlds a row (`--worlds`) give a standard error of 0.5 points at 95 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from chatparity.stats import (
    benjamini_hochberg,
    difference_conversations,
    farrington_manning,
    holm,
    krippendorff_alpha,
    mcnemar,
    newcombe_difference,
    newcombe_paired,
    paired_margin_test,
    pass_hat,
    prediction_powered_mean,
    rate_conversations,
    rate_power,
    rogan_gladen,
    simultaneous_confidence,
    standardised_difference,
)

Row = tuple[str, ...]
Bools = NDArray[np.bool_]


def covered(low: float | None, high: float | None, truth: float) -> bool:
    """Say whether an interval holds the truth; none does not."""
    return low is not None and high is not None and low - 1e-12 <= truth <= high + 1e-12


def two_rates(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give the error of the tests where nothing is there, and the coverage of Newcombe's intervals."""
    yield "n", "rates", "McNemar exact", "mid-p", "Farrington–M.", "Newcombe", "Newcombe paired"
    for n in (30, 100, 400):
        for rate in (0.7, 0.95):
            wrong, hits = np.zeros(3), np.zeros(2)
            for _ in range(worlds):
                hard = rng.random(n) < 0.6  # of the discordant pairs' source: independent coins on the hard ones
                first = np.where(hard, rng.random(n) < rate, True)
                second = np.where(hard, rng.random(n) < rate, True)
                only_1, only_2 = int((first & ~second).sum()), int((second & ~first).sum())
                wrong[0] += mcnemar(only_1, only_2, mid_p=False).p_value <= 0.05
                wrong[1] += mcnemar(only_1, only_2).p_value <= 0.05
                both, neither = int((first & second).sum()), int((~first & ~second).sum())
                hits[1] += covered(*newcombe_paired(both, only_1, only_2, neither), 0.0)
                good_1, good_2 = int(rng.binomial(n, rate - 0.1)), int(rng.binomial(n, rate))
                hits[0] += covered(*newcombe_difference(good_1, n, good_2, n), -0.1)
                wrong[2] += farrington_manning(good_1, n, good_2, n, margin=0.1).p_value <= 0.025
            shown = [f"{one:.1%}" for one in (*(wrong / worlds), *(hits / worlds))]
            yield (str(n), f"{rate:.2f}", *shown)


def margins(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give how often a difference on the margin is called non-inferior, and agreement with the interval."""
    yield "clusters × size", "values", "non-inferior on the margin", "equivalent on the margin"
    for clusters, size in ((30, 1), (30, 4), (100, 3)):
        names = np.repeat(np.arange(clusters), size).tolist()
        for kind in ("yes/no", "seconds"):
            wrong = np.zeros(2)
            for _ in range(worlds):
                if kind == "yes/no":
                    level = np.repeat(rng.beta(8, 2, clusters) * 0.9, size)
                    first = (rng.random(len(level)) < level).astype(float)
                    second = (rng.random(len(level)) < level + 0.1).astype(float)
                    margin = 0.1
                else:
                    shared = np.repeat(rng.normal(0, 5, clusters), size)
                    second = rng.exponential(20, len(shared)) + 30
                    first = second + shared + rng.exponential(6, len(shared)) - 6 - 2
                    margin = 2.0
                values = (first.tolist(), second.tolist(), names)
                wrong[0] += paired_margin_test(*values, margin=margin).verdict == "non-inferior"
                wrong[1] += paired_margin_test(*values, margin=margin, both_sides=True).verdict == "equivalent"
            yield (f"{clusters} × {size}", kind, *(f"{one:.1%}" for one in wrong / worlds))


def many_slices(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give the family-wise error, false discovery rate, power and joint coverage over 20 slices."""
    from scipy.special import ndtr, ndtri

    yield "slices really worse", "method", "any false call", "false calls of all", "found", "joint coverage"
    slices, shift = 20, 3.0
    for worse in (0, 5, 10):
        truth = np.where(np.arange(slices) < worse, shift, 0.0)
        joint = 0
        calls = {name: np.zeros(3) for name in ("none", "Holm", "Benjamini–Hochberg")}
        for _ in range(worlds):
            z = truth + np.sqrt(0.7) * rng.normal(size=slices) + np.sqrt(0.3) * rng.normal()
            p = (2 * ndtr(-np.abs(z))).tolist()
            half = ndtri(0.5 + simultaneous_confidence(0.95, slices) / 2)
            joint += bool((np.abs(z - truth) <= half).all())
            for name, adjusted in (("none", p), ("Holm", holm(p)), ("Benjamini–Hochberg", benjamini_hochberg(p))):
                called = np.array(adjusted, dtype=float) <= 0.05
                false = int(called[worse:].sum())
                found = called[:worse].mean() if worse else 0.0
                calls[name] += (false > 0, false / max(int(called.sum()), 1), found)
        for name, sums in calls.items():
            any_false, share, found = sums / worlds
            power = f"{found:.1%}" if worse else "–"
            joined = f"{joint / worlds:.1%}" if name == "none" else ""
            yield f"{worse} of {slices}", name, f"{any_false:.1%}", f"{share:.1%}", power, joined


def repeats(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give bias and coverage of pass^k where tasks differ in difficulty."""
    yield "tasks", "trials", "k", "truth", "mean estimate", "coverage", "mean width"
    for tasks, trials, a, b in ((20, 4, 4, 1), (50, 4, 4, 1), (50, 8, 0.5, 0.5), (200, 4, 20, 1)):
        names = np.repeat(np.arange(tasks), trials).tolist()
        ks = (1, trials)
        found: dict[int, list[tuple[float, float, float]]] = {k: [] for k in ks}
        for _ in range(worlds):
            rates = np.repeat(rng.beta(a, b, tasks), trials)
            estimates = pass_hat((rng.random(len(rates)) < rates).tolist(), names)
            for k in ks:
                one = estimates[k - 1]
                found[k].append((one.estimate or 0.0, one.low or 0.0, one.high if one.high is not None else 1.0))
        for k in ks:
            truth = float(np.prod([(a + one) / (a + b + one) for one in range(k)]))  # E[p^k] of a beta
            values = np.array(found[k])
            hits = ((values[:, 1] <= truth) & (truth <= values[:, 2])).mean()
            width = (values[:, 2] - values[:, 1]).mean()
            row = (f"{truth:.3f}", f"{values[:, 0].mean():.3f}", f"{hits:.1%}", f"{width:.3f}")
            yield (str(tasks), str(trials), str(k), *row)


def plans(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give the power that the planned number of conversations has, simulated, beside the 80 % planned for."""
    from chatparity.stats import clopper_pearson, paired_difference

    yield "plan", "conversations", "power said", "power simulated"
    for rate, threshold in ((0.95, 0.9), (0.99, 0.97), (0.9, 0.8)):
        needed = rate_conversations(rate, threshold) or 0
        good = rng.binomial(needed, rate, worlds)
        passed = np.mean([clopper_pearson(int(one), needed)[0] >= threshold for one in good])
        said = rate_power(rate, threshold, needed)
        yield f"rate {rate:.2f} ≥ {threshold:.2f}", str(needed), f"{said:.1%}", f"{passed:.1%}"
    for discordant, margin, size, icc in ((0.1, 0.05, 1, 0.0), (0.2, 0.1, 1, 0.0), (0.15, 0.05, 3, 0.2)):
        effect = 1 + (size - 1) * icc
        needed = difference_conversations(discordant, margin, per_conversation=size, design_effect=effect) or 0
        names = np.repeat(np.arange(needed), size).tolist()
        passed_count = 0
        for _ in range(worlds):
            # With chance icc a pair copies its conversation's sign, so that pairs correlate by icc.
            own = rng.choice((-1, 0, 1), size=(needed, size), p=(discordant / 2, 1 - discordant, discordant / 2))
            shared = rng.choice((-1, 0, 1), size=(needed, 1), p=(discordant / 2, 1 - discordant, discordant / 2))
            signs = np.where(rng.random((needed, size)) < np.sqrt(icc), shared, own).ravel()
            low = paired_difference((signs >= 0).tolist(), (signs <= 0).tolist(), names).low
            passed_count += low is not None and low > -margin
        label = f"pairs {discordant:.2f} discordant, margin {margin:.2f}, {size} a conversation"
        yield label, str(needed), "80.0% planned", f"{passed_count / worlds:.1%}"


def corrected(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give the coverage of a judge's rate, raw and corrected."""
    yield "truth", "sens.", "spec.", "validated", "judged", "raw", "corrected", "no interval", "mean width"
    for truth in (0.02, 0.1, 0.4):
        for sensitivity, specificity, validated in ((0.9, 0.95, 50), (0.8, 0.9, 100), (0.7, 0.7, 200)):
            n, raw, hits, none, width = 500, 0, 0, 0, 0.0
            for _ in range(worlds):
                found = int(rng.binomial(n, truth * sensitivity + (1 - truth) * (1 - specificity)))
                one = rogan_gladen(
                    found,
                    n,
                    true_found=int(rng.binomial(validated, sensitivity)),
                    truly=validated,
                    true_cleared=int(rng.binomial(validated, specificity)),
                    not_truly=validated,
                )
                half = 1.96 * np.sqrt(one.judged * (1 - one.judged) / n)
                raw += abs(one.judged - truth) <= half
                none += one.low is None
                hits += covered(one.low, one.high, truth)
                width += (one.high or 0.0) - (one.low or 0.0)
            told = worlds - none
            shown = (f"{raw / worlds:.1%}", f"{hits / told:.1%}", f"{none / worlds:.1%}", f"{width / told:.3f}")
            yield (f"{truth}", f"{sensitivity}", f"{specificity}", f"2 × {validated}", str(n), *shown)


LEVELS: tuple[Literal["nominal", "ordinal", "interval"], ...] = ("nominal", "ordinal", "interval")
JUDGES: dict[str, tuple[float, float]] = {"perfect": (0.0, 0.0), "good": (0.05, 0.02), "bad": (0.4, 0.4)}


def powered_world(
    rng: Generator, *, rate: float, judge: str, size: int, weighted: bool, labelled: int, n: int = 2000
) -> tuple[list[float], list[float | None], list[int], list[float]]:
    """Return one population: the judge's scores, labels where people looked, clusters and inclusion probabilities.

    `rate` of the answers are good, by conversation of `size` alike; the judge errs on bad and good ones as JUDGES says.
    Weighted samples take half of their labels from what the judge calls bad.
    """
    conversations = n // size
    strength = 1e9 if size == 1 else 4.0
    level = np.repeat(rng.beta(rate * strength, (1 - rate) * strength, conversations), size)
    truth = rng.random(len(level)) < (level if size > 1 else rate)
    on_bad, on_good = JUDGES[judge]
    errs = rng.random(len(truth)) < np.where(truth, on_good, on_bad)
    seen = truth ^ errs
    probability = np.full(len(truth), labelled / len(truth))
    if weighted:
        flagged = ~seen
        for part in (flagged, ~flagged):
            probability[part] = min(labelled / 2 / max(int(part.sum()), 1), 1.0)
    chosen = rng.random(len(truth)) < probability
    labels: list[float | None] = [float(one) if known else None for one, known in zip(truth, chosen, strict=True)]
    codes = np.repeat(np.arange(conversations), size).tolist()
    return seen.astype(float).tolist(), labels, codes, probability.tolist()


def powered(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give the coverage of prediction-powered means and of labels alone, and what the judge was worth."""
    header = ("rate", "judge", "a conversation", "sample", "labels", "PPI++", "labels only", "width", "labels only")
    yield (*header, "wider", "λ", "effective labels")
    for rate in (0.6, 0.9, 0.97):
        for judge in JUDGES:
            for size, weighted, labelled in ((1, False, 50), (1, False, 200), (5, False, 200), (1, True, 100)):
                hits, widths, other, wider = np.zeros(2), np.zeros(2), np.zeros(2), 0
                for _ in range(worlds):
                    world = powered_world(rng, rate=rate, judge=judge, size=size, weighted=weighted, labelled=labelled)
                    one = prediction_powered_mean(*world[:3], probabilities=world[3])
                    hits += covered(one.low, one.high, rate), covered(one.labels_low, one.labels_high, rate)
                    own = (one.high or 0.0) - (one.low or 0.0)
                    alone = (one.labels_high or 0.0) - (one.labels_low or 0.0)
                    widths += own, alone
                    wider += own > alone * 1.05
                    other += one.weight or 0.0, one.effective_labels or 0.0
                ppi, alone_hits = hits / worlds
                shown = (f"{ppi:.1%}", f"{alone_hits:.1%}", *(f"{width:.3f}" for width in widths / worlds))
                lam, effective = other / worlds
                sample = "flagged more" if weighted else "uniform"
                start = (f"{rate}", judge, str(size), sample, str(labelled))
                yield (*start, *shown, f"{wider / worlds:.1%}", f"{lam:.2f}", f"{effective:.0f}")


def rated(rng: Generator, units: int, raters: int, agree: float, values: int) -> list[list[int | None]]:
    """Return ratings in which each rater gives the item's own value with chance `agree`, else any; a tenth missing."""
    own = rng.integers(0, values, (units, 1))
    given = np.where(rng.random((units, raters)) < agree, own, rng.integers(0, values, (units, raters)))
    missing = rng.random((units, raters)) < 0.1
    return [
        [None if gone else int(one) for one, gone in zip(row, lost, strict=True)]
        for row, lost in zip(given, missing, strict=True)
    ]


def agreement(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give the coverage of α's bootstrap interval; the truth is agree², from how the ratings are made."""
    yield "items", "raters", "truth", "level", "mean estimate", "coverage", "mean width"
    for units, raters, agree in ((30, 3, 0.8), (100, 3, 0.8), (100, 2, 0.6)):
        for level in LEVELS:
            hits, total, width = 0, 0.0, 0.0
            for _ in range(worlds):
                ratings = rated(rng, units, raters, agree, 4)
                one = krippendorff_alpha(ratings, level=level, resamples=500)
                hits += covered(one.low, one.high, agree**2)
                total += one.estimate or 0.0
                width += (one.high or 0.0) - (one.low or 0.0)
            shown = (f"{total / worlds:.3f}", f"{hits / worlds:.1%}", f"{width / worlds:.3f}")
            yield (str(units), str(raters), f"{agree**2:.2f}", level, *shown)


def unlike_world(
    rng: Generator, *, conversations: int, size: int, rates: tuple[float, float], cells: int, seconds: bool
) -> tuple[list[float], list[str], list[str], list[int], float]:
    """Return values, arms, strata, clusters and the true difference (ai − human) in the pooled mix.

    The AI gets the easy cases: `rates` is what both do on easy and hard ones, the AI 0.02 worse on each (2 s slower).
    Each of easy and hard comes in `cells` strata.
    """
    ai = rng.random(conversations) < 0.5
    easy = rng.random(conversations) < np.where(ai, 0.75, 0.35)
    cell = rng.integers(0, cells, conversations)
    worse = np.where(ai, 0.02, 0.0)
    level = np.where(easy, rates[0], rates[1]) - worse
    if seconds:
        base = np.where(easy, 60.0, 180.0) + np.where(ai, 2.0, 0.0) + rng.normal(0, 20, conversations)
        values = np.repeat(base, size) + rng.exponential(30, conversations * size) - 30
    else:
        drawn = level if size == 1 else rng.beta(level * 9, (1 - level) * 9)
        values = (rng.random(conversations * size) < np.repeat(drawn, size)).astype(float)
    arms = np.where(np.repeat(ai, size), "ai", "human").tolist()
    names = [f"{'easy' if one else 'hard'}-{number}" for one, number in zip(easy, cell, strict=True)]
    strata = [name for name in names for _ in range(size)]
    clusters = np.repeat(np.arange(conversations), size).tolist()
    return values.tolist(), arms, strata, clusters, 2.0 if seconds else -0.02


def unlike_arms(rng: Generator, worlds: int) -> Iterator[Row]:
    """Give bias and coverage of the naive and the standardised difference where the AI gets the easy cases."""
    header = ("values", "conversations", "strata", "truth", "naive mean", "naive coverage", "standardised mean")
    yield (*header, "standardised coverage", "not compared")
    for seconds, rates in ((False, (0.95, 0.75)), (False, (0.99, 0.9)), (True, (0.0, 0.0))):
        for conversations, size, cells in ((120, 1, 3), (120, 3, 6), (600, 1, 6), (600, 3, 12)):
            naive, own, hits, none, truth = 0.0, 0.0, np.zeros(2), 0, 0.0
            for _ in range(worlds):
                world = unlike_world(
                    rng, conversations=conversations, size=size, rates=rates, cells=cells, seconds=seconds
                )
                truth = world[4]
                one = standardised_difference(*world[:4], first="ai", second="human")
                naive += one.naive.estimate or 0.0
                none += not one.comparable
                hits += (
                    covered(one.naive.low, one.naive.high, truth),
                    covered(one.standardised.low, one.standardised.high, truth),
                )
                own += one.standardised.estimate or 0.0
            told = max(worlds - none, 1)
            label = "seconds" if seconds else f"yes/no {rates[0]} / {rates[1]}"
            means = (f"{naive / worlds:+.3f}", f"{hits[0] / worlds:.1%}", f"{own / told:+.3f}", f"{hits[1] / told:.1%}")
            start = (label, f"{conversations} × {size}", str(2 * cells), f"{truth:+.2f}")
            yield (*start, *means, f"{none / worlds:.1%}")


TABLES: dict[str, tuple[str, Callable[[Generator, int], Iterator[Row]]]] = {
    "two-rates": ("Tests promise ≤ 5 % (Farrington–Manning ≤ 2.5 %), intervals 95 %", two_rates),
    "margins": ("On the margin a verdict is wrong: promised ≤ 2.5 %", margins),
    "slices": ("20 slices, correlated by 0.3, at 5 %", many_slices),
    "repeats": ("pass^k, 95 % intervals", repeats),
    "plans": ("Numbers planned for a power of 80 %", plans),
    "corrected": ("Rogan–Gladen, 95 % intervals", corrected),
    "powered": ("PPI++, 95 % intervals, 2,000 answers judged; wider: by more than 5 %", powered),
    "agreement": ("Krippendorff's α, 95 % bootstrap", agreement),
    "unlike-arms": ("Direct standardisation, 95 % intervals", unlike_arms),
}


def main() -> None:
    """Simulate and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}; all if none is named")
    parser.add_argument("--worlds", type=int, default=2000, help="simulated worlds a row")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for unknown in set(given.tables) - set(TABLES):
        parser.error(f"unknown table {unknown!r}: expected {', '.join(TABLES)}")
    for name in given.tables or TABLES:
        title, simulate = TABLES[name]
        rows = list(simulate(np.random.default_rng(given.seed), given.worlds))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        print(f"\n{name}: {title} ({given.worlds} worlds a row, seed {given.seed})")
        for row in rows:
            print("  " + "  ".join(one.ljust(width) for one, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
