"""What a claim says in words: its formula and where that comes from, its population, window and threshold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatparity.claims.file import (
    AccuracyClaim,
    AnyClaim,
    Arm,
    ClaimsFile,
    Compared,
    FirstContactClaim,
    SatisfactionClaim,
    SavingsClaim,
    TimeClaim,
)
from chatparity.claims.logs import Logs, moment

COUNTS = {
    "contained": "conversations that the assistant handled alone",
    "touched": "conversations that the assistant handled alone or handed over",
    "truly": "conversations that the assistant handled alone and that neither came back nor were left",
}
ROOM = "\u00a0"


@dataclass(frozen=True)
class About:
    """The formula of a kind of claim, written for one claim of it, and the source of the method."""

    formula: Callable[[Any], str]
    origin: str


def _time(claim: Any) -> str:
    what = "median time" if claim.statistic == "median" else f"mean time up to {claim.horizon_seconds / 60:g} minutes"
    one = f"{what} to resolution, S(t) by Kaplan–Meier within each kind of case, weighted to the pooled mix"
    return one if claim.measure == "level" else f"1 − (first arm’s {one}) / (second arm’s)"


def _savings(claim: Any) -> str:
    agents = (
        "hours that people need for the cases truly contained / "
        "(paid hours a month × share spent with customers × conversations at once)"
    )
    if claim.measure == "agents":
        return agents
    return f"agents × cost of an agent a year − conversations × cost of one − fixed cost, where agents = {agents}"


ABOUT: dict[str, About] = {
    "share": About(
        lambda one: f"{COUNTS[one.counts]} / all conversations",
        "Wilson (1927), Clopper and Pearson (1934) on the effective n of Korn and Graubard (1998)",
    ),
    "volume": About(
        lambda one: f"{COUNTS[one.counts]} on whole days / days × {one.days:g} / share of customers in the logs",
        "quasi-Poisson: McCullagh and Nelder (1989); customers: Särndal, Swensson, Wretman (1992)",
    ),
    "coverage": About(
        lambda one: f"number of {one.of}s in which resolved / asked of the assistant ≥ {one.works_at:.0%}",
        "simultaneous intervals: Dunn (1961)",
    ),
    "time": About(
        _time, "Kaplan and Meier (1958), Xie and Liu (2005), Brookmeyer and Crowley (1982), Royston and Parmar (2013)"
    ),
    "repeats": About(
        lambda one: (
            f"1 − (first arm’s share that came back within {one.return_days} days) / (second arm’s), "
            "in one mix of cases"
        ),
        "direct standardisation: Fleiss, Levin, Paik (2003); ratio: Katz et al. (1978)",
    ),
    "first_contact": About(
        lambda one: (
            f"(resolved, not left, not back within {one.return_days} days) / first contacts"
            + (
                ": first arm − second arm, in one mix of cases"
                if one.measure == "difference"
                else ", in one mix of cases"
            )
        ),
        "direct standardisation: Fleiss, Levin, Paik (2003)",
    ),
    "accuracy": About(
        lambda one: (
            "mean accuracy of judged resolutions: first arm "
            + ("/ second arm − 1" if one.measure == "relative" else "− second arm")
            + ", in one mix of cases"
        ),
        "direct standardisation: Fleiss, Levin, Paik (2003); ratio: Katz et al. (1978)",
    ),
    "cost": About(
        lambda one: (
            "(mean cost / share truly resolved) of the first arm / the same of the second, in one mix of cases"
            + ("; and share truly resolved, first arm < second arm" if one.lower_quality else "")
        ),
        "ratio of ratios by the delta method; both halves shown: Berger (1982)",
    ),
    "satisfaction": About(
        lambda one: (
            f"share satisfied ({one.satisfied_from:g} or better), first arm − second arm > −margin, in one mix of "
            f"cases, with those who did not answer differing by up to {one.silence * 100:g} points"
        ),
        "non-inferiority: ICH E9, Piaggio et al. (2012); bounds: Manski (1990), Vansteelandt et al. (2006)",
    ),
    "availability": About(
        lambda one: (
            "longest time without an answered conversation, between the longest run of unanswered ones and the "
            "longest gap between answered ones"
        ),
        "bounds from the events around each gap; docs/claims.md",
    ),
    "person": About(
        lambda one: f"requests for a person that were honoured within {one.turns} turns / all explicit requests",
        "Wilson (1927); exact bound: Clopper and Pearson (1934)",
    ),
    "savings": About(_savings, "direct standardisation; worst and best ends of the assumptions; docs/claims.md"),
}


def number_text(value: float, unit: str, *, sign: bool | None = None) -> str:
    """Return a figure in its unit, as a person reads it: a share 0.667 is "66.7 %", 132 seconds are "2.20 min".

    Differences in points carry their sign, unless `sign` says otherwise.
    """
    scale, digits, name = _written(value, unit)
    plus = "+" if value > 0 and (unit == "points" if sign is None else sign) else ""
    return f"{plus}{_digits(value * scale, digits)}{ROOM if name else ''}{name}"


def interval_text(low: float | None, high: float | None, unit: str, beside: float | None = None) -> str:
    """Return an interval in square brackets, in the unit of the figure that stands `beside` it: "[64.5, 65.8]".

    One that cannot be estimated says so.
    """
    if low is None or high is None:
        return "[no interval]"
    scale, digits, name = _written(beside if beside is not None else high, unit)
    ends = [
        f"{'+' if unit == 'points' and one > 0 else ''}{one * scale:,.{digits}f}".replace("-", "−")
        for one in (low, high)
    ]
    return f"[{ends[0]},{ROOM}{ends[1]}]" + (f"{ROOM}{name}" if beside is None and name else "")


def _digits(value: float, digits: int) -> str:
    """Return a number with thousands set off and a minus of its own; one that rounds to 0 has no sign."""
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "−")


def plain_text(value: float) -> str:
    """Return a number that was assumed as a person writes it: 0.85, 32,000."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def _written(value: float, unit: str) -> tuple[float, int, str]:
    """Return by what a figure is multiplied, its decimals, and what is written behind it."""
    size = abs(value)
    if unit == "seconds":
        return (1.0, 0, "s") if size < 60 else (1 / 60, 2 if size < 600 else 1, "min")
    if unit in UNIT_TEXTS:
        return UNIT_TEXTS[unit]
    if not unit:
        return 1.0, 3, ""
    return (1e-6, 1, f"million{ROOM}{unit}") if size >= 1e6 else (1.0, 0, unit)


