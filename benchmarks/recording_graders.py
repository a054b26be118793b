"""The rule graders against the labels of the recorded answers, and those answers as transcripts to calibrate with.

    python benchmarks/recording_graders.py                 the table, dev and exam apart
    python benchmarks/recording_graders.py write FOLDER    dev.jsonl and exam.jsonl, for `chatparity calibrate FILE`

Each recorded answer becomes a transcript of its own that ends with it: the conversation up to there as it was recorded,
the facts and actions due by then, and what `datasets/recordings/labels.jsonl` says of the answer. Both letters are
taken alike; which build spoke is not read. `chatparity calibrate` leaves the rule of escalation out, because it reads
what should happen from the labels that it would be compared with; here it is held against `handover_right`, which was
said of the recorded answer itself.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from labels import _table  # type: ignore[import-not-found]
from recording_labels import Values, read_said, recorded  # type: ignore[import-not-found]
from recordings import LETTERS, RECORDINGS, ROOT, SUPPORT, read_letter  # type: ignore[import-not-found]

from chatparity.calibrate.agreement import evidence_of
from chatparity.calibrate.join import Pair, Place
from chatparity.calibrate.material import graded_now, material_of
from chatparity.calibrate.rated import rated_in
from chatparity.calibrate.text import share_text
from chatparity.exchange import Reply
from chatparity.grading import RATE, load_graders
from chatparity.grading.people import Truth
from chatparity.jsonl import read_transcripts
from chatparity.licence import Evidence
from chatparity.points import points_of
from chatparity.sample.answered import to_label
from chatparity.sample.source import Candidate
from chatparity.splits import split_of
from chatparity.suite import Suite, load_suite
from chatparity.transcript import AnswerLabel, Transcript

FINAL = "labels.jsonl"
HALVES = ("dev", "exam")
DIMENSIONS = ("accuracy", "hallucination", "politeness", "escalation")
CONFIDENCE = 0.95


class Answer(NamedTuple):
    """A recorded answer as the transcript that ends with it, and what was said of it in the end."""

    transcript: Transcript
    said: Values


def answers(suite: Suite, folder: Path = RECORDINGS) -> Iterator[Answer]:
    """Yield every recorded answer that is labelled, by conversation, letter and turn. Raises InputError."""
    said = read_said(folder / FINAL, recorded(folder))
    replies = {letter: read_letter(letter, folder) for letter in LETTERS}
    for transcript in read_transcripts([SUPPORT]):
        for letter in LETTERS:
            for turn, reply in sorted(replies[letter].get(transcript.id, {}).items()):
                values = said.get((transcript.id, letter, turn))
                if values is not None:
                    yield Answer(_ended(transcript, turn, reply, f"{letter}{turn}", values, suite), values)


def _ended(transcript: Transcript, turn: int, reply: Reply, item: str, said: Values, suite: Suite) -> Transcript:
    """Return the transcript that ends with a reply, rated there."""
    point = next(one for one in points_of(transcript) if one.turn == turn)
    candidate = Candidate(transcript, point, reply, recorded=False)
    tools = suite.settings.agent.handover_tools
    ended, last = to_label(candidate, item, mode="teacher_forced", handover_tool=tools[0] if tools else "hand_over")
    rating = AnswerLabel(turn=last, accuracy=said.accuracy, politeness=said.politeness, hallucinated=said.hallucinated)
    labels = msgspec.structs.replace(ended.labels, answers=(rating,))
    return msgspec.structs.replace(ended, labels=labels, meta=transcript.meta)


def write(folder: Path, suite: Suite, source: Path = RECORDINGS) -> dict[str, list[Answer]]:
    """Write the answers of each half as labelled transcripts, `dev.jsonl` and `exam.jsonl`, and return them.

    A half without any is left out: no command reads an empty file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    every = list(answers(suite, source))
    halves = {half: [one for one in every if split_of(one.transcript) == half] for half in HALVES}
    halves = {half: some for half, some in halves.items() if some}
    for half, some in halves.items():
        lines = [msgspec.json.encode(one.transcript) + b"\n" for one in some]
        (folder / f"{half}.jsonl").write_bytes(b"".join(lines))
    return halves


def measured(suite: Suite, source: Path = RECORDINGS) -> Iterator[tuple[str, str, Evidence]]:
    """Yield half, grader and how the grader's verdicts agree with the labels; accuracy also where a fact is due."""
    graders = [one for one in load_graders(suite, only=DIMENSIONS) if one.name in DIMENSIONS]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for half, some in write(folder, suite, source).items():
            by_id = {one.transcript.id: one for one in some}
            places: set[Place] = {("ai", one.transcript.id, len(one.transcript.turns) - 1, 0) for one in some}
            sides = material_of(folder / f"{half}.jsonl", suite).sides
            last = {side.points[-1].id: side.points[-1] for side in sides}
            rows = asyncio.run(graded_now(sides, graders, places, judged=False))
            for grader in sorted(graders, key=lambda one: DIMENSIONS.index(one.name)):
                own = [row for row in rows if row.grader == grader.name]
                told = [(row, _truth(by_id[row.id], grader.dimension, suite)) for row in own]
                pairs = [Pair(row, truth, 1.0) for row, truth in told if truth is not None]
                yield half, grader.name, evidence_of(pairs, confidence=CONFIDENCE)
                among = [one for one in pairs if RATE.name in {it.name for it in grader.metrics_at(last[one.row.id])}]
                if len(among) < len(pairs):
                    yield half, f"{grader.name}, where a fact is due", evidence_of(among, confidence=CONFIDENCE)


def _truth(answer: Answer, dimension: str, suite: Suite) -> Truth | None:
    """Return what was said of an answer on a dimension, None where it was left undecided."""
    if dimension == "escalation":
        right = answer.said.handover_right
        return None if right is None else Truth(right, float(right))
    rated = rated_in(answer.transcript, suite)
    return rated[-1].truths.get(dimension)


def table(suite: Suite) -> str:
    """Return the table: a line a half and grader."""
    rows = []
    for half, name, found in measured(suite):
        figures = (found.sensitivity, found.specificity, found.kappa)
        counts = (found.n, found.clusters, found.faults, found.abstained)
        rows.append([half, name, *(str(one) for one in counts), *(share_text(one) for one in figures)])
    head = ["half", "grader", "answers", "conversations", "faults", "left open", "sensitivity", "specificity", "κ"]
    return str(_table(head, rows))


def main() -> None:
    """Print the table, or write the transcripts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    writer = commands.add_parser("write", help="write the answers as labelled transcripts")
    writer.add_argument("folder", type=Path)
    given = parser.parse_args()
    suite = load_suite(ROOT)
    if given.command == "write":
        for half, some in write(given.folder, suite).items():
            print(f"{given.folder / half}.jsonl: {len(some)} rated answers")
    else:
        print(table(suite))


if __name__ == "__main__":
    main()
