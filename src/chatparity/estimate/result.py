"""What an estimate found: plain objects that the terminal and `--json` both read."""

from __future__ import annotations

import msgspec

FORMAT = 1


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A share in [0, 1] with its two-sided bounds; None where it cannot be estimated."""

    estimate: float | None
    low: float | None
    high: float | None


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """What a grader of the same dimension says by itself: it fails `failed` of the `graded` answers."""

    grader: str
    graded: int
    failed: int

    @property
    def share(self) -> float | None:
        """Return the share of answers that it fails."""
        return self.failed / self.graded if self.graded else None


class FailureRate(msgspec.Struct, frozen=True, kw_only=True):
    """How often one criterion fails in the population.

    `labels` answers, in `clusters` conversations, were judged on it, of which `failed` fail; `raw` is what graders of
    its dimension say unasked. `weighted` weighs labels by the answers they stand for; `corrected` listens to the
    automatic scores in `weights` too. `effective_labels` labels drawn uniformly, without scores, would tell as much;
    with `more_labels` more of the same sample the bounds reach no further than `half_width` (None: cannot be told).
    `unheard` is the share of the population whose stratum has no label of this criterion. `if_disputed` are the
    corrected rate if none, and if all, of the disputed items failed; None where there are none.
    """

    name: str
    ask: str
    critical: bool
    labels: int
    clusters: int
    failed: int
    raw: tuple[Raw, ...]
    weighted: Interval
    corrected: Interval
    weights: dict[str, float]
    effective_labels: float | None
    more_labels: int | None
    unheard: float
    if_disputed: tuple[float, float] | None
    method: str


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """All that `chatparity estimate --json` gives. Rates are of the `population` that the sample was drawn from.

    `judged` of `items` were looked at; `disputed` counts, by criterion, those on which people differ and nothing is
    decided: they are no labels. `scores_from` says where automatic scores come from, "" where there are none.
    """

    format: int
    sample: str
    population: int
    left_out: int
    items: int
    judged: int
    labels_from: str
    scores_from: str
    confidence: float
    half_width: float
    disputed: dict[str, int]
    rates: tuple[FailureRate, ...]
    synthetic: bool
