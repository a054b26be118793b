"""How good the forecast of a gate left open is: whether about that many more conversations decide it.

Each line simulates runs of one gate, accuracy at least 90 % at 95 % confidence. Of those that the gate leaves open with
a number of conversations needed, the same agent is asked that many more, and the gate is decided anew on all of them.
`decided` is the share that then has a verdict, `as told` the share that has the verdict which the forecast named.
The interval is computed as if the rate stayed as it was seen: it does better than half where the truth lies farther
from the threshold than what was seen, and worse where it lies nearer.
"""

from __future__ import annotations

import argparse

import numpy as np
from simulated import GRADER, Talks  # type: ignore[import-not-found]

from chatparity.gate.needed import clusters_needed, failing, passing
from chatparity.stats import cluster_rate
from chatparity.suite import GateTable

THRESHOLD = 0.9
GATE = GateTable(dimension=GRADER.dimension, at_least=THRESHOLD)
PASSES, FAILS = passing(GATE, good_is_high=True), failing(GATE, good_is_high=True)
MOST = 5000
TRUTHS = (0.82, 0.86, 0.89, 0.91, 0.94, 0.96)
KINDS = {"one answer each": (1, 0.0), "1 to 4, alike 0.2": (4, 0.2)}


def more(rng: np.random.Generator, talks: Talks) -> tuple[list[bool], list[int]]:
    """Return one run's answers and the conversation of each."""
    good = rng.binomial(talks.sizes, talks.chances)
    values = [place < one for one, size in zip(good, talks.sizes, strict=True) for place in range(size)]
    return values, np.repeat(np.arange(len(good)), talks.sizes).tolist()


def forecast(rng: np.random.Generator, n: int, truth: float, *, size: int, icc: float) -> tuple[int, bool, bool] | None:
    """Simulate one run: how many more were named, whether they decided, and as told; None where none were named."""
    values, clusters = more(rng, Talks.drawn(rng, n, truth, size=size, icc=icc))
    seen = cluster_rate(values, clusters)
    if PASSES(seen.low, seen.high) or FAILS(seen.low, seen.high):
        return None
    clears = PASSES if PASSES(seen.estimate, seen.estimate) else FAILS
    total = clusters_needed(seen, clears)
    if total is None or total > MOST:
        return None
    missing = max(total - seen.clusters, 1)
    rest, names = more(rng, Talks.drawn(rng, round(missing * n / seen.clusters) + 1, truth, size=size, icc=icc))
    taken = [place for place, name in enumerate(names) if name < missing]
    every = [*clusters, *(names[place] + seen.clusters for place in taken)]
    there = cluster_rate([*values, *(rest[place] for place in taken)], every)
    decided = PASSES(there.low, there.high) or FAILS(there.low, there.high)
    return missing, decided, clears(there.low, there.high)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300, help="simulated runs a line")
    parser.add_argument("--n", type=int, nargs="*", default=[60, 200], help="answers a run")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"accuracy at least {THRESHOLD:.0%}, 95 % confidence, {given.runs} simulated runs a line, seed {given.seed}")
    head = f"{'answers':>7}  {'conversations':18}  {'truth':>6}  {'forecasts':>9}"
    print(f"{head}  {'median more':>11}  {'decided':>7}  {'as told':>7}")
    for n in given.n:
        for name, (size, icc) in KINDS.items():
            for truth in TRUTHS:
                rng = np.random.default_rng([given.seed, n, size, round(1000 * truth)])
                made = [forecast(rng, n, truth, size=size, icc=icc) for _ in range(given.runs)]
                named = [one for one in made if one is not None]
                if not named:
                    continue
                counts, decided, told = (np.array(column) for column in zip(*named, strict=True))
                print(
                    f"{n:>7}  {name:18}  {truth:>6.1%}  {len(named):>9}  {np.median(counts):>11.0f}"
                    f"  {decided.mean():>7.1%}  {told.mean():>7.1%}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
