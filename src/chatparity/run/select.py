"""Which transcripts a run examines: what is read, and what `--split`, `--slice`, `--ids` and `--limit` leave."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatparity.errors import InputError, Problem, UsageError
from chatparity.jsonl import scan, transcript_files
from chatparity.run.folder import Dataset
from chatparity.run.judging import Judging
from chatparity.splits import Split, is_in
from chatparity.suite import SLICES, Mode, Suite
from chatparity.transcript import AGENTS, Transcript


@dataclass(frozen=True)
class Options:
    """What a person asks of one run; everything left out comes from suite.toml.

    `answered_only` leaves out the transcripts in which nobody answered: a log is graded by what was answered in it.
    `split` keeps one half of the transcripts, `slices` those whose field has that value, `ids` those named, `limit` the
    first so many that are left.
    `skip_invalid` counts and lists invalid lines instead of refusing to run. `max_cost` (in the currency of the suite's
    prices), `max_minutes` and `max_requests` take the place of the suite's budget. `stop_early` asks in random order,
    given by `seed`, and stops once every gate is decided. `judging` says how the judge may be asked.
    """

    paths: tuple[Path, ...] = ()
    agent: str | None = None
    judge: str | None = None
    mode: Mode | None = None
    out: Path | None = None
    resume: bool = False
    limit: int | None = None
    split: Split | None = None
    slices: dict[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    answered_only: bool = False
    trials: int | None = None
    skip_invalid: bool = False
    max_cost: float | None = None
    max_minutes: float | None = None
    max_requests: int | None = None
    stop_early: bool = False
    seed: int | None = None
    judging: Judging = field(default_factory=Judging)

    @property
    def whole_suite(self) -> bool:
        """Say whether the suite's own transcripts are examined, all of them: only then must its gates be decidable."""
        return not (self.paths or self.limit or self.split or self.slices or self.ids)

    @property
    def selection(self) -> dict[str, object]:
        """Return what was asked to be left out, for the manifest."""
        asked = {"limit": self.limit, "split": self.split, "slices": self.slices, "ids": list(self.ids)}
        asked |= {"answered_only": self.answered_only}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True)
class Selection:
    """The transcripts of a run, the files they came from, and the lines that were invalid."""

    transcripts: list[Transcript]
    datasets: tuple[Dataset, ...]
    invalid: tuple[Problem, ...]


def select(suite: Suite, options: Options) -> Selection:
    """Read and choose the transcripts of a run.

    Raises InputError with every invalid line (unless they are skipped), UsageError when nothing is left to examine.
    """
    paths = options.paths or tuple(suite.path(name) for name in suite.settings.suite.datasets)
    transcripts: list[Transcript] = []
    invalid: list[Problem] = []
    valid_of: dict[Path, int] = {}
    invalid_of: dict[Path, set[int]] = {}
    for path, line, item in scan(paths):
        if isinstance(item, Problem):
            invalid.append(item)
            invalid_of.setdefault(path, set()).add(line)
        else:
            transcripts.append(item)
            valid_of[path] = valid_of.get(path, 0) + 1
    if invalid and not options.skip_invalid:
        raise InputError(invalid)
    datasets = tuple(
        Dataset(
            path=str(path),
            sha256=sha256_of(path),
            transcripts=valid_of.get(path, 0),
            invalid=len(invalid_of.get(path, ())),
        )
        for path in transcript_files(paths)
    )
    split = split_in(suite, options)
    chosen = _chosen([one for one in transcripts if is_in(one, split)], options, transcripts)
    if not chosen:
        raise UsageError("nothing to examine: the selection leaves no transcript" + _hint(transcripts, options))
    return Selection(chosen, datasets, tuple(invalid))


def split_in(suite: Suite, options: Options) -> Split:
    """Return the split that is examined: the one asked for, else the suite's.

    The suite's holds for its own transcripts, not for files that are named, nor for conversations that are.
    """
    return options.split or ("all" if options.paths or options.ids else suite.settings.suite.split)


def selection_in(suite: Suite, options: Options) -> dict[str, object]:
    """Return what was left out, for the manifest: what was asked, and the suite's own split."""
    split = split_in(suite, options)
    return options.selection | ({"split": split} if split != "all" else {})


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, which is not held in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chosen(transcripts: Sequence[Transcript], options: Options, every: Sequence[Transcript]) -> list[Transcript]:
    """Apply ids, slices and limit, in this order; `every` are those of the other split too."""
    for known, message in ((every, "no transcript is called"), (transcripts, f"not in --split {options.split}:")):
        names = {transcript.id for transcript in known}
        missing = [one for one in options.ids if one not in names]
        if missing:
            raise UsageError(f"--ids: {message} {', '.join(missing)}")
    for name in options.slices:
        if name not in SLICES:
            raise UsageError(f"--slice: expected one of {', '.join(SLICES)}, got {name!r}")
    kept = [
        transcript
        for transcript in transcripts
        if (not options.ids or transcript.id in options.ids)
        and (not options.answered_only or any(turn.speaker in AGENTS for turn in transcript.turns))
        and all(getattr(transcript, name) == value for name, value in options.slices.items())
    ]
    return kept[: options.limit]


def _hint(transcripts: Sequence[Transcript], options: Options) -> str:
    """Return which values a slice could have had."""
    hints = []
    for name in options.slices:
        there = sorted({str(value) for one in transcripts if (value := getattr(one, name)) is not None})
        hints.append(f"--slice {name}: there are {', '.join(there) or 'none'}")
    return f" ({'; '.join(hints)})" if hints else ""
