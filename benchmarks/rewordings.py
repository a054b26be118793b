"""How often the rule graders fail a good answer that others have told again in their own words: `datasets/rewordings`.

Each rewording takes the place of the answer it retells, together with the others of its style, so that a conversation
is told by one voice. `--show LANG` prints the rewordings of a language that are failed, with the reasons.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chatparity.grading import Grader, grade
from chatparity.grading.load import load_graders
from chatparity.grading.rows import ScoreRow
from chatparity.jsonl import read_transcripts
from chatparity.mutate.examination import side_of
from chatparity.stats.interval import wilson
from chatparity.suite import load_suite
from chatparity.transcript import Transcript

ROOT = Path(__file__).parents[1]
REWORDINGS, SUPPORT = ROOT / "datasets" / "rewordings", ROOT / "datasets" / "support"
STYLES = ("brief", "warm")
Texts = dict[tuple[str, int], str]


def rewordings(language: str, style: str) -> Texts:
    """Return what is said instead, by conversation and turn."""
    lines = (REWORDINGS / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {(row["id"], row["turn"]): row["text"] for row in rows if row["style"] == style}


def retold(transcript: Transcript, texts: Texts) -> Transcript:
    """Return a transcript with its answers told again, where there is a rewording."""
    turns = [
        msgspec.structs.replace(turn, text=texts.get((transcript.id, place), turn.text))
        for place, turn in enumerate(transcript.turns)
    ]
    return msgspec.structs.replace(transcript, turns=tuple(turns))


def graded(language: str) -> Iterator[tuple[str, str, ScoreRow]]:
    """Yield style, text and row of every score of a rewording."""
    suite = load_suite(ROOT)
    graders: list[Grader] = [one for one in load_graders(suite) if one.kind == "rule" and one.level == "exchange"]
    files = sorted(SUPPORT.rglob(f"{language}.jsonl"))
    for style in STYLES:
        texts = rewordings(language, style)
        chosen: dict[str, set[int]] = {}
        for name, turn in texts:
            chosen.setdefault(name, set()).add(turn)
        some = [retold(one, texts) for one in read_transcripts(files) if one.id in chosen]
        sides = [side_of(one, chosen[one.id], suite.settings.agent.handover_tools) for one in some]
        for row in asyncio.run(grade(sides, graders, judged=False)):
            yield style, texts[row.id, row.turn], row


def main() -> None:
    """Print the table, or the failed rewordings of one language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", metavar="LANG", help="print the rewordings of a language that are failed, and why")
    shown = parser.parse_args().show
    if shown and not (REWORDINGS / f"{shown}.jsonl").is_file():
        parser.error(f"--show {shown}: there are {', '.join(sorted(path.stem for path in REWORDINGS.glob('*.jsonl')))}")
    failed: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    wholly: dict[str, set[tuple[str, int]]] = {style: set() for style in STYLES}
    answers: Counter[str] = Counter()
    for path in sorted(REWORDINGS.glob(f"{shown or '*'}.jsonl")):
        answers.update({style: len(rewordings(path.stem, style)) for style in STYLES})
        for style, text, row in graded(path.stem):
            if row.verdict not in ("pass", "fail"):
                continue
            every[row.grader, style] += 1
            if row.verdict == "fail":
                failed[row.grader, style] += 1
                if row.grader != "accuracy":
                    wholly[style].add((row.id, row.turn))
                if shown:
                    print(f"{row.id} turn {row.turn}, {style}, {row.grader}: {row.reason}\n  {text!r}")
    if shown:
        return
    print("| grader | " + " | ".join(f"fails of the {style} ones" for style in STYLES) + " |")
    print("| --- | --- | --- |")
    for grader in sorted({name for name, _ in every}):
        cells = [share(failed[grader, style], every[grader, style]) for style in STYLES]
        print(f"| {grader} | {' | '.join(cells)} |")
    print(f"| any but accuracy | {' | '.join(share(len(wholly[style]), answers[style]) for style in STYLES)} |")


def share(count: int, n: int) -> str:
    """Return a share with its 95 % interval; answers are counted as independent."""
    if not n:
        return "none"
    low, high = wilson(count, n)
    return f"{count}/{n} = {count / n:.1%} [{low:.1%}, {high:.1%}]"


if __name__ == "__main__":
    main()
