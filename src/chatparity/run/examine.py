"""The whole way of a run: choose transcripts, ask the agent, grade both arms, write it all into one folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import platform
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

import chatparity
from chatparity.agents import Agent, open_agent
from chatparity.errors import UsageError
from chatparity.exchange import Point, ReplyRecord
from chatparity.grading import load_graders
from chatparity.grading.fingerprint import fingerprint_of
from chatparity.grading.rows import ScoreRow
from chatparity.jsonl import transcript_files, write_transcripts
from chatparity.naming import new_folder
from chatparity.replay import RecordedCalls, ToolAnswerer, check_mode, plan, replay
from chatparity.run.budget import Meter, budget_of, check_budget, spending_of
from chatparity.run.early import Conversations, MakeLooking, StopEarly, early_plan, graded
from chatparity.run.folder import FORMAT, Manifest, RunFolder
from chatparity.run.judging import Judging, judge_for
from chatparity.run.prices import Prices
from chatparity.run.select import Options, Selection, select, selection_in, sha256_of
from chatparity.run.sides import Talk, sides_of
from chatparity.suite import MARKER, Mode, Suite, find_root
from chatparity.transcript import Transcript

Progress = Callable[[int, int], None]


def planned_points(suite: Suite, options: Options) -> tuple[list[Transcript], Conversations]:
    """Return the transcripts of a run and its points, one tuple a conversation and trial, without asking anybody."""
    transcripts = select(suite, options).transcripts
    return transcripts, _plan(suite, options, transcripts)


@dataclass(frozen=True)
class ToDo:
    """A run as it stands before it is begun or continued: what it would ask whom, and what it has (`done`)."""

    agent: str
    mode: Mode
    judge: str
    trials: int
    transcripts: list[Transcript]
    points: list[Point]
    done: frozenset[tuple[str, int, int]]


def to_do(suite: Suite, options: Options) -> ToDo:
    """Return what a run with these options, or with `resume` the rest of one, consists of; nothing is written."""
    table = suite.settings
    folder = RunFolder(options.out) if options.out is not None else None
    if folder is not None and folder.exists():
        _must_resume(folder, options)
        manifest, transcripts = _continued(folder, options)
        agent, mode, trials, languages = manifest.agent, manifest.mode, manifest.trials, manifest.languages
        judge, done = options.judge or manifest.judge, frozenset(_kept(folder.outcomes()))
    else:
        transcripts, done = select(suite, options).transcripts, frozenset()
        agent, mode = options.agent or table.agent.default, options.mode or table.agent.mode
        trials, languages = options.trials or table.suite.trials, table.agent.languages
        judge = options.judge or table.judge.default
    conversations = plan(transcripts, trials=trials, languages=languages)
    points = [point for conversation in conversations for point in conversation]
    return ToDo(agent, mode, judge, trials, transcripts, points, done)


def _must_resume(folder: RunFolder, options: Options) -> None:
    """Raise UsageError for a folder that holds a run nobody asked to continue."""
    if folder.exists() and not options.resume:
        raise UsageError(f"{folder.path}: a run is here already: continue it with --resume or name another folder")


def _plan(suite: Suite, options: Options, transcripts: Sequence[Transcript]) -> Conversations:
    """Return the points of these transcripts."""
    trials = options.trials or suite.settings.suite.trials
    return plan(transcripts, trials=trials, languages=suite.settings.agent.languages)


async def examine(
    suite: Suite,
    options: Options,
    *,
    on_progress: Progress | None = None,
    tools: Sequence[ToolAnswerer] = (),
    looking: MakeLooking | None = None,
) -> RunFolder:
    """Replay the suite's transcripts against the agent, grade the replies and the recorded answers; return the run.

    `on_progress` is called with (done, planned) exchanges. `tools` answer what the agent calls and the transcript has
    not recorded. A run that reaches its budget stops there and is graded with what it has. With `stop_early`, `looking`
    makes the function that says when every gate is decided. Raises UsageError and InputError before anything is asked.
    A run that is interrupted or killed goes on with `resume`; nothing that was replied is asked again.
    """
    known: dict[Talk, list[ScoreRow]] = {}
    folder = await replay_run(suite, options, on_progress=on_progress, tools=tools, looking=looking, known=known)
    await grade_run(suite, folder, judge=options.judge, known=known, judging=options.judging)
    return folder


async def replay_run(
    suite: Suite,
    options: Options,
    *,
    on_progress: Progress | None = None,
    tools: Sequence[ToolAnswerer] = (),
    looking: MakeLooking | None = None,
    known: dict[Talk, list[ScoreRow]] | None = None,
) -> RunFolder:
    """Ask the agent for every planned reply that the run does not have yet, as far as its budget goes; return the run.

    The agent's tool calls are answered from the transcript, else by `tools`. A run that is looked at early (`looking`)
    is graded on the way: its rows are added to `known`.
    """
    spec = options.agent or suite.settings.agent.default
    folder = RunFolder(with_folder(suite, options).out or Path())
    _must_resume(folder, options)
    if folder.exists():
        manifest, transcripts = _continued(folder, options)
    else:
        selection = select(suite, options)
        transcripts = selection.transcripts
        manifest = _manifest(suite, options, spec, selection)
    prices = Prices(suite.settings, manifest.agent)
    check_budget(budget_of(suite, options), prices, manifest.agent)
    with _writing(folder.path):
        answerers = [RecordedCalls(transcripts), *tools]
        async with _opened(folder, manifest, transcripts, suite) as agent:
            meter = Meter(budget_of(suite, options), spending_of(folder.replies.read(), prices))
            work = _Replaying(folder, manifest, suite, on_progress or _unseen, prices, meter, answerers)
            conversations = plan(transcripts, trials=manifest.trials, languages=manifest.languages)
            if manifest.early is None:
                await work.go(agent, conversations)
            elif looking is None:
                raise UsageError(f"{folder.path}: this run stops early: go on with it by `chatparity run --resume`")
            else:
                rows = {} if known is None else known
                early = StopEarly(suite, folder, looking, options.judge, rows, options.judging)
                await early.go(partial(work.go, agent), conversations, transcripts)
    return folder


@dataclass(frozen=True)
class _Replaying:
    """All that one sitting of a run's replay works with."""

    folder: RunFolder
    manifest: Manifest
    suite: Suite
    show: Progress
    prices: Prices
    meter: Meter
    tools: Sequence[ToolAnswerer]

    async def go(self, agent: Agent, conversations: Conversations) -> bool:
        """Ask for what the journal does not have yet of conversations, and write each outcome to it as it happens.

        Returns whether all was asked: a budget may have stopped it. What errored is asked again, and what was not asked
        for the lack of that reply: a run that could not reach its endpoint is mended by going on with it.
        """
        manifest, journal = self.manifest, self.folder.replies
        done = _kept(self.folder.outcomes())
        self.show(len(done), manifest.planned)

        def sink(record: ReplyRecord) -> None:
            record = self.meter.take(self.prices.priced(record))
            journal.append(record)
            done[record.key] = record
            self.show(len(done), manifest.planned)

        with journal:
            await replay(
                agent,
                conversations,
                settings=self.suite,
                mode=manifest.mode,
                done=dict(done),
                sink=sink,
                tools=self.tools,
                may_ask=self.meter.may_ask,
            )
        return not self.meter.stopped


