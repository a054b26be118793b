"""Drift: the anchors of a licence put before their grader again, past the cache, and what became of the verdicts."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from chatparity.calibrate.join import Place
from chatparity.calibrate.material import graded_now, material_of
from chatparity.calibrate.measure import judge_of, text_hash
from chatparity.calibrate.shares import of_rate
from chatparity.errors import UsageError
from chatparity.grading import load_graders
from chatparity.grading.fingerprint import Fingerprint, fingerprint_of
from chatparity.grading.rows import ScoreRow
from chatparity.judge import open_judge
from chatparity.licence import Anchor, Drift, Licence
from chatparity.stats import cluster_rate
from chatparity.suite import Suite

Key = tuple[str, str]


async def drifted(
    what: Path, suite: Suite, licence: Licence, *, judge: str | None = None, only: Sequence[str] = ()
) -> tuple[Licence, dict[str, Drift]]:
    """Ask licensed graders again about their anchors; return the licence with what was found, and it by `grader[lang]`.

    Answers in the judge's cache are passed over. Where the share of changed verdicts is shown to be above `[licence]
    drift` (its lower bound is), the licence is withdrawn until the grader is calibrated anew. Raises UsageError when
    the licence has no anchors of these graders, `what` does not hold their answers, or they are no longer who they
    were: then the licence is void anyway.
    """
    material = material_of(what, suite)
    places: set[Place] = {
        place
        for one in licence.anchors
        if text_hash(material.answers.get(place := (one.arm, one.id, one.turn, one.trial), "")) == one.text
    }
    if not licence.anchors:
        raise UsageError("the licence has no anchors: calibrate first: chatparity calibrate RUN|PATH --labels FILE")
    if not places:
        raise UsageError(
            f"{what}: it holds none of the licence's {len(licence.anchors)} anchors: name what they are of"
        )
    spec = judge_of(what, suite, judge)
    names = {one.grader for one in licence.anchors}
    with tempfile.TemporaryDirectory() as folder:
        settings = msgspec.structs.replace(
            suite.settings, judge=msgspec.structs.replace(suite.settings.judge, cache=folder)
        )
        async with open_judge(spec, replace(suite, settings=settings)) as asked:
            graders = [one for one in load_graders(suite, asked, only=only) if one.name in names]
            rows = await graded_now(material.only(places), graders, places, judged=asked is not None)
    _same(licence, {one.name: fingerprint_of(one, spec) for one in graders})
    found = _compared(licence, rows, suite.settings.licence.drift, suite.settings.licence.confidence)
    entries = tuple(
        msgspec.structs.replace(one, drift=found[key]) if (key := (one.grader, one.language)) in found else one
        for one in licence.entries
    )
    told = {f"{grader}[{language}]": one for (grader, language), one in found.items()}
    return msgspec.structs.replace(licence, entries=entries), told


def _same(licence: Licence, now: Mapping[str, Fingerprint]) -> None:
    """Raise UsageError for a grader that is not the one that was calibrated: that is no drift."""
    for entry in licence.entries:
        changed = now[entry.grader].differs(entry.graded_by) if entry.grader in now else ""
        if changed:
            raise UsageError(
                f"{entry.grader}: {changed} since it was calibrated: its licence is void: calibrate it anew"
            )


def _compared(licence: Licence, rows: Sequence[ScoreRow], most: float, confidence: float) -> dict[Key, Drift]:
    """Return, by grader and language, how many verdicts changed; one that is an abstention now has changed."""
    by_place = {(row.grader, row.arm, row.id, row.turn, row.trial): row for row in rows}
    seen: dict[Key, list[tuple[Anchor, ScoreRow]]] = {}
    for one in licence.anchors:
        row = by_place.get((one.grader, one.arm, one.id, one.turn, one.trial))
        if row is not None and row.state in ("graded", "abstained"):
            seen.setdefault((one.grader, one.language), []).append((one, row))
    found: dict[Key, Drift] = {}
    for key, both in seen.items():
        changed = [one.verdict != row.verdict for one, row in both]
        share = of_rate(cluster_rate(changed, [row.cluster for _, row in both], confidence=confidence), confidence)
        moved = [row.value - one.value for one, row in both if row.value is not None]
        found[key] = Drift(
            on=dt.datetime.now(dt.UTC).date(),
            n=len(both),
            changed=sum(changed),
            share=share,
            moved=sum(moved) / len(moved) if moved else None,
            passed=share.low is None or share.low <= most,
        )
    return found
