"""`chatparity estimate` held against the truth: samples of the shipped transcripts, of which every answer is labelled.

The recorded answers of `datasets/support/` (synthetic) are graded once. Then sample after sample is drawn by a mix, its
sheet is filled in with the labels of the dataset, as people would, and the estimates are compared with the rates over
all answers. The drawing, the sheet and the estimate are the commands' own. `--fill SAMPLE` only fills in the sheet of a
sample that was drawn from those answers.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import dataclasses
import io
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np

from chatparity.estimate import estimate
from chatparity.grading.taxonomy import load_taxonomy
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.run.examine import grade_run, replay_run
from chatparity.run.select import Options
from chatparity.sample import sample_mixture
from chatparity.sample.folder import SHEET
from chatparity.sample.kinds import Finder
from chatparity.sample.mixture import SOUGHT, parse_mix
from chatparity.suite import Suite, load_suite
from chatparity.transcript import AnswerLabel

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "datasets" / "support"
MIX = "uniform=0.5,failures=0.3,risk=0.2"
SIZES = (100, 200, 400)
Gold = Mapping[tuple[str, int], AnswerLabel]
# When an answer fails, as the scorecard of the suite has it.
FAILS: Mapping[str, Callable[[AnswerLabel], bool]] = {
    "accuracy": lambda one: (one.accuracy or 0.0) < 1,
    "hallucinated": lambda one: bool(one.hallucinated),
    "politeness": lambda one: (one.politeness or 5) < 3,
}


def gold() -> Gold:
    """Return the dataset's label of every answer, by conversation and turn."""
    return {
        (transcript.id, label.turn): label
        for transcript in read_transcripts([SHIPPED])
        for label in transcript.labels.answers or ()
    }


def fill(folder: Path, known: Gold) -> int:
    """Write the dataset's labels into the sheet of a sample and return how many rows it has."""
    path = folder / SHEET
    head, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    column = {heading.partition(" ")[0]: number for number, heading in enumerate(head)}
    for row in rows:
        one = known[row[column["id"]], int(row[column["turn"]])]
        row[column["accuracy"]] = f"{one.accuracy:g}"
        row[column["politeness"]] = str(one.politeness)
        row[column["hallucinated"]] = "yes" if one.hallucinated else "no"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return len(rows)


def main() -> None:
    """Draw, fill in, estimate and print the table; or only fill in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=40, help="samples of each size")
    parser.add_argument("--fill", type=Path, metavar="SAMPLE", help="fill in the sheet of this sample, and end")
    arguments = parser.parse_args()
    known = gold()
    if arguments.fill:
        print(f"{fill(arguments.fill, known)} rows filled in with the labels of the dataset")
        return
    with tempfile.TemporaryDirectory() as name:
        table(Path(name), known, arguments.samples)


def of_every_language(suite: Suite) -> Suite:
    """Return the suite with an agent that claims every language: people answered in all of them."""
    agent = msgspec.structs.replace(suite.settings.agent, languages=("*",))
    return dataclasses.replace(suite, settings=msgspec.structs.replace(suite.settings, agent=agent))


def table(folder: Path, known: Gold, samples: int) -> None:
    """Print coverage, width and error of each criterion by the size of the sample."""
    suite, shares = of_every_language(load_suite()), parse_mix(MIX)
    answers = folder / "answers.jsonl"
    write_transcripts(answers, read_transcripts([SHIPPED]))
    options = Options(paths=(answers,), agent=f"recorded:{answers}", split="all", out=folder / "run")
    asyncio.run(grade_run(suite, asyncio.run(replay_run(suite, options))))
    finder = Finder(frozenset(shares) & frozenset(SOUGHT), load_taxonomy(suite))
    truth = {name: float(np.mean([fails(one) for one in known.values()])) for name, fails in FAILS.items()}
    print(f"{len(known)} answers (synthetic), {samples} samples a row, --mix {MIX}")
    populations: set[int] = set()
    print("  items  criterion     in truth  mean estimate  error  holds the truth  half width  worth")
    for size in SIZES:
        found: dict[str, list[tuple[float, ...]]] = {name: [] for name in FAILS}
        for seed in range(samples):
            out = folder / f"sample-{size}-{seed}"
            asyncio.run(sample_mixture(folder / "run", suite, out, finder, n=size, mix=shares, seed=seed))
            fill(out, known)
            said = estimate(out, suite)
            populations.add(said.population)
            for rate in said.rates:
                interval = rate.corrected
                if rate.name in FAILS and interval.low is not None and interval.high is not None:
                    holds = interval.low <= truth[rate.name] <= interval.high
                    width = (interval.high - interval.low) / 2
                    found[rate.name].append((interval.estimate or 0.0, holds, width, rate.effective_labels or 0.0))
        for name, rows in found.items():
            values = np.array(rows)
            error = float(np.sqrt(np.mean((values[:, 0] - truth[name]) ** 2)))
            mean, held, width, worth = (float(one) for one in values.mean(axis=0))
            print(
                f"  {size:>5}  {name:<12}  {truth[name]:>8.1%}  {mean:>13.1%}  {100 * error:>5.1f}"
                f"  {held:>15.0%}  {100 * width:>10.1f}  {worth:>5.0f}",
                flush=True,
            )
    if populations != {len(known)}:
        raise SystemExit(f"expected samples of {len(known)} answers, got some of {sorted(populations)}")


if __name__ == "__main__":
    main()
