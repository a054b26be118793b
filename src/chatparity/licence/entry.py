"""What stands in a licence file: for each grader, metric and language whether it may decide, and why."""

from __future__ import annotations

import datetime as dt

import msgspec

from chatparity.exchange import Verdict
from chatparity.grading.fingerprint import Fingerprint
from chatparity.grading.rows import Arm
from chatparity.suite import LicenceTable

FORMAT = 1


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A share or coefficient with its n, clusters and two-sided interval; None is "cannot be estimated".

    `size` is the number of independent answers that it is worth: n over what clusters and weights cost.
    """

    n: int
    clusters: int
    estimate: float | None
    low: float | None
    high: float | None
    method: str
    size: float = 0.0


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A grader against people on `n` rated answers in `clusters` conversations, of which people fault `faults`.

    `abstained` more were rated by people and left open by the grader. `sensitivity` is the share of people's faults
    that it finds, `specificity` the share of people's good answers that it clears, `kappa` Cohen's κ of the verdicts,
    `alpha` Krippendorff's α of the values, `auc` the area under the ROC curve of the value, `brier` the mean squared
    distance of the value from people's verdict. `confidence` is that of all intervals.
    """

    n: int
    clusters: int
    faults: int
    abstained: int
    kappa: Share
    alpha: Share
    sensitivity: Share
    specificity: Share
    auc: Share
    brier: float | None
    confidence: float

    @property
    def open_share(self) -> float:
        """Return the share of rated answers that the grader left open."""
        return self.abstained / max(self.n + self.abstained, 1)


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the anchors when the grader was asked again: of `n`, how many verdicts `changed`.

    `share` is changed / n with its interval, `moved` the mean change of the value, new − old.
    """

    on: dt.date
    n: int
    changed: int
    share: Share
    moved: float | None
    passed: bool


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One grader, metric and language: whether it is granted, why, and all that this rests on.

    `graded_by` is who gave the verdicts: what differs in it from who grades a run makes the entry void. `labels` names
    the labels and their SHA-256.
    """

    grader: str
    kind: str
    dimension: str
    metric: str
    language: str
    granted: bool
    why: str
    graded_by: Fingerprint
    needs: LicenceTable
    evidence: Evidence
    labels: str
    on: dt.date
    synthetic: bool = False
    drift: Drift | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what the entry is found by: grader, metric, language."""
        return (self.grader, self.metric, self.language)


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A rated answer whose verdict is remembered, so that the grader can be asked about it again.

    `text` is a hash of the answer: another one at its place is no anchor.
    """

    grader: str
    language: str
    id: str
    turn: int
    trial: int
    arm: Arm
    text: str
    verdict: Verdict
    value: float


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """All of a licence file."""

    format: int = FORMAT
    entries: tuple[Entry, ...] = ()
    anchors: tuple[Anchor, ...] = ()

    def with_entries(self, entries: tuple[Entry, ...], anchors: tuple[Anchor, ...]) -> Licence:
        """Return the licence with new entries in the place of those for the same grader, metric and language.

        The anchors of a grader in a language are replaced with its entry.
        """
        new = {one.key for one in entries}
        asked = {(one.grader, one.language) for one in entries}
        kept = [one for one in self.entries if one.key not in new]
        still = [one for one in self.anchors if (one.grader, one.language) not in asked]
        return Licence(
            entries=tuple(sorted((*kept, *entries), key=lambda one: one.key)),
            anchors=tuple(sorted((*still, *anchors), key=lambda one: (one.grader, one.id, one.turn, one.trial))),
        )
