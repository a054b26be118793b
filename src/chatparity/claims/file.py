"""The claims file: each public sentence with its population, data fields, window and threshold, in TOML."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from chatparity.claims.fields import FIELDS, HANDLERS
from chatparity.errors import InputError, Problem, UsageError
from chatparity.invalid import field_and_message

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Confidence = Annotated[float, msgspec.Meta(gt=0.5, lt=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
# Of time, in days or seconds: beyond ten years it is a slip.
Length = Annotated[float, msgspec.Meta(gt=0, le=315_576_000)]
Days = Annotated[int, msgspec.Meta(ge=1, le=3652)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
Stratum = Literal["intent", "language", "difficulty", "market", "channel"]
Words = dict[str, tuple[str, ...]]
ARMS = ("first", "second")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings shared by all tables of a claims file: a misspelt key is an error."""


class Arm(_Table, frozen=True, kw_only=True):
    """One of the two sides that comparisons compare: its name, and the values of fields that its conversations have.

    `since` and `until` (days, both included) bound it in time, for a comparison of before and after.
    """

    name: str
    where: Words = {}
    since: dt.date | None = None
    until: dt.date | None = None


class Assumption(_Table, frozen=True, kw_only=True):
    """A number that no log holds: what is assumed, how far it may lie off, and where it comes from."""

    value: float
    low: float
    high: float
    source: str


class Claim(_Table, frozen=True, kw_only=True, tag_field="kind"):
    """What all kinds of claims have.

    `said` is the sentence, `source` who said it and when. `where` names the population by values of fields, `since` and
    `until` (days, both included) the window. `fields` names other columns than `[columns]` for this claim alone.
    Of `at_least`, `at_most` and `about` (with `within`: how far off still counts as true) one is given, in the unit of
    the figure. `expires` is the last day on which the verdict counts, `good_for_days` the same counted from the last
    day of the logs. `formula` replaces the description of the kind.
    """

    id: Name
    said: str
    source: str
    where: Words = {}
    since: dt.date | None = None
    until: dt.date | None = None
    fields: dict[str, str] = {}
    at_least: float | None = None
    at_most: float | None = None
    about: float | None = None
    within: Positive | None = None
    confidence: Confidence | None = None
    expires: dt.date | None = None
    good_for_days: Days | None = None
    formula: str | None = None
    note: str = ""


class Compared(Claim, frozen=True, kw_only=True):
    """A claim that compares two arms: `strata` make a mix of cases, of which both must share `least_covered`."""

    strata: Annotated[tuple[Stratum, ...], msgspec.Meta(min_length=1)] = ("intent", "language", "difficulty")
    least_covered: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8


class ShareClaim(Claim, frozen=True, kw_only=True, tag="share"):
    """Which share of conversations the assistant handled.

    `counts`: `contained` without a person; `touched`, those it handed over too; `truly` contained ones that neither
    came back within `return_days` nor were left.
    """

    counts: Literal["contained", "touched", "truly"] = "contained"
    return_days: Days = 7


class VolumeClaim(Claim, frozen=True, kw_only=True, tag="volume"):
    """How many conversations the assistant held in a month of `days`; `counts` as for a share."""

    counts: Literal["contained", "touched"] = "touched"
    days: Length = 30.4375


class CoverageClaim(Claim, frozen=True, kw_only=True, tag="coverage"):
    """In how many languages or markets (`of`) the assistant works: resolves at least `works_at` of what it is asked."""

    of: Literal["language", "market"]
    works_at: Share


class TimeClaim(Compared, frozen=True, kw_only=True, tag="time"):
    """The time to resolution: its median, or its mean up to `horizon_seconds`.

    `measure`: `level`, the first arm's time in seconds; `reduction`, by which share it lies below the second's.
    """

    statistic: Literal["median", "mean"] = "median"
    measure: Literal["level", "reduction"] = "level"
    horizon_seconds: Length = 3600.0


class RepeatClaim(Compared, frozen=True, kw_only=True, tag="repeats"):
    """By which share the first arm has fewer repeat inquiries: same customer and intent within `return_days`."""

    return_days: Days = 7


class FirstContactClaim(Compared, frozen=True, kw_only=True, tag="first_contact"):
    """Resolution at the first contact: resolved, and not back within `return_days`.

    `measure`: `difference` of the arms in shares, or `level` of the first.
    """

    measure: Literal["difference", "level"] = "difference"
    return_days: Days = 7


class AccuracyClaim(Compared, frozen=True, kw_only=True, tag="accuracy"):
    """How much more accurate resolutions of the first arm are.

    `measure`: `relative` (0.15 is 15 per cent more) or `difference` (0.15 is 15 points more).
    """

    measure: Literal["relative", "difference"] = "relative"


