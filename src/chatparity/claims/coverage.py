"""The claim of so many languages or markets: in how many of them the assistant works, not only answers."""

from __future__ import annotations

import math

import numpy as np

from chatparity.claims.file import CoverageClaim
from chatparity.claims.logs import Codes
from chatparity.claims.result import CannotTell, Figure, Found
from chatparity.claims.view import View
from chatparity.stats import clopper_pearson, cluster_rate, simultaneous_confidence

SHOWN = 6
# Values that the logs do not show may be many where they could together hold more than this share of customers.
UNSEEN = 0.01


def coverage(view: View, claim: CoverageClaim) -> Found:
    """Return in how many languages or markets the assistant resolves at least `works_at` of what it is asked.

    Each value's rate has its interval, all of them together at the confidence of the claim [1]: then the number of
    intervals above the floor and the number that reach it bound the true number at once. A value with too few
    conversations counts to what is possible, not to what is shown. Values that nobody wrote from are bounded only where
    the logs show nearly all: the share of customers whose value is not seen is about that of those who are alone with
    theirs [2]; while its upper bound is above `UNSEEN`, the number has no upper bound.

    [1] Bonferroni's inequality: see `chatparity.stats.simultaneous_confidence`.
    [2] I. J. Good (1953), The population frequencies of species and the estimation of population parameters,
        Biometrika 40, 237-264.
    """
    view.known("resolved")
    held = view.handled("ai", "both")
    view.keep(held, "the assistant had no part in it")
    view.keep(view.words(claim.of).codes >= 0, f"{claim.of} is not known")
    groups = view.words(claim.of)
    resolved = view.numbers("resolved") == 1
    customers = view.customers
    there = [place for place in range(len(groups.names)) if (groups.codes == place).any()]
    if not there:
        raise CannotTell(f"no conversation names its {claim.of}")
    confidence = simultaneous_confidence(view.confidence, len(there))
    works, may, shown = [], [], []
    for place in there:
        rows = groups.codes == place
        found = cluster_rate(resolved[rows].tolist(), customers[rows].tolist(), confidence=confidence)
        shown.append((groups.names[place], found))
        if found.low is not None and found.low >= claim.works_at:
            works.append(groups.names[place])
        if found.high is None or found.high >= claim.works_at:
            may.append(groups.names[place])
    met = sum(found.estimate is not None and found.estimate >= claim.works_at for _, found in shown)
    not_working = sorted({groups.names[place] for place in there} - set(may))
    open_ = sorted(set(may) - set(works))
    weakest = sorted(shown, key=lambda one: one[1].estimate if one[1].estimate is not None else -1.0)[:SHOWN]
    parts = tuple(
        Figure(
            name=f"resolved in {claim.of} {name}",
            unit="share",
            n=found.n,
            estimate=found.estimate,
            low=found.low,
            high=found.high,
        )
        for name, found in weakest
    )
    notes = []
    unseen = _unseen(groups.codes, customers, view.confidence)
    few = unseen > UNSEEN
    if few:
        notes.append(
            f"Customers whose {claim.of} the logs do not show may be up to {unseen:.0%} of all: "
            f"how many more there are cannot be told."
        )
    if not_working:
        notes.append(f"Not served: {', '.join(not_working)}.")
    if open_:
        notes.append(f"Cannot be told yet: {', '.join(open_)}.")
    return Found(
        float(met),
        float(len(works)),
        math.inf if few else float(len(may)),
        view.n,
        view.clusters,
        "count",
        f"a {claim.of} counts where at least {claim.works_at:.0%} of conversations are resolved; intervals of all "
        f"{len(there)} together (Bonferroni)",
        parts=parts,
        naive=Figure(
            name=f"{claim.of}s in which the assistant answered anything",
            unit="count",
            n=view.n,
            estimate=float(len(there)),
        ),
        misleads="It counts every one in which the assistant once wrote something, whether it helped or not.",
        notes=tuple(notes),
        needs=(
            *((f"more conversations in: {', '.join(open_[:12])}",) if open_ else ()),
            *((f"conversations of more customers, so that no {claim.of} is missing from the logs",) if few else ()),
        ),
    )


def _unseen(codes: Codes, customers: Codes, confidence: float) -> float:
    """Return the upper bound of the share of customers whose value the logs do not show."""
    pairs = np.unique(np.stack([codes, customers]), axis=1)
    alone = int((np.bincount(pairs[0]) == 1).sum())
    return clopper_pearson(alone, len(np.unique(customers)), 2 * confidence - 1)[1]
