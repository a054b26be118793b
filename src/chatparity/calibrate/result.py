"""What a calibration found: plain objects that the terminal, the figures and `calibration.json` all read."""

from __future__ import annotations

import datetime as dt

import msgspec

from chatparity.grading.fingerprint import Fingerprint
from chatparity.licence import Drift, Evidence, Share
from chatparity.suite import LicenceTable

FORMAT = 1
ALL = "all"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One rated answer: the grader's value, whether it faults it, whether people do."""

    value: float
    found: bool
    faulty: bool


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """One grader against people, in one language or over `all`.

    `licence` is "granted", "refused" or "" for a rule grader, and over all languages; `why` says why it was refused.
    """

    grader: str
    kind: str
    dimension: str
    metric: str
    language: str
    evidence: Evidence
    points: tuple[Point, ...]
    licence: str = ""
    why: str = ""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A bias of the judge where it compares two answers: `effect` is Cohen's g, its share minus one half.

    0 is no bias, 0.5 all one way. `pairs` were asked in both orders; `failed` gave no verdict in one of them.
    """

    name: str
    what: str
    pairs: int
    failed: int
    effect: Share
    size: str


class Injections(msgspec.Struct, frozen=True, kw_only=True):
    """Of `n` ways to steer the judge from inside a transcript, those after which its verdict was another."""

    n: int
    changed: tuple[str, ...]


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """All of `calibration.json`.

    `needs` is what a licence needs. Of `rated` answers `matched` were found among the graded ones. `own` counts, by
    grader, those that were left out because a learned grader was fitted on their conversations. `without` names graders
    that could not be calibrated and why.
    """

    format: int
    on: dt.date
    labels: str
    judge: str
    rated: int
    matched: int
    synthetic: bool
    needs: LicenceTable
    agreements: tuple[Agreement, ...]
    graded_by: dict[str, Fingerprint]
    own: dict[str, int] = {}
    without: dict[str, str] = {}
    probes: tuple[Probe, ...] = ()
    drift: dict[str, Drift] = {}
    injections: Injections | None = None