UNIT_TEXTS = {
    "share": (100.0, 1, "%"),
    "points": (100.0, 1, "points"),
    "minutes": (1.0, 1, "min"),
    "times": (1.0, 2, "times"),
    "count": (1.0, 0, ""),
    "agents": (1.0, 0, "agents"),
    "money": (1.0, 2, ""),
}


def threshold_text(claim: AnyClaim) -> str:
    """Return what the sentence asks for: "at least 66.7 %"."""
    if isinstance(claim, SatisfactionClaim):
        return f"no more than {claim.margin * 100:g} points lower"
    unit = unit_of(claim)
    if claim.at_least is not None:
        return f"at least {number_text(claim.at_least, unit, sign=False)}"
    if claim.at_most is not None:
        return f"at most {number_text(claim.at_most, unit, sign=False)}"
    assert claim.about is not None
    assert claim.within is not None
    return f"{number_text(claim.about, unit, sign=False)} ± {number_text(claim.within, unit, sign=False)}"


def unit_of(claim: AnyClaim) -> str:
    """Return the unit of a claim's figure and threshold: see `ClaimResult`."""
    if isinstance(claim, SavingsClaim):
        return "agents" if claim.measure == "agents" else claim.currency
    if isinstance(claim, TimeClaim):
        return "seconds" if claim.measure == "level" else "share"
    if isinstance(claim, FirstContactClaim | AccuracyClaim):
        return "points" if claim.measure == "difference" else "share"
    return UNITS[str(claim.__struct_config__.tag)]


UNITS = {
    "share": "share",
    "volume": "count",
    "coverage": "count",
    "repeats": "share",
    "cost": "times",
    "satisfaction": "points",
    "availability": "minutes",
    "person": "share",
}


def population_text(claim: AnyClaim, file: ClaimsFile) -> str:
    """Return which conversations a claim is about."""
    text = _where(claim.where) or "all conversations of the logs"
    if isinstance(claim, Compared):
        arms = [f"{arm.name} ({_arm(arm)})" for arm in (file.arms.first, file.arms.second)]
        text += f"; compared: {arms[0]} with {arms[1]}, by {', '.join(claim.strata)}"
    return text


def _where(where: Any) -> str:
    return ", ".join(f"{name} {' or '.join(values)}" for name, values in where.items())


def _arm(arm: Arm) -> str:
    days = _between(arm.since, arm.until)
    return ", ".join(filter(None, (_where(arm.where), days))) or "all"


def _between(since: dt.date | None, until: dt.date | None) -> str:
    if since is None and until is None:
        return ""
    return f"{f'from {since}' if since else ''}{' ' if since and until else ''}{f'to {until}' if until else ''}"


def window_text(claim: AnyClaim, logs: Logs) -> str:
    """Return the days that a claim is about."""
    days = _between(claim.since, claim.until)
    if logs.span is None:
        return days or "all of the logs, which have no times"
    whole = f"{moment(logs.span[0]):%Y-%m-%d} to {moment(logs.span[1]):%Y-%m-%d}"
    return f"{days} (the logs: {whole})" if days else f"all of the logs, {whole}"