class CostClaim(Compared, frozen=True, kw_only=True, tag="cost"):
    """Lower quality, but cheaper: what a truly resolved conversation costs in the first arm, over the second's.

    With `lower_quality` the claim holds only if the first arm also resolves a smaller share truly.
    """

    lower_quality: bool = True
    return_days: Days = 7


class SatisfactionClaim(Compared, frozen=True, kw_only=True, tag="satisfaction"):
    """Satisfaction not worse by more than `margin`, in shares of customers who answered `satisfied_from` or better.

    `silence` bounds how far those who did not answer may differ, in shares, from those who did: 1 assumes nothing.
    """

    margin: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    satisfied_from: float = 4.0
    silence: Share = 0.05


class AvailabilityClaim(Claim, frozen=True, kw_only=True, tag="availability"):
    """The longest time, in minutes, in which the assistant answered nobody."""


class PersonClaim(Claim, frozen=True, kw_only=True, tag="person"):
    """Which share of explicit requests for a person was honoured within `turns`."""

    turns: Annotated[int, msgspec.Meta(ge=0)] = 2


class SavingsClaim(Compared, frozen=True, kw_only=True, tag="savings"):
    """The work that the assistant took off people: full-time agents, or money a year.

    `measure`: `agents` or `money` (in `currency`). `assumptions` are the numbers that no log holds; see docs/claims.md.
    """

    measure: Literal["agents", "money"]
    assumptions: dict[str, Assumption] = {}
    return_days: Days = 7
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "USD"


AnyClaim = (
    ShareClaim
    | VolumeClaim
    | CoverageClaim
    | TimeClaim
    | RepeatClaim
    | FirstContactClaim
    | AccuracyClaim
    | CostClaim
    | SatisfactionClaim
    | AvailabilityClaim
    | PersonClaim
    | SavingsClaim
)
WORK = ("hours_a_month", "busy_share", "chats_at_once")
MONEY = (*WORK, "cost_an_agent_year", "cost_a_conversation", "cost_a_year")
REQUIREMENTS = ("at_least", "at_most", "about")
AI = Arm(name="the assistant", where={"handled_by": ("ai", "both")})
PEOPLE = Arm(name="people", where={"handled_by": ("human",)})


class LedgerTable(_Table, frozen=True, kw_only=True):
    """`[ledger]`: its name, its confidence, and which share of customers the logs hold (`sampled`)."""

    name: str = "Claims ledger"
    confidence: Confidence = 0.95
    sampled: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0


class ArmsTable(_Table, frozen=True, kw_only=True):
    """`[arms]`: the two sides of comparisons; `first` is the one the claims are about."""

    first: Arm = AI
    second: Arm = PEOPLE


class ClaimsFile(_Table, frozen=True, kw_only=True):
    """All of a claims file. `columns` and `values` translate the names and the words of a table into ours."""

    ledger: LedgerTable = LedgerTable()
    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    arms: ArmsTable = ArmsTable()
    claim: tuple[AnyClaim, ...] = ()


