"""Time and memory of a failure map of runs of growing size, beside reading the same files line by line.

Runs are generated (synthetic; nobody wrote them): about half of their replies fail, in 3 languages and in words drawn
from 40 subjects, so that there is something to cluster. Each map is made in a process of its own, whose peak resident
memory the system reports. The floor decodes every line of scores and replies and does nothing with it. Then both runs
of a pair are mapped against each other.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from chatparity.exchange import Evidence, Reply, ReplyRecord
from chatparity.grading.rows import ScoreRow
from chatparity.jsonl import Journal
from chatparity.run.folder import FORMAT, Manifest, RunFolder

SIZES = (5_000, 25_000, 100_000)
TURNS, LANGUAGES, SUBJECTS = 4, ("en", "pl", "ar"), 40
ONE, PAIR, FLOOR = "--one", "--pair", "--floor"
LETTERS = {"en": "abcdefghiklmnoprstuw", "pl": "abcćdeęgijklłmnoóprsśtuwyzż", "ar": "ابتجحدرسشصعفقكلمنهوي"}


def words(language: str, subject: int) -> list[str]:
    """Return twenty made-up words of a subject; the same for the same subject."""
    dice = random.Random(f"{language} {subject}")  # noqa: S311 - no secret
    return ["".join(dice.choices(LETTERS[language], k=dice.randint(3, 9))) for _ in range(20)]


def replies(failures: int, seed: int) -> Iterator[tuple[ReplyRecord, list[ScoreRow]]]:
    """Yield synthetic replies with their scores until about so many fail."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    common = {language: words(language, -1) for language in LANGUAGES}
    own = {language: [words(language, one) for one in range(SUBJECTS)] for language in LANGUAGES}
    for number in range(failures * 2):
        talk, turn = divmod(number, TURNS)
        language = LANGUAGES[talk % len(LANGUAGES)]
        subject = own[language][talk // 3 % SUBJECTS]
        said = ". ".join(
            " ".join(dice.choice(subject if dice.random() < 0.4 else common[language]) for _ in range(10))
            for _ in range(4)
        )
        asked = " ".join(dice.choice(subject if dice.random() < 0.4 else common[language]) for _ in range(15))
        name, bad = f"log-{talk:07d}", dice.random() < 0.5
        place = dice.randrange(len(said) - 10)
        spans = (Evidence(text=said[place : place + 8], start=place, end=place + 8),)
        rows = [
            ScoreRow(
                id=name,
                turn=2 * turn + 1,
                trial=0,
                arm="ai",
                grader=dimension,
                dimension=dimension,
                state="graded",
                cluster=name,
                slices={"language": language, "market": ("GB", "PL", "AE")[talk % 3]},
                verdict="fail" if bad and dimension == "hallucination" else "pass",
                value=0.0 if bad and dimension == "hallucination" else 1.0,
                reason=f'1 of 3 checkable statements: "{said[place : place + 8]}" is in no knowledge',
                evidence=spans if bad and dimension == "hallucination" else (),
                metrics={"rate": not bad},
                quote=asked,
            )
            for dimension in ("hallucination", "accuracy", "politeness")
        ]
        reply = Reply(text=said)
        yield ReplyRecord(id=name, turn=2 * turn + 1, trial=0, state="replied", reply=reply), rows


def write(folder: RunFolder, failures: int, seed: int) -> None:
    """Write a synthetic run."""
    folder.path.mkdir(parents=True)
    scores = Journal(folder.scores_file, ScoreRow, batch=10_000, pause=60)
    with folder.replies, scores:
        for record, rows in replies(failures, seed):
            folder.replies.append(record)
            for row in rows:
                scores.append(row)
    folder.begin(
        Manifest(
            format=FORMAT,
            chatparity="0",
            python="3",
            created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            suite="generated",
            settings_sha256="",
            agent="generated",
            mode="teacher_forced",
            judge="none",
            trials=1,
            languages=LANGUAGES,
            datasets=(),
            invalid_lines=(),
            selection={},
            graders=(),
            planned=failures * 2,
            asked_in_languages_not_claimed=0,
            synthetic=True,
        )
    )


def one(runs: list[Path]) -> str:
    """Map the failures of a run, beside a baseline where there is one, as the command does; return what was found."""
    from chatparity.failures import map_failures
    from chatparity.failures.page import write_map
    from chatparity.suite import load_suite

    found = map_failures(runs[0], load_suite(), baseline=runs[1] if len(runs) > 1 else None)
    write_map(found, runs[0] / "failures")
    return f"{found.failing} {len(found.themes)} {found.singles.count}"


def floor(run: Path) -> str:
    """Decode every line of scores and replies."""
    folder = RunFolder(run)
    return f"{sum(1 for _ in folder.each_score())} {sum(1 for _ in folder.replies.records())} 0"


def measured(arguments: list[str]) -> tuple[list[int], float, float]:
    """Return what this script found, run with other arguments, in how many seconds and peak megabytes."""
    command = ["nice", "-n", "10", sys.executable, __file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *found, seconds, megabytes = done.stdout.split()
    return [int(number) for number in found], float(seconds), float(megabytes)


def table(folder: Path, sizes: tuple[int, ...]) -> None:
    """Print time and memory over sizes."""
    head = ("failures", "replies", "files MB", "read s", "read MB", "map s", "a second", "peak MB", "themes", "singles")
    print("  ".join(f"{name:>9}" for name in head))
    for size in sizes:
        runs = [RunFolder(folder / f"{size}-{number}") for number in range(2)]
        for seed, run in enumerate(runs):
            write(run, size, seed)
        for label, given in (("", [ONE, str(runs[0].path)]), (" pair", [PAIR, *(str(run.path) for run in runs)])):
            places = runs if label else runs[:1]
            megabytes = sum(run.scores_file.stat().st_size + run.replies.path.stat().st_size for run in places) / 1e6
            floors = [measured([FLOOR, str(run.path)]) for run in places]
            found, seconds, peak = measured(given)
            failing = size * len(places)
            cells = (
                f"{found[0]:,}{label}",
                f"{size * 2 * len(places):,}",
                f"{megabytes:.0f}",
                f"{sum(read for _, read, _ in floors):.1f}",
                f"{max(high for _, _, high in floors):.0f}",
                f"{seconds:.1f}",
                f"{failing / seconds:,.0f}",
                f"{peak:.0f}",
                f"{found[1]}",
                f"{found[2]:,}",
            )
            print("  ".join(f"{cell:>9}" for cell in cells), flush=True)


def main() -> None:
    """Generate runs, map their failures, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="how many failures")
    parser.add_argument(ONE, type=Path, nargs=1, help=argparse.SUPPRESS)
    parser.add_argument(PAIR, type=Path, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument(FLOOR, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    begun = time.perf_counter()
    if arguments.one or arguments.pair or arguments.floor:
        runs = arguments.one or arguments.pair
        found = one(runs) if runs else floor(arguments.floor)
        seconds = time.perf_counter() - begun
        print(f"{found} {seconds:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f}")
        return
    with tempfile.TemporaryDirectory() as name:
        table(Path(name), tuple(arguments.sizes))


if __name__ == "__main__":
    main()