def _kept(outcomes: Sequence[ReplyRecord]) -> dict[tuple[str, int, int], ReplyRecord]:
    """Return the outcomes that stand when a run goes on.

    Neither an error does nor what comes after it in the same conversation without having been asked.
    """
    broken: dict[tuple[str, int], int] = {}
    for record in outcomes:
        if record.state == "errored":
            place = (record.id, record.trial)
            broken[place] = min(record.turn, broken.get(place, record.turn))
    return {
        record.key: record
        for record in outcomes
        if record.state != "errored"
        and not (record.spent is None and record.state == "diverged" and _after(record, broken))
    }


def _after(record: ReplyRecord, broken: dict[tuple[str, int], int]) -> bool:
    """Say whether a record stands after an error of its conversation."""
    return record.turn > broken.get((record.id, record.trial), record.turn)


def _unseen(done: int, planned: int) -> None:
    """Show no progress."""


async def grade_run(
    suite: Suite,
    folder: RunFolder,
    *,
    judge: str | None = None,
    only: Sequence[str] = (),
    known: Mapping[Talk, list[ScoreRow]] | None = None,
    on_progress: Progress | None = None,
    judging: Judging | None = None,
) -> list[ScoreRow]:
    """Grade both arms of a run, write `scores.jsonl` and return its rows; what was not replied gives rows as well.

    With `only`, the rows of other graders stay as they were. `known` are conversations that were graded just now by
    all graders. Verdicts and report of earlier scores are removed. `on_progress` is called with (conversations and arms
    begun, all of them). A judge that reaches its budget leaves rows that are not run; grading again with a higher one
    asks for those alone, because every answer is in the cache.
    """
    manifest = folder.manifest()
    async with judge_for(suite, folder, judge or manifest.judge, judging) as asked:
        graders, judged = load_graders(suite, asked, only=only), asked is not None
        sides = sides_of(suite, folder, manifest)
        found = dict(known or {})
        left = {talk: arms for talk, arms in sides.items() if talk not in found}
        found |= await graded(left, graders, judged=judged, on_progress=on_progress)
        rows = [row for talk in sides for row in found[talk]]
    graded_by = {one.name: fingerprint_of(one, judge or manifest.judge) for one in graders}
    if only and folder.scores_file.is_file():
        names = {one.name for one in graders}
        rows = [*(row for row in folder.scores() if row.grader not in names), *rows]
        graded_by = folder.graded_by() | graded_by
    for stale in (folder.gate_file, folder.report_file, folder.report_file.with_suffix(".md")):
        stale.unlink(missing_ok=True)
    encoder = msgspec.json.Encoder()
    # Before the scores: whoever finds them finds who gave them.
    folder.write(folder.graded_file, msgspec.json.format(msgspec.json.encode(graded_by), indent=2))
    folder.write(folder.scores_file, b"".join(encoder.encode(row) + b"\n" for row in rows))
    return rows


