"""The whole way of a run: choose transcripts, ask the agent, grade both arms, write it all into one folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import platform
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

import chatparity
from chatparity.agents import Agent, open_agent
from chatparity.errors import UsageError
from chatparity.exchange import Point, ReplyRecord
from chatparity.grading import Side, grade, human_side, load_graders
from chatparity.grading.rows import ScoreRow
from chatparity.jsonl import write_transcripts
from chatparity.judge import open_judge
from chatparity.naming import new_folder
from chatparity.replay import RecordedCalls, ToolAnswerer, as_seen, plan, replay
from chatparity.run.budget import Meter, budget_of, check_budget, spending_of
from chatparity.run.folder import FORMAT, Manifest, RunFolder
from chatparity.run.prices import Prices
from chatparity.run.select import Options, Selection, select, selection_in
from chatparity.suite import MARKER, Mode, Suite, find_root
from chatparity.transcript import Transcript

Progress = Callable[[int, int], None]
Conversations = list[tuple[Point, ...]]


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
        judge, done = options.judge or manifest.judge, frozenset(record.key for record in folder.replies.read())
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
    suite: Suite, options: Options, *, on_progress: Progress | None = None, tools: Sequence[ToolAnswerer] = ()
) -> RunFolder:
    """Replay the suite's transcripts against the agent, grade the replies and the recorded answers; return the run.

    `on_progress` is called with (done, planned) exchanges. `tools` answer what the agent calls and the transcript has
    not recorded. A run that reaches its budget stops there and is graded with what it has. Raises UsageError and
    InputError before anything is asked. A run that is interrupted or killed goes on with `resume`; nothing that was
    replied is asked again.
    """
    folder = await replay_run(suite, options, on_progress=on_progress, tools=tools)
    await grade_run(suite, folder, judge=options.judge)
    return folder


async def replay_run(
    suite: Suite, options: Options, *, on_progress: Progress | None = None, tools: Sequence[ToolAnswerer] = ()
) -> RunFolder:
    """Ask the agent for every planned reply that the run does not have yet, as far as its budget goes; return the run.

    The agent's tool calls are answered from the transcript, else by `tools`.
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
        meter = Meter(budget_of(suite, options), spending_of(folder.replies.read(), prices))
        answerers = [RecordedCalls(transcripts), *tools]
        async with _opened(folder, manifest, transcripts, suite) as agent:
            work = _Replaying(folder, manifest, suite, on_progress or _unseen, prices, meter, answerers)
            await work.go(agent, transcripts)
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

    async def go(self, agent: Agent, transcripts: Sequence[Transcript]) -> None:
        """Ask for what the journal does not have yet, and write each outcome to it as it happens.

        What errored is asked again: a run that could not reach its endpoint is mended by going on with it.
        """
        manifest, journal = self.manifest, self.folder.replies
        conversations = plan(transcripts, trials=manifest.trials, languages=manifest.languages)
        done = {record.key: record for record in journal.read() if record.state != "errored"}
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


def _unseen(done: int, planned: int) -> None:
    """Show no progress."""


async def grade_run(
    suite: Suite, folder: RunFolder, *, judge: str | None = None, only: Sequence[str] = ()
) -> list[ScoreRow]:
    """Grade both arms of a run, write `scores.jsonl` and return its rows; what was not replied gives rows as well.

    With `only`, the rows of other graders stay as they were. Verdicts and report of earlier scores are removed.
    """
    manifest = folder.manifest()
    async with open_judge(judge or manifest.judge, suite) as asked:
        graders = load_graders(suite, asked, only=only)
        rows = await grade(sides_of(suite, folder, manifest), graders, judged=asked is not None)
    if only and folder.scores_file.is_file():
        names = {one.name for one in graders}
        rows = [*(row for row in folder.scores() if row.grader not in names), *rows]
    for stale in (folder.gate_file, folder.report_file, folder.report_file.with_suffix(".md")):
        stale.unlink(missing_ok=True)
    encoder = msgspec.json.Encoder()
    folder.write(folder.scores_file, b"".join(encoder.encode(row) + b"\n" for row in rows))
    return rows


def sides_of(suite: Suite, folder: RunFolder, manifest: Manifest) -> list[Side]:
    """Return the arms of every conversation and trial of a run: the AI's, and people's where they answered.

    People answered once, whatever the number of trials: their side stands beside each, so that each is compared; the
    cluster, which is the conversation, keeps one answer from counting as several.
    """
    transcripts = folder.transcripts()
    records = {record.key: record for record in folder.replies.read()}
    by_id = {transcript.id: transcript for transcript in transcripts}
    sides: list[Side] = []
    for conversation in plan(transcripts, trials=manifest.trials, languages=manifest.languages):
        first = conversation[0]
        mine = {point.turn: records[key] for point in conversation if (key := _key(point)) in records}
        sides.append(Side("ai", conversation, mine, seen=as_seen(conversation, records, manifest.mode)))
        human = human_side(by_id[first.id], conversation, suite.settings.agent.handover_tools)
        if human is not None:
            sides.append(human)
    return sides


def _key(point: Point) -> tuple[str, int, int]:
    """Return the key under which a point's record stands."""
    return (point.id, point.turn, point.trial)


def _continued(folder: RunFolder, options: Options) -> tuple[Manifest, list[Transcript]]:
    """Return what a run to be continued pins. Raises UsageError when it is asked to change what is pinned."""
    manifest = folder.manifest()
    for name in ("agent", "mode", "trials"):
        asked, pinned = getattr(options, name), getattr(manifest, name)
        if asked is not None and asked != pinned:
            raise UsageError(f"{folder.path}: this run was begun with --{name} {pinned}: it cannot go on with {asked}")
    for name, chosen in options.selection.items():
        if chosen != manifest.selection.get(name):
            option = {"slices": "slice"}.get(name, name)
            begun = manifest.selection.get(name, "nothing left out by it")
            raise UsageError(
                f"{folder.path}: --{option} {chosen}: this run was begun with {begun}: leave the option out"
            )
    return manifest, folder.transcripts()


def _manifest(suite: Suite, options: Options, spec: str, selection: Selection) -> Manifest:
    """Build what a new run pins."""
    conversations = _plan(suite, options, selection.transcripts)
    claimed = sum(point.claimed for conversation in conversations for point in conversation)
    every = sum(len(conversation) for conversation in conversations)
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
    """Open a run's agent, and begin the run only once that worked: a bad specification leaves no run behind."""
    new = not folder.exists()
    if new:
        write_transcripts(folder.transcripts_file, transcripts)
    try:
        async with open_agent(manifest.agent, suite, records=folder.transcripts_file) as agent:
            if new:
                folder.begin(manifest)
            yield agent
    finally:
        if not folder.exists():
            folder.transcripts_file.unlink()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Hold a run's folder for one writing process. Raises UsageError when another one holds it."""
    path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path / ".writing.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise UsageError(f"{path}: another process is writing this run: wait for it or stop it") from error
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            # Nothing was begun here: only the lock is in the folder, or it is not ours alone and stays.
            if not (path / "manifest.json").exists():
                (path / ".writing.lock").unlink()
                path.rmdir()