def read_claims(path: Path) -> ClaimsFile:
    """Read a claims file. Raises UsageError or InputError naming the file, the key and what was expected."""
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=ClaimsFile)
    except FileNotFoundError as error:
        raise UsageError(
            f"{path}: no such claims file: chatparity claims --example prints one to start from"
        ) from error
    except IsADirectoryError as error:
        raise UsageError(f"{path}: a folder is here: expected a claims file in TOML") from error
    except msgspec.ValidationError as error:
        raise InputError([Problem(path, None, *_explained(error))]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    wrong = [Problem(path, None, place, message) for place, message in _problems(found)]
    if wrong:
        raise InputError(wrong)
    return found


def choose(file: ClaimsFile, ids: Sequence[str] | None) -> ClaimsFile:
    """Return the file with only the claims of these ids (each may be a list `a,b`).

    Raises UsageError for one that is not there.
    """
    wanted = {one.strip() for text in ids or () for one in text.split(",") if one.strip()}
    if not wanted:
        return file
    known = {claim.id for claim in file.claim}
    if wanted - known:
        raise UsageError(f"no claim is called {min(wanted - known)!r}: there are {', '.join(sorted(known))}")
    return msgspec.structs.replace(file, claim=tuple(claim for claim in file.claim if claim.id in wanted))


def with_sampled(file: ClaimsFile, sampled: float) -> ClaimsFile:
    """Return the file for logs that hold this share of customers. Raises UsageError for what is no share."""
    if not 0 < sampled <= 1:
        raise UsageError(f"--sampled: expected a share above 0 and up to 1, got {sampled:g}")
    return msgspec.structs.replace(file, ledger=msgspec.structs.replace(file.ledger, sampled=sampled))


def _explained(error: msgspec.ValidationError) -> tuple[str, str]:
    """Return the place of an error and what was expected there; the kinds of claims are named where one is wrong."""
    message, _, place = str(error).partition(" - at `$")
    if place.startswith(".claim"):
        field = place.rstrip("`").lstrip(".")
        if field.endswith(".kind") or "missing required field `kind`" in message:
            kinds = ", ".join(sorted(_kinds()))
            return field, f"expected one of {kinds}: {message[:1].lower() + message[1:]}"
        return field, message[:1].lower() + message[1:]
    return field_and_message(error, ClaimsFile)


def _kinds() -> list[str]:
    return [str(one.__struct_config__.tag) for one in AnyClaim.__args__]


def _problems(file: ClaimsFile) -> Iterator[tuple[str, str]]:
    """Yield the place of everything that types cannot say, and what was expected there."""
    known = ", ".join(FIELDS)
    for table, names in (("columns", file.columns), ("values", file.values)):
        for name in names:
            if name not in FIELDS:
                yield f"{table}.{name}", f"unknown field: expected one of {known}"
    for word, ours in file.values.get("handled_by", {}).items():
        if ours not in HANDLERS:
            yield f"values.handled_by.{word}", f"expected one of {', '.join(HANDLERS)}, got {ours!r}"
    for name in ARMS:
        yield from _places(f"arms.{name}.where", getattr(file.arms, name).where)
        yield from _days(f"arms.{name}", getattr(file.arms, name))
    ids = [claim.id for claim in file.claim]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        yield "claim", f'expected ids that differ, got "{twice}" twice'
    for claim in file.claim:
        yield from _wrong(claim)


def _places(place: str, where: Words) -> Iterator[tuple[str, str]]:
    """Yield the fields of a population that no conversation can be chosen by."""
    usable = [one.name for one in FIELDS.values() if one.kind == "text" and one.name not in ("id", "customer")]
    for name in where:
        if name not in usable:
            yield f"{place}.{name}", f"expected one of {', '.join(usable)}"


def _days(place: str, one: Arm | Claim) -> Iterator[tuple[str, str]]:
    if one.since is not None and one.until is not None and one.since > one.until:
        yield f"{place}.since", f"expected a day not after until = {one.until}, got {one.since}"


def _wrong(claim: AnyClaim) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with one claim."""
    place = f'claim "{claim.id}"'
    yield from _places(f"{place} where", claim.where)
    yield from _days(place, claim)
    for name in claim.fields:
        if name not in FIELDS:
            yield f"{place} fields.{name}", f"unknown field: expected one of {', '.join(FIELDS)}"
    if not claim.said.strip() or not claim.source.strip():
        yield place, "said and source are missing: write the sentence, and who said it and when"
    given = [name for name in REQUIREMENTS if getattr(claim, name) is not None]
    if isinstance(claim, SatisfactionClaim):
        if given:
            yield place, f"expected only margin for a claim of satisfaction, got {', '.join(given)}"
    elif len(given) != 1:
        yield place, f"expected exactly one of {', '.join(REQUIREMENTS)}, got {', '.join(given) or 'none'}"
    elif not math.isfinite(getattr(claim, given[0])):
        yield f"{place} {given[0]}", f"expected a finite number, got {getattr(claim, given[0])}"
    if (claim.about is None) != (claim.within is None):
        yield place, "expected about and within together: within says how far off still counts as true"
    if isinstance(claim, CostClaim) and claim.about is not None:
        yield place, "expected at_most (cheaper is below 1) or at_least, got about"
    if isinstance(claim, SavingsClaim):
        yield from _assumed(place, claim)


def _assumed(place: str, claim: SavingsClaim) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the assumptions of savings: those that miss, and those that cannot be."""
    wanted = WORK if claim.measure == "agents" else MONEY
    for name in wanted:
        if name not in claim.assumptions:
            yield f"{place} assumptions.{name}", "is missing: expected { value = …, low = …, high = …, source = … }"
    for name, one in claim.assumptions.items():
        where = f"{place} assumptions.{name}"
        if name not in wanted:
            yield where, f"expected only {', '.join(wanted)}"
        elif not one.low <= one.value <= one.high or not math.isfinite(one.high - one.low):
            yield where, f"expected low ≤ value ≤ high, got {one.low}, {one.value} and {one.high}"
        elif one.low < 0 or (name in WORK and one.low == 0) or (name == "busy_share" and one.high > 1):
            least = "0 or more" if name not in WORK else "above 0 and up to 1" if name == "busy_share" else "above 0"
            yield where, f"expected numbers {least}, got {one.low} to {one.high}"
