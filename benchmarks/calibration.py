"""How often the corrected rate of an erring judge covers the truth, and how often its rate as judged does.

Each simulated run has conversations of one to four answers that are alike (a beta distribution over conversations), a
judge that errs with a known sensitivity and specificity, and people who do not. "from calibration" corrects with what a
separate calibration of 300 answers found of the judge's errors; "from labels" with people's labels of 150 answers of
the run itself, of which half are drawn from those that the judge faults. Both are the functions that gates use, at
95 %. Nothing is asked of anybody; all figures are simulated.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chatparity.calibrate.agreement import evidence_of
from chatparity.calibrate.join import Pair
from chatparity.exchange import Score
from chatparity.gate.corrected import corrected_rate
from chatparity.gate.measure import rate_of
from chatparity.gate.trust import Trust
from chatparity.grading import Grader
from chatparity.grading.fingerprint import Fingerprint
from chatparity.grading.people import Truth
from chatparity.grading.rows import ScoreRow
from chatparity.licence import Entry, Licence
from chatparity.run.folder import PeopleSaid
from chatparity.sample import Draw
from chatparity.suite import LicenceTable

BY = Fingerprint(version="1", judge="simulated", prompt="p")
JUDGE = Grader(
    name="judge",
    dimension="accuracy",
    version="1",
    grade=lambda _: Score.abstained("simulated"),
    kind="llm",
    needs_judge=True,
)
CALIBRATED, LABELLED, ALIKE = 300, 150, 4.0


@dataclass(frozen=True)
class Case:
    """A true rate of good answers and a judge: what it finds of faults, what it clears of good answers."""

    good: float
    sensitivity: float
    specificity: float
    answers: int = 500


CASES = (
    Case(0.95, 0.90, 0.95),
    Case(0.90, 0.80, 0.90),
    Case(0.80, 0.85, 0.85),
    Case(0.70, 0.90, 0.80),
    Case(0.98, 0.90, 0.97, answers=1500),
)


def answers(case: Case, count: int, rng: np.random.Generator, prefix: str) -> list[Pair]:
    """Return simulated answers: the judge's rows and what people say of each."""
    found: list[Pair] = []
    number = 0
    while len(found) < count:
        number += 1
        of_this = rng.beta(ALIKE * case.good, ALIKE * (1 - case.good))
        for turn in range(int(rng.integers(1, 5))):
            good = bool(rng.random() < of_this)
            passed = bool(rng.random() < (case.specificity if good else 1 - case.sensitivity))
            row = ScoreRow(
                id=f"{prefix}{number}",
                turn=turn,
                trial=0,
                arm="ai",
                grader="judge",
                dimension="accuracy",
                state="graded",
                cluster=f"{prefix}{number}",
                slices={"language": "en"},
                verdict="pass" if passed else "fail",
                value=float(passed),
                metrics={"rate": passed},
            )
            found.append(Pair(row, Truth(good, float(good)), 1.0))
    return found[:count]


def calibrated(pairs: Sequence[Pair]) -> Trust:
    """Return what a calibration on these answers makes known of the judge."""
    evidence = evidence_of(pairs, confidence=0.95, resamples=100)
    entry = Entry(
        grader="judge",
        kind="llm",
        dimension="accuracy",
        metric="rate",
        language="en",
        granted=True,
        why="simulated",
        graded_by=BY,
        needs=LicenceTable(),
        evidence=evidence,
        labels="simulated",
        on=dt.date(2026, 1, 1),
    )
    return Trust(licence=Licence(entries=(entry,)), graded_by={"judge": BY})


def labelled(pairs: Sequence[Pair], seed: int) -> Trust:
    """Return what people's labels on a sample of these answers make known, drawn as `chatparity sample` draws."""
    draw: Draw[Pair] = Draw(LABELLED, 0.5, seed)
    for pair in pairs:
        draw.offer(pair.row.key, pair, flagged=pair.found)
    of_flagged, of_rest = draw.design.probabilities
    people = {
        one.key: PeopleSaid(
            id=one.key[0],
            turn=one.key[1],
            trial=one.key[2],
            good={"accuracy": one.kept.truth.good},
            probability=of_flagged if one.flagged else of_rest,
        )
        for one in draw.result()
    }
    return Trust(people=people)


def covered(case: Case, runs: int, seed: int) -> dict[str, tuple[float, float, int]]:
    """Return, by way of counting, how often an interval holds the truth, its mean width in points, and runs without.

    Where the calibration has too few faults to show that the judge is better than chance there is no interval: the gate
    is INCONCLUSIVE.
    """
    hits: dict[str, list[bool]] = {"as judged": [], "from calibration": [], "from labels": []}
    widths: dict[str, list[float]] = {name: [] for name in hits}
    for number in range(runs):
        rng = np.random.default_rng([seed, number])
        trust = calibrated(answers(case, CALIBRATED, rng, "c"))
        run = answers(case, case.answers, rng, "r")
        rows = [one.row for one in run]
        raw = rate_of(rows, "rate", 0.95).rate
        found = {
            "as judged": raw,
            "from calibration": corrected_rate(rows, JUDGE, "rate", trust, raw),
            "from labels": corrected_rate(rows, JUDGE, "rate", labelled(run, number), raw),
        }
        for name, rate in found.items():
            known = rate is not None and rate.low is not None and rate.high is not None
            # The truth is the rate that the agent has, not the share of these very answers.
            if known:
                hits[name].append(bool(rate.low <= case.good <= rate.high))  # type: ignore[union-attr, operator]
                widths[name].append(100 * (rate.high - rate.low))  # type: ignore[union-attr, operator]
    return {
        name: (float(np.mean(held)), float(np.mean(widths[name])), runs - len(held)) if held else (0.0, 0.0, runs)
        for name, held in hits.items()
    }


def main() -> None:
    """Print a line a case: coverage and width of the three ways of counting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500, help="simulated runs a case (default: 500)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    print(f"{chosen.runs} runs a case, seed {chosen.seed}; {CALIBRATED} answers calibrated on, {LABELLED} labels a run")
    print("share of runs whose 95 % interval holds the true rate (and its mean width in points)")
    print("no interval: runs whose calibration had too few faults to correct with; a gate is INCONCLUSIVE then")
    head = ("good", "finds", "clears", "answers", "as judged", "from calibration", "from labels", "no interval")
    print("{:>6}  {:>6}  {:>6}  {:>7}  {:>15}  {:>16}  {:>15}  {:>11}".format(*head))
    worst = 1.0
    for case in CASES:
        found = covered(case, chosen.runs, chosen.seed)
        worst = min([worst, *(share for name, (share, _, _) in found.items() if name != "as judged")])
        cells = [f"{100 * share:5.1f} % ({width:4.1f})" for share, width, _ in found.values()]
        none = found["from calibration"][2]
        rates = f"{case.good:6.0%}  {case.sensitivity:6.0%}  {case.specificity:6.0%}  {case.answers:7d}"
        print(f"{rates}  {cells[0]:>15}  {cells[1]:>16}  {cells[2]:>15}  {none:>11}", flush=True)
    print(f"lowest coverage of a corrected rate: {100 * worst:.1f} %")


if __name__ == "__main__":
    main()
