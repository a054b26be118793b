"""A whole calibration: every grader whose dimension people rated, against them, by language; and what it earns."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from chatparity.calibrate.agreement import evidence_of, value_of
from chatparity.calibrate.join import Pair, Place, check_matched, matched, pairs_of
from chatparity.calibrate.material import graded_now, material_of
from chatparity.calibrate.rated import Rated, Ratings, read_ratings
from chatparity.calibrate.result import ALL, FORMAT, Agreement, Calibration, Point
from chatparity.grading import Grader, load_graders
from chatparity.grading.fingerprint import Fingerprint, conversation_mark, fingerprint_of
from chatparity.grading.grader import RATE, passes
from chatparity.grading.rows import ScoreRow
from chatparity.judge import open_judge
from chatparity.licence import Anchor, Entry, refusal
from chatparity.run.folder import PeopleSaid, RunFolder
from chatparity.suite import LicenceTable, Suite

MOST_ANCHORS = 50


@dataclass(frozen=True)
class Calibrated:
    """A calibration with what goes into the licence file, and what people said of a sample of the run's replies."""

    calibration: Calibration
    entries: tuple[Entry, ...]
    anchors: tuple[Anchor, ...]
    people: tuple[PeopleSaid, ...] = ()


@dataclass(frozen=True)
class _Scored:
    """The rows of rated answers, who gave them, and why a grader has none."""

    rows: Sequence[ScoreRow]
    graders: Sequence[Grader]
    graded_by: Mapping[str, Fingerprint]
    without: dict[str, str]


def judge_of(what: Path, suite: Suite, judge: str | None) -> str:
    """Return the specification of the judge: the one asked for, else that of the run, else the suite's."""
    folder = RunFolder(what)
    pinned = folder.manifest().judge if folder.exists() else suite.settings.judge.default
    return judge or pinned


async def calibrate(
    what: Path, suite: Suite, *, labels: Path | None = None, judge: str | None = None, only: Sequence[str] = ()
) -> Calibrated:
    """Compare graders with people on the answers of a run, or on those recorded in transcripts.

    `labels` are transcripts with labels or a filled-in sample; by default what is compared is labelled itself. A run's
    scores are taken as they are, unless a `judge` is named: it is asked about the rated answers then, and the run stays
    as it was. Raises UsageError when there are no labels, or none is about an answer that is there.
    """
    folder = RunFolder(what)
    source = labels or (folder.transcripts_file if folder.exists() else what)
    ratings, material = read_ratings(source, suite), material_of(what, suite)
    found = matched(ratings.rated, material.answers)
    check_matched(found, ratings.rated, source, what)
    spec = judge_of(what, suite, judge)
    if folder.exists() and judge is None:
        scored = _as_scored(folder, suite, only, found)
    else:
        async with open_judge(spec, suite) as asked:
            graders, without = _to_ask(load_graders(suite, asked, only=only), found, judged=asked is not None)
            rows = await graded_now(material.only(found), graders, found, judged=asked is not None)
        scored = _Scored(rows, graders, {one.name: fingerprint_of(one, spec) for one in graders}, without)
    calibrated = _calibrated(scored, found, ratings, spec, suite.settings.licence, material.answers)
    return replace(calibrated, people=_people(found, ratings)) if folder.exists() else calibrated


def _people(found: Mapping[Place, Rated], ratings: Ratings) -> tuple[PeopleSaid, ...]:
    """Return the labels of a sample of this run's replies.

    None where labels were not drawn by chance from a run, or some are about other texts: a sample of another run of
    which only the answers that are the same are found here speaks for those alone. A text that only the recorded person
    gave is no reply of the run, whose rows these labels correct.
    """
    if any(arm != "ai" for arm, _, _, _ in found):
        return ()
    if len(found) < len(ratings.rated) or not all(one.drawn for one in ratings.rated):
        return ()
    return tuple(
        PeopleSaid(
            id=name,
            turn=turn,
            trial=trial,
            good={dimension: truth.good for dimension, truth in one.truths.items()},
            probability=one.probability,
        )
        for (_, name, turn, trial), one in found.items()
    )


def _as_scored(folder: RunFolder, suite: Suite, only: Sequence[str], found: Mapping[Place, Rated]) -> _Scored:
    """Return a run's own rows of the rated answers."""
    graders, without = _to_ask(load_graders(suite, only=only), found, judged=True)
    rows = [row for row in folder.scores() if (row.arm, row.id, row.turn, row.trial) in found]
    given = {row.grader for row in rows if row.state in ("graded", "abstained")}
    graded_by = folder.graded_by()
    for one in graders:
        if one.name in given and one.needs_licence and one.name not in graded_by:
            without[one.name] = f"the run does not say who gave its scores: chatparity grade {folder.path}"
        if one.name not in given:
            why = "the run has no score of it"
            hint = f": chatparity grade {folder.path} --judge openai:MODEL" if one.needs_judge else ""
            without[one.name] = why + hint
    return _Scored(rows, [one for one in graders if one.name not in without], graded_by, without)


