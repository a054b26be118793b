"""The folder a run lives in: what it pins, what was replied, what was scored."""

from __future__ import annotations

import datetime as dt
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.exchange import ReplyRecord
from chatparity.grading.fingerprint import Fingerprint
from chatparity.grading.rows import ScoreRow
from chatparity.jsonl import Journal, read_transcripts
from chatparity.judge.spending import JudgeSpent
from chatparity.suite import Mode
from chatparity.transcript import Transcript

FORMAT = 1


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """A transcript file that a run read, with its SHA-256 and how many of its lines were valid and invalid."""

    path: str
    sha256: str
    transcripts: int
    invalid: int


class EarlyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is looked at early: `seed` gives the random order of clusters, a look is taken after each `batch`."""

    seed: int
    batch: int


class Looks(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run that is looked at early; written after each look.

    `sampled` are the clusters (conversations, or tasks) that had been asked in random order at the last look. Once the
    run is `stopped`, `swept` are those asked beyond them for the graders of zero-tolerance gates, `graders`, alone,
    and `asked` is the number of exchanges in both.
    """

    format: int
    looks: int
    stopped: bool
    sampled: tuple[str, ...]
    swept: tuple[str, ...] = ()
    graders: tuple[str, ...] = ()
    asked: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed to repeat a run. Never holds a secret: `agent` is the specification without keys.

    `paths` are the transcripts that were named, none where they are the suite's; `planned` is the number of exchanges
    to ask for; `selection` what `--limit`, `--split` (or the suite's own split), `--slice`, `--ids` left; `early` is
    there for a run that stops once every gate is decided.
    """

    format: int
    chatparity: str
    python: str
    created_at: dt.datetime
    suite: str
    settings_sha256: str
    agent: str
    mode: Mode
    judge: str
    trials: int
    languages: tuple[str, ...]
    datasets: tuple[Dataset, ...]
    invalid_lines: tuple[str, ...]
    selection: dict[str, Any]
    graders: tuple[str, ...]
    planned: int
    asked_in_languages_not_claimed: int
    synthetic: bool
    early: EarlyPlan | None = None
    paths: tuple[str, ...] = ()
    conversations_not_claimed: int = 0


class PeopleSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What people said of one reply of a run, drawn by chance with this probability: good or not, by dimension."""

    id: str
    turn: int
    trial: int
    good: dict[str, bool]
    probability: float

    @property
    def key(self) -> tuple[str, int, int]:
        """Return what the reply is found by: transcript, turn, trial."""
        return (self.id, self.turn, self.trial)


class RunFolder:
    """Paths and contents of one run. Journals are appended to; everything else appears whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest_file = path / "manifest.json"
        self.transcripts_file = path / "transcripts.jsonl"
        self.replies = Journal(path / "replies.jsonl", ReplyRecord)
        self.scores_file = path / "scores.jsonl"
        self.graded_file = path / "graded.json"
        self.people_file = path / "people.json"
        self.judged = Journal(path / "judge.jsonl", JudgeSpent)
        self.looks_file = path / "looks.json"
        self.gate_file = path / "gate.json"
        self.report_file = path / "report.html"
        self.figures = path / "figures"

    def exists(self) -> bool:
        """Say whether a run was begun here."""
        return self.manifest_file.is_file()

    def begin(self, manifest: Manifest) -> None:
        """Write the manifest, which makes the folder a run: the transcripts are there already."""
        self.write(self.manifest_file, msgspec.json.format(msgspec.json.encode(manifest), indent=2))

    def manifest(self) -> Manifest:
        """Return what the run pins. Raises UsageError when there is no run, InputError when it cannot be read."""
        try:
            return msgspec.json.decode(self.manifest_file.read_bytes(), type=Manifest)
        except FileNotFoundError as error:
            raise UsageError(f"{self.path}: no run here: expected a file manifest.json") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError([Problem(self.manifest_file, None, "", f"not a manifest: {error}")]) from error

    def transcripts(self) -> list[Transcript]:
        """Return the transcripts that the run planned, in order."""
        return read_transcripts([self.transcripts_file])

    def looks(self) -> Looks | None:
        """Return what became of looking early, or None where no look was taken yet."""
        try:
            return msgspec.json.decode(self.looks_file.read_bytes(), type=Looks)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError([Problem(self.looks_file, None, "", f"not a record of looks: {error}")]) from error

    def to_ask(self) -> int:
        """Return how many exchanges the run sets out to ask for: fewer than planned once it was stopped by design."""
        looks = self.looks()
        return looks.asked if looks is not None and looks.stopped else self.manifest().planned

    def outcomes(self) -> list[ReplyRecord]:
        """Return the last record of each exchange that was asked, in the order in which they were first asked.

        `replies` has one more for each time that an exchange errored and was asked again.
        """
        return list({record.key: record for record in self.replies.read()}.values())

    def first_failure(self) -> str:
        """Return lines that say how the first failure reads and, where an endpoint failed, how to look at one."""
        failed = ((record, record.failure) for record in self.outcomes() if record.state == "errored")
        found = next(((record, failure) for record, failure in failed if failure), None)
        if found is None:
            return ""
        record, failure = found
        said = f"\n  first, {record.id} turn {record.turn}: {failure.kind}: {failure.message}"
        agent = self.manifest().agent
        if agent.startswith("recorded:"):
            return said
        return f'{said}\n  look at one: chatparity try "Hello" --agent {shlex.quote(agent)}'

    def scores(self) -> list[ScoreRow]:
        """Return all score rows. Raises UsageError when the run has not been graded."""
        return list(self.each_score())

    def each_score(self) -> Iterator[ScoreRow]:
        """Return all score rows as a stream, one in memory at a time.

        Raises UsageError when the run has not been graded.
        """
        if not self.scores_file.is_file():
            raise UsageError(f"{self.path}: not graded yet: run `chatparity grade {self.path}` first")
        return Journal(self.scores_file, ScoreRow).records()

    def graded_by(self) -> dict[str, Fingerprint]:
        """Return who gave the scores, by grader; of a run graded before that was noted, what its manifest pins."""
        try:
            return msgspec.json.decode(self.graded_file.read_bytes(), type=dict[str, Fingerprint])
        except FileNotFoundError:
            manifest = self.manifest()
            pinned = (one.partition("@") for one in manifest.graders)
            return {name: Fingerprint(version=version, judge=manifest.judge) for name, _, version in pinned}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError([Problem(self.graded_file, None, "", f"not a record of graders: {error}")]) from error

    def people(self) -> list[PeopleSaid]:
        """Return what people said of a sample of the run's replies; nothing where nobody was asked."""
        try:
            return msgspec.json.decode(self.people_file.read_bytes(), type=list[PeopleSaid])
        except FileNotFoundError:
            return []
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError([Problem(self.people_file, None, "", f"not people's labels: {error}")]) from error

    def write(self, path: Path, data: bytes) -> None:
        """Write a file of the run so that it is there whole or not at all, and on the disk when this returns."""
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(path.name + ".part")
        try:
            with half.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
