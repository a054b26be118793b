"""How often a gate asked of twelve slices falsely fails one, corrected and not, with every slice at the threshold.

The engine decides simulated score rows: `corrected` is the share of runs in which at least one slice is FAIL, `alone`
that in which at least one slice would be if each stood by itself. `all pass` is the share of runs in which every slice
passes, which no correction is needed for.
"""

from __future__ import annotations

import argparse
import datetime as dt

import msgspec
import numpy as np
from simulated import GRADER, Talks  # type: ignore[import-not-found]

from chatparity.gate.decide import gates_of
from chatparity.gate.looks import ONE_LOOK
from chatparity.gate.slices import expand, planned_rows
from chatparity.grading.rows import ScoreRow
from chatparity.suite import GateTable, Settings, SuiteTable

SLICES = 12
DAY = dt.date(2026, 1, 1)
LINES = ((0.9, 60, 1, 0.0), (0.8, 60, 1, 0.0), (0.9, 150, 4, 0.2), (0.97, 200, 1, 0.0))


def drawn(rng: np.random.Generator, rate: float, n: int, size: int, icc: float) -> list[ScoreRow]:
    """Draw the rows of twelve slices."""
    found: list[ScoreRow] = []
    for number in range(SLICES):
        for row in Talks.drawn(rng, n, rate, size=size, icc=icc).run(rng):
            name = f"{number}-{row.cluster}"
            found.append(msgspec.structs.replace(row, id=name, cluster=name, slices={"language": f"l{number:02}"}))
    return found


def main() -> None:
    """Print the table; ends with exit code 1 when a corrected share is above 5 %."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="simulated runs a line")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{SLICES} slices at the threshold, 95 % confidence, {given.runs} simulated runs a line, seed {given.seed}")
    print(f"{'threshold':>9}  {'answers a slice':>15}  {'alike':>5}  {'alone':>6}  {'corrected':>9}  {'all pass':>8}")
    worst = 0.0
    for rate, n, size, icc in LINES:
        rng = np.random.default_rng([given.seed, n, size, round(1000 * rate)])
        gate = GateTable(dimension=GRADER.dimension, at_least=rate, slices=("language",), whole=False)
        settings = Settings(suite=SuiteTable(name="simulated"), gate=(gate,))
        alone = corrected = passed = 0
        for _ in range(given.runs):
            rows = drawn(rng, rate, n, size, icc)
            asked = expand(settings, [GRADER], planned_rows(rows))
            gates = gates_of(asked, rows, settings, baseline=(), way=ONE_LOOK, sampled=None, synthetic=True, day=DAY)
            # A miss by itself carries its p-value, whatever became of it.
            alone += any(one.family is not None and one.family.p is not None for one in gates)
            corrected += any(one.verdict == "FAIL" for one in gates)
            passed += all(one.verdict == "PASS" for one in gates)
        worst = max(worst, corrected / given.runs)
        shares = f"{alone / given.runs:>6.1%}  {corrected / given.runs:>9.1%}  {passed / given.runs:>8.1%}"
        print(f"{rate:>9.0%}  {n:>15}  {icc:>5}  {shares}", flush=True)
    if worst > 0.05:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