def _continued(folder: RunFolder, options: Options) -> tuple[Manifest, list[Transcript]]:
    """Return what a run to be continued pins. Raises UsageError when it is asked to change what is pinned."""
    manifest = folder.manifest()
    for name in ("agent", "mode", "trials"):
        asked, pinned = getattr(options, name), getattr(manifest, name)
        if asked is not None and asked != pinned:
            raise UsageError(f"{folder.path}: this run was begun with --{name} {pinned}: it cannot go on with {asked}")
    if options.stop_early and manifest.early is None:
        raise UsageError(f"{folder.path}: this run was begun without --stop-early: leave the option out")
    if options.seed is not None and manifest.early is not None and options.seed != manifest.early.seed:
        raise UsageError(f"{folder.path}: this run was begun with --seed {manifest.early.seed}: leave the option out")
    for name, chosen in options.selection.items():
        if chosen != manifest.selection.get(name):
            option = {"slices": "slice"}.get(name, name)
            begun = manifest.selection.get(name, "nothing left out by it")
            raise UsageError(
                f"{folder.path}: --{option} {chosen}: this run was begun with {begun}: leave the option out"
            )
    if options.paths and _sums(options.paths) != {dataset.sha256 for dataset in manifest.datasets}:
        begun = ", ".join(dataset.path for dataset in manifest.datasets)
        raise UsageError(f"{folder.path}: this run was begun with other transcripts ({begun}): leave PATH out")
    return manifest, folder.transcripts()


def _sums(paths: Sequence[Path]) -> set[str]:
    """Return the SHA-256 of each transcript file that `paths` name."""
    return {sha256_of(path) for path in transcript_files(paths)}


def _manifest(suite: Suite, options: Options, spec: str, selection: Selection) -> Manifest:
    """Build what a new run pins."""
    conversations = _plan(suite, options, selection.transcripts)
    claimed = sum(point.claimed for conversation in conversations for point in conversation)
    every = sum(len(conversation) for conversation in conversations)
    strange = {point.id for conversation in conversations for point in conversation if not point.claimed}
    return Manifest(
        format=FORMAT,
        chatparity=chatparity.__version__,
        python=platform.python_version(),
        created_at=dt.datetime.now(dt.UTC),
        suite=suite.settings.suite.name,
        settings_sha256=hashlib.sha256((suite.root / MARKER).read_bytes()).hexdigest(),
        agent=spec,
        mode=options.mode or suite.settings.agent.mode,
        judge=options.judge or suite.settings.judge.default,
        trials=options.trials or suite.settings.suite.trials,
        languages=suite.settings.agent.languages,
        datasets=selection.datasets,
        invalid_lines=tuple(str(problem) for problem in selection.invalid),
        selection=selection_in(suite, options),
        graders=tuple(one.identity for one in load_graders(suite)),
        planned=claimed,
        asked_in_languages_not_claimed=every - claimed,
        synthetic=any(one.synthetic for one in selection.transcripts),
        early=early_plan(options, conversations),
        paths=tuple(str(path) for path in options.paths),
        conversations_not_claimed=len(strange),
    )


def with_folder(suite: Suite, options: Options) -> Options:
    """Return the options with a folder: the one that was named, else a new one under the suite's `reports/runs`.

    A new folder is named by the time and the agent; of the shipped suite, it lies under the current folder.
    """
    if options.out is not None:
        return options
    spec = options.agent or suite.settings.agent.default
    base = suite.root if find_root() == suite.root else Path.cwd()
    return replace(options, out=new_folder(base, spec))


@contextlib.asynccontextmanager
async def _opened(
    folder: RunFolder, manifest: Manifest, transcripts: list[Transcript], suite: Suite
) -> AsyncIterator[Agent]:
    """Open a run's agent, and begin the run only once that worked: what cannot be replayed leaves no run."""
    new = not folder.exists()
    if new:
        write_transcripts(folder.transcripts_file, transcripts)
    try:
        async with open_agent(manifest.agent, suite, records=folder.transcripts_file) as agent:
            if new:
                check_mode(agent, manifest.mode)
                folder.begin(manifest)
            yield agent
    finally:
        if not folder.exists():
            folder.transcripts_file.unlink()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Hold a run's folder for one writing process. Raises UsageError when another one holds it."""
    lock = FileLock(path / ".writing.lock", timeout=0)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{path}: expected a folder for the run, and a file is in its place") from error
    except Timeout as error:
        raise UsageError(f"{path}: another process is writing this run: wait for it or stop it") from error
    except OSError as error:
        raise UsageError(f"{path}: a run cannot be written here: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            # Nothing was begun here: only the lock is in the folder, or it is not ours alone and stays.
            if not (path / "manifest.json").exists():
                (path / ".writing.lock").unlink()
                path.rmdir()
