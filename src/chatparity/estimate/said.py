"""What people said of a sample's items, on the page or in the sheet: which criteria each item fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatparity.errors import UsageError
from chatparity.grading.people import truths
from chatparity.points import recorded_reply
from chatparity.review.desk import Desk
from chatparity.review.items import Bench
from chatparity.review.resolve import resolved
from chatparity.review.scorecard import Scorecard, load_scorecard
from chatparity.review.store import FILE, Store
from chatparity.sample import read_answers
from chatparity.sample.folder import SHEET
from chatparity.suite import Suite

ANY = "any"


@dataclass(frozen=True)
class Criterion:
    """One thing that can fail: its name, what people were asked, whether it is critical, whose graders ask the same."""

    name: str
    ask: str
    critical: bool
    dimension: str


@dataclass(frozen=True)
class Said:
    """Which criteria each item fails, True or False, by item and criterion; what nobody answered is left out.

    `disputed` names, by criterion, the items on which people differ and nothing is decided: they are left out too.
    """

    criteria: Sequence[Criterion]
    fails: Mapping[str, Mapping[str, bool]]
    disputed: Mapping[str, frozenset[str]]
    source: str


def read_said(folder: Path, suite: Suite, bench: Bench, sheet: Path | None = None) -> Said:
    """Return what people said: on the page of `chatparity review`, else in the sheet; in `sheet`, where one is named.

    Raises UsageError where nothing is labelled yet, InputError for what cannot be read.
    """
    scorecard = load_scorecard(suite)
    if sheet is None and (folder / FILE).is_file():
        store = Store(folder / FILE, bench.sample.name)
        try:
            found = _on_the_page(Desk(bench, store, scorecard))
        finally:
            store.close()
        if found.fails:
            return found
    path = sheet or folder / SHEET
    found = _in_the_sheet(folder, path, suite, bench, scorecard)
    if not found.fails:
        raise UsageError(f"{folder}: nothing is labelled yet: chatparity review {folder}, or fill in {path}")
    return found


def _on_the_page(desk: Desk) -> Said:
    """Read what reviewers who finished an item say; an answer without points is no failure, as "not asked for"."""
    fails: dict[str, dict[str, bool]] = {}
    disputed: dict[str, set[str]] = {}
    for one in resolved(desk):
        for name in one.disputed:
            disputed.setdefault(name, set()).add(one.item)
        said: dict[str, bool] = {}
        for criterion in desk.scorecard.criteria:
            if criterion.name not in one.answers:
                continue
            asks = any(answer.handover is not None for answer in criterion.answers)
            handed_over = asks and desk.bench.handed_over(one.item)
            points = criterion.worth(one.answers[criterion.name], handed_over=handed_over)
            said[criterion.name] = points is not None and points < criterion.pass_at
        if said:
            fails[one.item] = said
    items = {name: frozenset(several) for name, several in disputed.items()}
    return Said(_criteria(desk.scorecard), fails, items, desk.store.path.name)


def _in_the_sheet(folder: Path, sheet: Path, suite: Suite, bench: Bench, scorecard: Scorecard) -> Said:
    """Read the filled-in sheet, whose columns are the labels that a transcript knows."""
    by_dimension = {one.dimension: one.name for one in scorecard.criteria if one.dimension}
    answers = read_answers(folder, sheet)
    fails: dict[str, dict[str, bool]] = {}
    for item in bench.sample.items:
        transcript = answers.get(item.item)
        if transcript is None:
            continue
        reply = recorded_reply(transcript, item.label_turn, handover_tools=suite.settings.agent.handover_tools)
        if reply is None:
            continue
        said = truths(transcript, item.label_turn, reply, last=False)
        found = {by_dimension.get(name, name): not truth.good for name, truth in said.items()}
        if found:
            fails[item.item] = found
    known = {one.name for one in scorecard.criteria}
    more = sorted({name for one in fails.values() for name in one} - known)
    others = tuple(Criterion(name, "", critical=False, dimension=name) for name in more)
    return Said((*_criteria(scorecard), *others), fails, {}, sheet.name)


def _criteria(scorecard: Scorecard) -> tuple[Criterion, ...]:
    return tuple(Criterion(one.name, one.ask, one.critical, one.dimension) for one in scorecard.criteria)


def any_failure(said: Mapping[str, bool], asked: Sequence[str]) -> bool | None:
    """Say whether an item fails any criterion; None where one is not answered.

    An item that fails one of few answers is no case either: those would be known more often where they fail.
    """
    return any(said.values()) if all(name in said for name in asked) else None
