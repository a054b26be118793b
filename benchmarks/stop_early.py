"""What stopping early saves and how often it is wrong, by distance of the truth from the threshold.

Each line simulates many runs of one gate, accuracy at least 90 % at 95 % confidence, over conversations in random
order, with the engine's own intervals and batches: looked at after every twentieth part, stopped once the
always-valid interval decides, else decided at the end. `asked` is the mean share of the planned answers that was asked
for and judged. `false PASS` is the share of runs that passed although the truth misses the threshold (at the threshold
itself both verdicts count as false), `false FAIL` the other way round. `one look` is the share of runs that the plain
interval at the end decides: what it costs to be allowed to stop.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
from simulated import GRADER, Talks  # type: ignore[import-not-found]

from chatparity.gate.looks import AT_THE_END, LOOKING, ONE_LOOK, Way
from chatparity.gate.needed import failing, passing
from chatparity.run.early import FEWEST, LOOKS
from chatparity.stats import cluster_rate
from chatparity.stats.sequence import RatioSequence
from chatparity.suite import GateTable

THRESHOLD = 0.9
GATE = GateTable(dimension=GRADER.dimension, at_least=THRESHOLD)
TRUTHS = (0.70, 0.80, 0.85, 0.88, 0.895, 0.9, 0.905, 0.92, 0.95, 0.98)
KINDS = {"one answer each": (1, 0.0), "1 to 4, alike 0.2": (4, 0.2)}


@dataclass
class Line:
    """One line of the table: counts over runs."""

    runs: int = 0
    asked: float = 0.0
    passed: int = 0
    failed: int = 0
    plain: int = 0


def at_a_look(sequence: RatioSequence) -> str:
    """Return what the always-valid interval decides, or an empty text.

    It leaves the threshold out exactly where the evidence against it is this large, which is quicker to find.
    """
    enough = math.log(2 / (1 - LOOKING.confidence(GATE.confidence)))
    above, below = sequence.evidence(THRESHOLD)
    return "PASS" if above >= enough else "FAIL" if below >= enough else ""


def at_the_end(values: list[bool], clusters: list[int], way: Way) -> str:
    """Return what the interval of all answers decides, or an empty text."""
    found = cluster_rate(values, clusters, confidence=way.confidence(GATE.confidence))
    if passing(GATE, good_is_high=True)(found.low, found.high):
        return "PASS"
    return "FAIL" if failing(GATE, good_is_high=True)(found.low, found.high) else ""


def simulated(rng: np.random.Generator, talks: Talks, found: Line) -> None:
    """Simulate one run and count it."""
    good = rng.binomial(talks.sizes, talks.chances)
    batch = max(FEWEST, -(-len(good) // LOOKS))
    sequence = RatioSequence(largest=int(talks.sizes.max()))
    n = int(talks.sizes.sum())
    reached, asked = "", n
    for begin in range(0, len(good) - batch, batch):
        sequence.add(good[begin : begin + batch].tolist(), talks.sizes[begin : begin + batch].tolist())
        reached = at_a_look(sequence)
        if reached:
            asked = int(talks.sizes[: begin + batch].sum())
            break
    values = [place < one for one, size in zip(good, talks.sizes, strict=True) for place in range(size)]
    clusters = np.repeat(np.arange(len(good)), talks.sizes).tolist()
    reached = reached or at_the_end(values, clusters, AT_THE_END)
    found.runs += 1
    found.asked += asked / n
    found.passed += reached == "PASS"
    found.failed += reached == "FAIL"
    found.plain += bool(at_the_end(values, clusters, ONE_LOOK))


def line(rng: np.random.Generator, truth: float, n: int, runs: int, *, size: int, icc: float) -> Line:
    """Simulate one line."""
    found = Line()
    for _ in range(runs):
        simulated(rng, Talks.drawn(rng, n, truth, size=size, icc=icc), found)
    return found


def main() -> None:
    """Print the table; ends with exit code 1 when a verdict is false in more than 5 % of the runs of a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="simulated runs a line")
    parser.add_argument("--n", type=int, nargs="*", default=[200, 1000], help="planned answers")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"accuracy at least {THRESHOLD:.0%}, 95 % confidence, {given.runs} simulated runs a line, seed {given.seed}")
    print(
        f"{'answers':>7}  {'conversations':18}  {'truth':>6}  {'asked':>6}  {'saved':>6}  {'PASS':>6}  {'FAIL':>6}  "
        f"{'false PASS':>10}  {'false FAIL':>10}  {'one look':>8}"
    )
    worst = 0.0
    for n in given.n:
        for name, (size, icc) in KINDS.items():
            for truth in TRUTHS:
                rng = np.random.default_rng([given.seed, n, size, round(1000 * truth)])
                one = line(rng, truth, n, given.runs, size=size, icc=icc)
                false_pass = one.passed / one.runs if truth <= THRESHOLD else 0.0
                false_fail = one.failed / one.runs if truth >= THRESHOLD else 0.0
                worst = max(worst, false_pass, false_fail)
                asked = one.asked / one.runs
                print(
                    f"{n:>7}  {name:18}  {truth:>6.1%}  {asked:>6.1%}  {1 - asked:>6.1%}  {one.passed / one.runs:>6.1%}"
                    f"  {one.failed / one.runs:>6.1%}  {false_pass:>10.1%}  {false_fail:>10.1%}"
                    f"  {one.plain / one.runs:>8.1%}",
                    flush=True,
                )
    print(f"highest share of false verdicts: {worst:.1%}")
    if worst > 0.05:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
