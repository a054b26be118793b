"""What the pages of a review show, as plain objects; `reports/review_page.py` of the suite lays them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatparity.exchange import Reply
from chatparity.grading.criteria import Criterion
from chatparity.grading.rows import ScoreRow
from chatparity.review.agreement import Agreement
from chatparity.review.desk import Filter, Progress
from chatparity.review.items import Exhibit
from chatparity.review.scorecard import Card
from chatparity.review.store import Change, Note


@dataclass(frozen=True)
class Frame:
    """What every page has: who looks, how far they are, what was just done; `proof` goes into every form.

    `pairs` is how many items can be compared, `wanted` the filter, `query` the same as links carry it on.
    """

    who: str
    lead: bool
    proof: str
    sample: str
    synthetic: bool
    session: str
    here: str
    progress: Progress
    pairs: int
    wanted: Filter
    told: str = ""
    wrong: bool = False
    query: str = ""


@dataclass(frozen=True)
class ItemView:
    """One item to be judged. `found` is None until this reviewer has answered and asked to see it.

    `locked`: the answers stay, since the findings were seen. `testable`: it failed, so a test can be made of it.
    """

    frame: Frame
    shown: Exhibit
    criteria: Sequence[Criterion]
    answers: Mapping[str, str]
    state: str
    card: Card | None
    found: Sequence[ScoreRow] | None
    number: int
    before: str | None
    after: str | None
    testable: bool

    @property
    def locked(self) -> bool:
        """Say whether the answers stay as they are."""
        return self.found is not None


@dataclass(frozen=True)
class Line:
    """One item in the list."""

    item: str
    id: str
    language: str
    state: str
    comment: str


@dataclass(frozen=True)
class ListView:
    """A page of the list of items; `pages` of them, numbered from 1."""

    frame: Frame
    wanted: Filter
    lines: Sequence[Line]
    kept: int
    page: int
    pages: int
    languages: Sequence[str]


@dataclass(frozen=True)
class CompareView:
    """Two replies side by side without names; `chosen` is left, right, alike, neither, or nothing yet."""

    frame: Frame
    shown: Exhibit
    left: Reply
    right: Reply
    chosen: str
    number: int
    done: int


@dataclass(frozen=True)
class CalibrationView:
    """A calibration session. `found` is None for a reviewer who has items to answer (`open`) or to let stay (`ask`)."""

    frame: Frame
    found: Agreement | None
    open: int
    ask: bool


@dataclass(frozen=True)
class DecideView:
    """An item with what everybody says of it, to be decided by the lead."""

    frame: Frame
    shown: Exhibit
    criteria: Sequence[Criterion]
    said: Mapping[str, Mapping[str, str]]
    decided: Mapping[str, str]
    changes: Sequence[Change]
    found: Sequence[ScoreRow]


@dataclass(frozen=True)
class GuidelineView:
    """The guideline notes and their versions, newest first."""

    frame: Frame
    notes: Sequence[Note]


@dataclass(frozen=True)
class PlainView:
    """A page that only says something, or asks who is there (`asks`)."""

    frame: Frame | None
    title: str
    text: str
    asks: bool = False
    proof: str = ""
    wrong: str = ""
