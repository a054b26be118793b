"""How far the rule graders agree with a public benchmark's own reward, on real conversations of a real model.

The file is tau-bench's published result of GPT-4o in its airline domain: `historical_trajectories/gpt-4o-airline.json`
of github.com/sierra-research/tau-bench (or any file of that form). Nothing is asked of anybody: the recorded answers
are graded. Graders read the ground-truth actions; the reward is only compared with, never shown to them.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from chatparity.gate.measure import rate_of
from chatparity.grading.rows import ScoreRow
from chatparity.importers import import_file
from chatparity.jsonl import write_transcripts
from chatparity.run.examine import examine
from chatparity.run.select import Options
from chatparity.stats import cohen_kappa
from chatparity.suite import load_suite


def graded(source: Path, folder: Path) -> tuple[list[ScoreRow], dict[str, bool]]:
    """Import, replay the recording and grade; return the score rows and, by conversation, whether its reward is 1."""
    transcripts = list(import_file("tau-bench", source).transcripts)
    logs = folder / "real.jsonl"
    write_transcripts(logs, transcripts)
    options = Options(paths=(logs,), agent=f"recorded:{logs}", out=folder / "run")
    run = asyncio.run(examine(load_suite(), options))
    return run.scores(), {one.id: one.meta["reward"] >= 1 for one in transcripts}


def rate(rows: list[ScoreRow], name: str) -> str:
    """Return a metric's rate as text, with n and interval, as a gate would measure it: tasks are clusters."""
    known = [row for row in rows if row.metrics.get(name) is not None]
    found = rate_of(known, name, 0.95).rate
    if found.estimate is None or found.low is None or found.high is None:
        return f"cannot be estimated (n = {len(known)})"
    return f"{found.good}/{found.n} = {found.estimate:.1%} [{found.low:.1%}, {found.high:.1%}]"


def main() -> None:
    """Print the agreement, the rates and the disagreements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=Path("../shared/data/raw/tau-bench-gpt-4o-airline.json"))
    source = parser.parse_args().file
    with tempfile.TemporaryDirectory() as name:
        rows, reward = graded(source, Path(name))
    whole = [row for row in rows if row.grader == "actions_overall" and row.verdict is not None]
    ours = [row.verdict == "pass" for row in whole]
    theirs = [reward[row.id] for row in whole]
    kappa = cohen_kappa(ours, theirs, [row.cluster for row in whole], seed=1)
    agree = sum(a == b for a, b in zip(ours, theirs, strict=True))
    print(f"{len(reward)} conversations of {len({row.cluster for row in whole})} tasks, {len(whole)} of them graded")
    interval = f"[{kappa.low:.3f}, {kappa.high:.3f}]"
    print(f"actions against reward: agree {agree}/{len(whole)}, κ = {kappa.estimate:.3f} {interval}")
    for row, own, other in zip(whole, ours, theirs, strict=True):
        if own != other:
            print(f"  disagree: {row.id}: actions {'pass' if own else 'fail'}, reward {int(other)}: {row.reason}")
    for dimension, metric in (("hallucination", "rate"), ("escalation", "needless")):
        chosen = [row for row in rows if row.dimension == dimension and row.state == "graded"]
        print(f"{dimension}.{metric}: {rate(chosen, metric)}")


if __name__ == "__main__":
    main()
