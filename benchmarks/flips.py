"""How often a verdict flips when nothing changed: a random agent is run twice over the same conversations.

A flip is PASS in one run and FAIL in the other; that one of them is INCONCLUSIVE is no flip. The truth is swept around
the threshold of one gate, accuracy at least 90 % at 95 % confidence, with the engine's own rows, intervals and
decision. Zero tolerance stands apart: there one event decides, and an agent that does it rarely passes in one run and
fails in the next.
"""

from __future__ import annotations

import argparse

import numpy as np
from simulated import GRADER, Talks, gate_on, table_of  # type: ignore[import-not-found]

from chatparity.gate.looks import ONE_LOOK
from chatparity.gate.verdict import decided
from chatparity.suite import GateTable

THRESHOLD = 0.9
OFFSETS = (-0.06, -0.04, -0.02, -0.01, -0.005, 0.0, 0.005, 0.01, 0.02, 0.04, 0.06)
KINDS = {"one answer each": (1, 0.0), "1 to 4, alike 0.2": (4, 0.2), "1 to 4, alike 0.5": (4, 0.5)}


def verdicts(rng: np.random.Generator, gate: GateTable, talks: Talks) -> tuple[str, str]:
    """Return the verdicts of two runs over the same conversations."""
    one = gate_on(gate, talks.clusters)
    first, second = (
        decided(one, table_of(talks.run(rng)), table_of([]), ONE_LOOK, unseen=0, synthetic=True).result.verdict
        for _ in range(2)
    )
    return first, second


def shares(
    rng: np.random.Generator, gate: GateTable, n: int, truth: float, repeats: int, *, size: int, icc: float
) -> tuple[float, float, float]:
    """Return the shares of PASS, of FAIL, and of pairs that flipped."""
    pairs = [verdicts(rng, gate, Talks.drawn(rng, n, truth, size=size, icc=icc)) for _ in range(repeats)]
    every = [one for pair in pairs for one in pair]
    flipped = sum({"PASS", "FAIL"} == set(pair) for pair in pairs)
    return every.count("PASS") / len(every), every.count("FAIL") / len(every), flipped / repeats


def main() -> None:
    """Print the tables; ends with exit code 1 when more than 1 % of the pairs of a line flip, zero tolerance aside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1000, help="pairs of runs a line")
    parser.add_argument("--n", type=int, nargs="*", default=[60, 200, 1000], help="answers a run")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    gate = GateTable(dimension=GRADER.dimension, at_least=THRESHOLD)
    print(
        f"accuracy at least {THRESHOLD:.0%}, 95 % confidence, {given.repeats} pairs of runs a line, seed {given.seed}"
    )
    print(f"{'answers':>7}  {'conversations':18}  {'truth':>6}  {'PASS':>6}  {'FAIL':>6}  {'flips':>6}")
    worst = 0.0
    for n in given.n:
        for name, (size, icc) in KINDS.items():
            for offset in OFFSETS:
                truth = THRESHOLD + offset
                rng = np.random.default_rng([given.seed, n, size, round(100 * icc), round(1000 * truth)])
                passed, failed, flipped = shares(rng, gate, n, truth, given.repeats, size=size, icc=icc)
                worst = max(worst, flipped)
                print(f"{n:>7}  {name:18}  {truth:>6.1%}  {passed:>6.1%}  {failed:>6.1%}  {flipped:>6.2%}", flush=True)
    print(f"most flips: {worst:.2%} of the pairs of a line")
    print("\nzero tolerance (one event decides), apart:")
    zero = GateTable(dimension=GRADER.dimension, zero=True)
    for n in given.n:
        for events in (0.1, 0.7, 3.0):
            rng = np.random.default_rng([given.seed, n, round(10 * events)])
            passed, failed, flipped = shares(rng, zero, n, 1 - events / n, given.repeats, size=1, icc=0.0)
            print(f"{n:>7}  {events:>4} events a run  PASS {passed:>6.1%}  FAIL {failed:>6.1%}  flips {flipped:>6.1%}")
    if worst > 0.01:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
