"""The verdicts: each gate on each slice, then everything that is measured and not gated, as Findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from chatparity.gate.echoes import Spot
from chatparity.gate.family import corrected
from chatparity.gate.flips import flips
from chatparity.gate.licensed import licensed
from chatparity.gate.looks import AT_THE_END, LOOKING, ONE_LOOK, Way
from chatparity.gate.measure import Table
from chatparity.gate.others import differences, not_measured, rates
from chatparity.gate.result import FORMAT, Early, Findings, GateResult, Verdict
from chatparity.gate.slices import GateSlice, Key, expand, planned_rows
from chatparity.gate.trust import Trust
from chatparity.gate.verdict import decided
from chatparity.gate.waived import bad_in, check_waivers, notes, today, waived_ids, with_waivers
from chatparity.grading.grader import Grader
from chatparity.grading.rows import STOPPED_EARLY, ScoreRow, ledger
from chatparity.run.folder import Looks, Manifest
from chatparity.suite import Settings

NOTHING_DECIDED = "no gate was decided: nothing was asked of the agent that it could have passed"


def decide(
    rows: Sequence[ScoreRow],
    graders: Sequence[Grader],
    settings: Settings,
    *,
    manifest: Manifest,
    baseline: Sequence[ScoreRow] | None = None,
    looks: Looks | None = None,
    day: dt.date | None = None,
    echoes: frozenset[Spot] = frozenset(),
    trust: Trust | None = None,
) -> Findings:
    """Return the verdict of every gate on every slice, and all else that a run shows.

    FAIL if any gate counts as FAIL, else INCONCLUSIVE if any does or no gate was decided, else PASS. A `no_worse_than`
    gate without a `baseline` is not decided; `not_measured` says so. `looks` is what became of a run that was looked at
    early: one that was stopped is decided by always-valid intervals. Waivers are held against `day`, today if None. At
    `echoes` the agent is a recording of the person it would be compared with: a margin does not count them. `trust` is
    what is known of judged and learned graders: without it none of them decides anything. Raises InputError for a gate
    or waiver that names what does not exist.
    """
    trust = Trust(needs=settings.licence) if trust is None else trust
    counts = planned_rows(rows)
    asked = expand(settings, graders, counts)
    check_waivers(settings, asked, None)
    stopped = looks is not None and looks.stopped
    way = LOOKING if stopped else AT_THE_END if manifest.early is not None else ONE_LOOK
    sampled = frozenset(looks.sampled) if looks is not None and stopped else None
    gates = gates_of(
        to_decide(asked, has_baseline=baseline is not None),
        rows,
        settings,
        baseline=baseline or (),
        way=way,
        sampled=sampled,
        synthetic=manifest.synthetic,
        day=day or today(),
        echoes=echoes,
        trust=trust,
    )
    sizes = {key: one.largest for key, one in counts.items()} if stopped else None
    table = Table.of(_seen(rows, sampled), sizes, echoes)
    counting = {gate.effect for gate in gates}
    order: tuple[Verdict, ...] = ("FAIL", "INCONCLUSIVE", "PASS")
    unasked = () if gates else (NOTHING_DECIDED,)
    return Findings(
        format=FORMAT,
        verdict=next((verdict for verdict in order if verdict in counting), "INCONCLUSIVE"),
        gates=gates,
        rates=rates(table, graders, asked, trust),
        ledger=tuple(ledger(rows)),
        not_measured=(*unasked, *not_measured(rows, asked, manifest, has_baseline=baseline is not None)),
        agent=manifest.agent,
        mode=manifest.mode,
        synthetic=manifest.synthetic,
        differences=differences(table, graders, asked, trust),
        flips=flips(table, Table.of(baseline), graders) if baseline is not None else (),
        early=_early(rows, graders, manifest, looks),
        notes=tuple(notes(settings, gates, {row.id for row in rows})),
    )


def to_decide(asked: Sequence[GateSlice], *, has_baseline: bool) -> list[GateSlice]:
    """Return the gates × slices that are decided: large enough, and with a baseline where they need one."""
    return [one for one in asked if one.gated and (one.gate.kind != "no_worse_than" or has_baseline)]


def gates_of(
    asked: Sequence[GateSlice],
    rows: Sequence[ScoreRow],
    settings: Settings,
    *,
    baseline: Sequence[ScoreRow],
    way: Way,
    sampled: frozenset[str] | None,
    synthetic: bool,
    day: dt.date,
    echoes: frozenset[Spot] = frozenset(),
    trust: Trust | None = None,
) -> tuple[GateResult, ...]:
    """Return the results of gates, corrected for slices, with their waivers.

    `sampled` are the clusters that a run looked at early has come to in its random order; None for all. Without `trust`
    scores are taken as they are, whoever gave them: a look at a run asks whether more data would decide.
    """
    before, every = Table.of(baseline), Table.of(rows)
    unseen = {one.key: one.planned.n - len(every.get("ai", one.key)) for one in asked}
    results = _pass(asked, rows, before, way, sampled, unseen, echoes, trust, synthetic=synthetic)
    if not settings.waiver:
        return tuple(results)
    left_out = waived_ids(settings, day)
    without: Mapping[int, GateResult] = {}
    if left_out:
        kept = [row for row in rows if row.id not in left_out]
        left = _pass(asked, kept, before, way, sampled, unseen, echoes, trust, synthetic=synthetic)
        without = dict(enumerate(left))
    return tuple(with_waivers(results, without, settings, day, bad_in(rows, asked)))


def _pass(
    asked: Sequence[GateSlice],
    rows: Sequence[ScoreRow],
    before: Table,
    way: Way,
    sampled: frozenset[str] | None,
    unseen: Mapping[Key, int],
    echoes: frozenset[Spot],
    trust: Trust | None,
    *,
    synthetic: bool,
) -> list[GateResult]:
    """Decide every gate on these rows; `unseen` is how many of the exchanges planned for each have not been asked.

    A zero-tolerance gate looks at every answer there is: it passes only once all planned ones were seen, so it is not
    decided by a sample and needs no bound that holds at all times.
    """
    sizes: Mapping[Key, int] | None = {one.key: one.planned.largest for one in asked} if way.looking else None
    table = Table.of(_seen(rows, sampled), sizes, echoes)
    every = Table.of(rows)
    found = [
        decided(one, every, before, ONE_LOOK, unseen=unseen[one.key], synthetic=synthetic)
        if one.gate.zero
        else decided(one, table, before, way, unseen=0, synthetic=synthetic)
        for one in asked
    ]
    return corrected(found if trust is None else licensed(found, table, trust))


def _seen(rows: Sequence[ScoreRow], sampled: frozenset[str] | None) -> Sequence[ScoreRow]:
    """Return the rows of sampled clusters."""
    return rows if sampled is None else [row for row in rows if row.cluster in sampled]


def _early(
    rows: Sequence[ScoreRow], graders: Sequence[Grader], manifest: Manifest, looks: Looks | None
) -> Early | None:
    """Return what looking early saved."""
    if manifest.early is None:
        return None
    judges = {one.name for one in graders if one.needs_judge}
    gradings = [row for row in rows if row.grader in judges and row.state != "skipped"]
    saved = sum(row.state == "not_run" and row.reason == STOPPED_EARLY for row in gradings)
    stopped = looks is not None and looks.stopped
    return Early(
        stopped=stopped,
        looks=looks.looks if looks is not None else 0,
        seed=manifest.early.seed,
        batch=manifest.early.batch,
        planned=manifest.planned,
        asked=looks.asked if looks is not None and stopped else manifest.planned,
        gradings_planned=len(gradings),
        gradings=len(gradings) - saved,
    )
