"""The whole way: choose good answers, plant faults, grade both, measure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatparity.audit.grounds import home_of, read_policy_passages
from chatparity.errors import UsageError
from chatparity.exchange import Point, ReplyRecord
from chatparity.grading import Grader, Side, grade, load_graders
from chatparity.grading.engine import Progress
from chatparity.grading.rows import ScoreRow
from chatparity.judge import open_judge
from chatparity.mutate import measure
from chatparity.mutate.bank import languages as banks
from chatparity.mutate.faults import faults_named
from chatparity.mutate.plant import Account, Good, Mutant, good_answers, plant, world_of
from chatparity.mutate.result import FORMAT, Left, Result
from chatparity.points import points_of, recorded_reply
from chatparity.run.select import Options, select, split_in
from chatparity.splits import Split
from chatparity.suite import Suite
from chatparity.transcript import AGENTS, Transcript

POLICIES = "policies"
EACH = 20


@dataclass(frozen=True)
class Examination:
    """The result, every mutant with what became of it, and every good answer with who failed it."""

    result: Result
    seen: tuple[measure.Seen, ...]
    alarms: tuple[measure.Alarm, ...]


async def examine(
    suite: Suite,
    paths: Sequence[Path] = (),
    *,
    graders: Sequence[str] = (),
    faults: Sequence[str] = (),
    languages: Collection[str] = (),
    split: Split | None = None,
    seed: int = 0,
    each: int = EACH,
    judge: str | None = None,
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
) -> Examination:
    """Plant faults into good recorded answers and say which of them the suite's graders find.

    `paths` are transcripts, by default the suite's. `graders`, `faults` and `languages` name what to keep, all without.
    `split` is the half of transcripts and phrases; `each` the most mutants of a fault and language (0: all that can
    be). Judged graders take part where there is a judge. `on_progress` is called with (sides begun, sides). Raises
    UsageError for names that do not exist, and where there is no good answer, no mutant or no grader.
    """
    options = Options(paths=tuple(paths), split=split, skip_invalid=skip_invalid)
    split = split_in(suite, options)
    wanted = faults_named(faults)
    transcripts = _in_languages(select(suite, options).transcripts, languages)
    goods, rated = good_answers(transcripts)
    if not goods:
        raise UsageError("no good answer to plant faults into: expected recorded answers, rated well where rated")
    data = [*paths, *(suite.path(name) for name in suite.settings.suite.datasets)]
    home = home_of(data, POLICIES)
    passages = read_policy_passages(home / POLICIES) if home else []
    tools = suite.settings.agent.handover_tools
    world = world_of(transcripts, tools, passages)
    async with open_judge(judge or suite.settings.judge.default, suite) as asked:
        able = [one for one in load_graders(suite, asked, only=graders) if asked is not None or not one.needs_judge]
        if not able:
            raise UsageError("none of these graders can grade without a judge: name one with --judge")
        sighted = {name: one for name, one in wanted.items() if any(grader.dimension in one.sees for grader in able)}
        mutants, account = plant(goods, sighted, world, split=split, seed=seed, each=each)
        rows = await _graded(goods, mutants, able, tools, judged=asked is not None, on_progress=on_progress)
    scores = measure.Scores(rows)
    found = [measure.seen(mutant, able, scores) for mutant in mutants]
    whole = _all_good(goods)
    alarms = [measure.alarm(good, able, scores, good.transcript.id in whole) for good in goods]
    result = _result(
        found, alarms, able, account, goods, sorted(set(wanted) - set(sighted)), (split, seed, each, rated)
    )
    return Examination(result, tuple(found), tuple(alarms))


def _in_languages(transcripts: Sequence[Transcript], languages: Collection[str]) -> list[Transcript]:
    """Keep the transcripts in these languages (`pt` keeps `pt-BR`). Raises UsageError for one that has none."""
    there = {name for one in transcripts for name in (one.language, one.language.split("-")[0])}
    for name in languages:
        if name not in there:
            raise UsageError(f"--language {name}: no transcript in it: there are {', '.join(sorted(there))}")
    return [one for one in transcripts if not languages or {one.language, one.language.split("-")[0]} & set(languages)]


def _all_good(goods: Sequence[Good]) -> set[str]:
    """Return the conversations in which every recorded answer is a good one."""
    turns: dict[str, set[int]] = {}
    for good in goods:
        turns.setdefault(good.transcript.id, set()).add(good.turn)
    by_id = {good.transcript.id: good.transcript for good in goods}
    return {name for name, one in by_id.items() if {point.turn for point in points_of(one)} <= turns[name]}


async def _graded(
    goods: Sequence[Good],
    mutants: Sequence[Mutant],
    graders: Sequence[Grader],
    tools: Collection[str],
    *,
    judged: bool,
    on_progress: Progress | None,
) -> list[ScoreRow]:
    """Grade every good answer, every mutant, and what each mutant is held against, each once."""
    wanted: dict[str, tuple[Transcript, set[int]]] = {}
    for good in goods:
        wanted.setdefault(good.transcript.id, (good.transcript, set()))[1].add(good.turn)
    for mutant in mutants:
        for transcript in (mutant.original, mutant.planted.transcript):
            wanted.setdefault(transcript.id, (transcript, set()))[1].update(mutant.planted.turns)
    turnwise = [one for one in graders if one.level == "exchange"]
    whole = [one for one in graders if one.level == "conversation"]
    sides = [side_of(transcript, turns, tools) for transcript, turns in wanted.values()]
    rows = await grade(sides, turnwise, judged=judged, on_progress=on_progress)
    if whole:
        sides = [side_of(transcript, None, tools) for transcript, _ in wanted.values()]
        rows += await grade(sides, whole, judged=judged, on_progress=on_progress)
    return rows


def side_of(transcript: Transcript, turns: Collection[int] | None, tools: Collection[str]) -> Side:
    """Return a transcript's recorded answers as a side of which only some `turns` are to be graded (None: all).

    A call of one of `tools` hands over.
    """
    seen: list[Point] = []
    records: dict[int, ReplyRecord] = {}
    for point in points_of(transcript):
        reply = recorded_reply(transcript, point.turn, handover_tools=tools, speakers=AGENTS)
        if reply is not None:
            seen.append(point)
            records[point.turn] = ReplyRecord(id=point.id, turn=point.turn, trial=0, state="replied", reply=reply)
    points = tuple(point for point in seen if turns is None or point.turn in turns)
    return Side("ai", points, records, seen=tuple(seen))


def _result(
    found: Sequence[measure.Seen],
    alarms: Sequence[measure.Alarm],
    graders: Sequence[Grader],
    account: Account,
    goods: Sequence[Good],
    unexamined: Sequence[str],
    settings: tuple[Split, int, int, bool],
) -> Result:
    """Put the rates and the account together."""
    split, seed, each, rated = settings
    decided = [one for one in found if not one.errored]
    rules_only = all(grader.kind == "rule" for grader in graders)
    spoken = {good.transcript.language for good in goods}
    return Result(
        format=FORMAT,
        split=split,
        seed=seed,
        each=each,
        rated=rated,
        synthetic=any(good.transcript.synthetic for good in goods),
        rules_only=rules_only,
        conversations=len({good.transcript.id for good in goods}),
        answers=len(goods),
        mutants=len(found),
        undecided=len(found) - len(decided),
        ungraded=sum(not one.graded for one in decided),
        hidden=sum(one.hidden for one in decided),
        graders=tuple(grader.identity for grader in graders),
        overall=measure.overall(decided, alarms, rules_only),
        by_fault=measure.by_fault(decided),
        by_language=measure.by_language(decided, alarms, rules_only),
        by_grader=measure.by_grader(decided, alarms, graders),
        cells=tuple(measure.cells(decided)),
        unexamined=tuple(unexamined),
        without_phrases=tuple(sorted(one for one in spoken if one.split("-")[0] not in banks())),
        not_planted=tuple(
            Left(fault=fault, language=language, reason=reason, n=n)
            for (fault, language, reason), n in sorted(account.left.items())
        ),
    )