def _to_ask(
    graders: Sequence[Grader], found: Mapping[Place, Rated], *, judged: bool
) -> tuple[list[Grader], dict[str, str]]:
    """Return the graders that labels can say something of, and of each other why not."""
    rated = {name for one in found.values() for name in one.truths}
    without: dict[str, str] = {}
    for one in graders:
        if one.dimension not in rated:
            without[one.name] = f"no label says how good an answer is in {one.dimension}"
        elif one.dimension == "escalation" and "escalation" in one.needs:
            without[one.name] = "it reads the labels that it would be compared with"
        elif not any(metric.name == RATE.name and metric.good is passes for metric in one.metrics):
            without[one.name] = "it has no rate of answers that pass"
        elif one.needs_judge and not judged:
            without[one.name] = "no judge was named (--judge openai:MODEL)"
    return [one for one in graders if one.name not in without], without


def _calibrated(
    scored: _Scored,
    found: Mapping[Place, Rated],
    ratings: Ratings,
    judge: str,
    needs: LicenceTable,
    answers: Mapping[Place, str],
) -> Calibrated:
    """Compare every grader that has rows, over all languages and in each."""
    pairs = pairs_of(scored.rows, found)
    today, synthetic = dt.datetime.now(dt.UTC).date(), any(one.synthetic for one in found.values())
    agreements: list[Agreement] = []
    entries: list[Entry] = []
    anchors: list[Anchor] = []
    own: dict[str, int] = {}
    without = dict(scored.without)
    for grader in scored.graders:
        every = pairs.get(grader.name, [])
        mine = [one for one in every if conversation_mark(one.row.cluster) not in grader.fitted_on]
        if len(mine) < len(every):
            own[grader.name] = len(every) - len(mine)
        if not any(one.row.state == "graded" for one in mine):
            without[grader.name] = _why_none(every, mine)
            continue
        agreements.append(_agreement(grader, ALL, mine, needs.confidence))
        for language in sorted({one.language for one in mine}):
            there = [one for one in mine if one.language == language]
            agreement = _agreement(grader, language, there, needs.confidence)
            if grader.needs_licence:
                why = refusal(agreement.evidence, needs)
                agreement = _with_licence(agreement, why)
                graded_by = scored.graded_by[grader.name]
                entries.append(_entry(agreement, graded_by, needs, ratings.source, today, synthetic))
                anchors += _anchors(there, answers)
            agreements.append(agreement)
    calibration = Calibration(
        format=FORMAT,
        on=today,
        labels=ratings.source,
        judge=judge,
        rated=len(ratings.rated),
        matched=len(found),
        synthetic=synthetic,
        needs=needs,
        agreements=tuple(agreements),
        graded_by={one.name: scored.graded_by[one.name] for one in scored.graders if one.name in scored.graded_by},
        own=own,
        without=without,
    )
    return Calibrated(calibration, tuple(entries), tuple(anchors))


def _why_none(every: Sequence[Pair], mine: Sequence[Pair]) -> str:
    """Return why a grader has no graded row that it can be held against."""
    if every and not mine:
        return "it was fitted on all of these conversations: hold it against others"
    if not mine:
        return "it graded none of the rated answers"
    return f"none of its {len(mine)} scores is graded; the first: {mine[0].row.reason.splitlines()[0]}"


def _agreement(grader: Grader, language: str, pairs: Sequence[Pair], confidence: float) -> Agreement:
    graded = [one for one in pairs if one.row.state == "graded"]
    return Agreement(
        grader=grader.name,
        kind=grader.kind,
        dimension=grader.dimension,
        metric=RATE.name,
        language=language,
        evidence=evidence_of(pairs, confidence=confidence),
        points=tuple(Point(value=value_of(one), found=one.found, faulty=one.faulty) for one in graded),
    )


def _with_licence(one: Agreement, why: str) -> Agreement:
    return msgspec.structs.replace(one, licence="refused" if why else "granted", why=why)


def _entry(
    one: Agreement, graded_by: Fingerprint, needs: LicenceTable, labels: str, on: dt.date, synthetic: bool
) -> Entry:
    return Entry(
        grader=one.grader,
        kind=one.kind,
        dimension=one.dimension,
        metric=one.metric,
        language=one.language,
        granted=one.licence == "granted",
        why=one.why or "every lower bound reaches what is needed",
        graded_by=graded_by,
        needs=needs,
        evidence=one.evidence,
        labels=labels,
        on=on,
        synthetic=synthetic,
    )


def text_hash(text: str) -> str:
    """Return a short hash of an answer's text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _anchors(pairs: Sequence[Pair], answers: Mapping[Place, str]) -> list[Anchor]:
    """Return up to fifty of these graded answers, by a hash of their names: the same ones every time."""
    found = [
        Anchor(
            grader=row.grader,
            language=one.language,
            id=row.id,
            turn=row.turn,
            trial=row.trial,
            arm=row.arm,
            text=text_hash(answers[row.arm, row.id, row.turn, row.trial]),
            verdict=row.verdict,
            value=row.value,
        )
        for one in pairs
        if (row := one.row).state == "graded" and row.verdict is not None and row.value is not None
    ]
    return sorted(found, key=lambda one: text_hash(f"{one.id} {one.turn} {one.trial}"))[:MOST_ANCHORS]
