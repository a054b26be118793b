"""The claim of so many conversations a month: a count, scaled to a month and to all customers."""

from __future__ import annotations

import math

import numpy as np

from chatparity.claims.file import VolumeClaim
from chatparity.claims.logs import Numbers, midnight
from chatparity.claims.result import CannotTell, Figure, Found
from chatparity.claims.view import View
from chatparity.stats.interval import t_quantile

DAY = 86400.0
WEEK = 7
FEWEST = 14


def volume(view: View, claim: VolumeClaim) -> Found:
    """Return how many conversations the assistant holds in a month of `days`, from the whole days of the logs.

    The interval is that of a month like those seen, on the logarithm. Its variance is the larger of two: that of the
    days around the mean of their weekday, as a quasi-Poisson count [1], and that of customers who each come with all
    their conversations, as a compound Poisson count [2]; the logs hold a share `sampled` of customers.

    [1] P. McCullagh, J. A. Nelder (1989), Generalized Linear Models, section 6.2.3.
    [2] C.-E. Särndal, B. Swensson, J. Wretman (1992), Model Assisted Survey Sampling, section 3.2 (Bernoulli sampling).
    """
    view.known("started_at")
    alone = view.handled("ai")
    held = alone | view.handled("both") if claim.counts == "touched" else alone
    everyone = view.n
    view.keep(held, "the assistant did not hold it")
    days, first = _whole_days(view)
    n_days = len(days)
    if n_days < FEWEST:
        raise CannotTell(
            f"the logs hold {n_days} whole days, needs {FEWEST} to tell weekdays from chance",
            ("logs of at least two whole weeks",),
        )
    inside = (view.numbers("started_at") >= first) & (view.numbers("started_at") < first + n_days * DAY)
    view.keep(inside, "on a day that the logs do not hold whole")
    total = int(days.sum())
    dispersion = _dispersion(days)
    per_customer = np.unique(view.customers, return_counts=True)[1].astype(np.float64)
    variance = max(dispersion * total, float((per_customer**2).sum()))
    scale = claim.days / view.sampled
    half = t_quantile(view.confidence, n_days - WEEK) * math.sqrt(variance) / total
    estimate = float(_weekdays(days).mean()) * scale
    note = (
        "" if view.sampled == 1 else f" and divided by the {view.sampled:.3g} of customers whose conversations they are"
    )
    return Found(
        estimate,
        estimate * math.exp(-half),
        estimate * math.exp(half),
        view.n,
        len(per_customer),
        "count",
        f"{total:,} conversations on {n_days} whole days, put to {claim.days:g} days{note}; "
        f"dispersion {dispersion:.2f}",
        parts=(
            Figure(
                name="on the busiest day", unit="count", n=int(days.max()), estimate=float(days.max()) / view.sampled
            ),
            Figure(
                name="on the quietest day", unit="count", n=int(days.min()), estimate=float(days.min()) / view.sampled
            ),
        ),
        naive=Figure(name="all conversations of the logs", unit="count", n=everyone, estimate=everyone / view.sampled),
        needs=("logs of more days, or of a larger share of customers",),
        misleads="It counts what people handled alone too, and days that the logs hold only in part.",
    )


def _whole_days(view: View) -> tuple[Numbers, float]:
    """Return the counts of the whole UTC days between the first and the last conversation of the logs."""
    span = view.logs.span
    assert span is not None
    claim = view.claim
    begun = view.numbers("started_at")
    low = span[0] if claim.since is None else max(span[0], midnight(claim.since))
    high = span[1] if claim.until is None else min(span[1], midnight(claim.until) + DAY)
    first, last = math.ceil(low / DAY) * DAY, math.floor(high / DAY) * DAY
    if last <= first:
        return np.zeros(0), first
    counts = np.histogram(begun, bins=np.arange(first, last + DAY / 2, DAY))[0]
    return counts.astype(np.float64), first


def _dispersion(days: Numbers) -> float:
    """Return the quasi-Poisson dispersion of daily counts around the means of their weekdays, at least 1."""
    expected = _weekdays(days)[np.arange(len(days)) % WEEK]
    squared = (days - expected) ** 2 / np.where(expected > 0, expected, 1.0)
    return max(float(squared.sum()) / max(len(days) - WEEK, 1), 1.0)


def _weekdays(days: Numbers) -> Numbers:
    """Return the mean count of each weekday, so that a week that is not whole weighs no weekday more."""
    weekday = np.arange(len(days)) % WEEK
    counts = np.bincount(weekday, weights=days, minlength=WEEK)
    return np.asarray(counts / np.bincount(weekday, minlength=WEEK), dtype=np.float64)
