"""Is a value of a reply stated by the sources, or does it follow from them and from what stands beside it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence, Set
from decimal import Decimal
from functools import lru_cache
from itertools import combinations, pairwise

from chatparity.checks.lexicon import lexicon
from chatparity.checks.locales import base
from chatparity.checks.sources import Sources, add
from chatparity.checks.text import fold
from chatparity.checks.values import Value
from chatparity.checks.wording import forms, wording

# "kr" is the money of four countries; which one is meant the currency of the order tells.
_CROWNS = frozenset({"DKK", "NOK", "SEK", "ISK", ""})
_WORD = re.compile(r"[^\W\d_]+")
_CROWN = re.compile(r"(?i)\bkr\b")


def follows(value: Value, beside: Sequence[Value], sources: Sources, on: dt.date | None, spelled: Set[Decimal]) -> bool:
    """Say whether a value follows from the values and numbers beside it, as far as these are supported."""
    return (
        _between(value, beside, sources, on)
        or _counted(value, beside, sources, on)
        or _reckoned(value, beside, sources, spelled)
    )


def supported(value: Value, sources: Sources) -> bool:
    """Say whether a value is stated in the sources or follows from them."""
    if value.kind in ("id", "email"):
        return str(value.normal).upper() in sources.ids or str(value.normal) in sources.ids
    if any(key in sources.keys or key in sources.derived for key in value.keys):
        return True
    if value.unit == "times":
        return _so_often(value, sources)
    if value.kind == "amount":
        if _CROWN.search(value.text) and any(("amount", value.normal, unit) in sources.keys for unit in _CROWNS):
            return True
        bare = ("amount", value.normal, "")
        if bare in sources.keys or bare in sources.derived:
            # An amount without a currency supports any, unless the same amount has one elsewhere.
            return not any(k == "amount" and normal == value.normal and unit for k, normal, unit in sources.keys)
        return value.worded and _rounded(value, sources)
    if value.kind == "duration" and value.said == "day" and isinstance(value.normal, Decimal):
        # "5 days" for five business days: loose, but whether it matters is beyond a rule.
        return ("duration", value.normal / 1440, "business_day") in sources.keys
    return False


def _so_often(value: Value, sources: Sources) -> bool:
    """Say whether a number of times is stated as one, in digits or words, or is a count of a record.

    A number of instalments or an amount is none, however often it stands in the knowledge.
    """
    if ("number", value.normal, "times") in sources.keys:
        return True
    texts = (*sources.known, *sources.said)
    return any(value.normal in _times_in(text, language) for text in texts for language in sources.languages)


def _rounded(value: Value, sources: Sources) -> bool:
    """Say whether a stated amount comes to an amount in words when its cents are rounded: "fifty" for 49.90."""
    amounts = (normal for kind, normal, unit in sources.keys if kind == "amount" and unit in (value.unit, ""))
    return any(isinstance(one, Decimal) and abs(one - Decimal(str(value.normal))) < 1 for one in amounts)


def _between(value: Value, beside: Sequence[Value], sources: Sources, on: dt.date | None) -> bool:
    """Say whether a duration lies between two supported dates of the reply, one of them and today, or two times."""
    if value.kind != "duration" or value.unit != "minute":
        return False
    dates = {on} | {one.normal for one in beside if one.kind == "date" and supported(one, sources)}
    days = [date.toordinal() * 1440 for date in dates if isinstance(date, dt.date)]
    times = [int(str(one.normal)[:2]) * 60 + int(str(one.normal)[3:]) for one in beside if one.kind == "time"]
    return any(abs(one - other) == value.normal for known in (days, times) for one, other in combinations(known, 2))


def slipped(value: Value, beside: Sequence[Value], sources: Sources, on: dt.date | None) -> bool:
    """Say whether a date that only follows is a day beside one that is stated and that the reply does not say.

    What a passage leads to is many days; a day off a stated one is rather a slip than one of them.
    """
    if value.kind != "date" or not isinstance(value.normal, dt.date) or any(key in sources.keys for key in value.keys):
        return False
    said = {key[1] for one in beside for key in one.keys}
    near = (value.normal + dt.timedelta(days=step) for step in (-1, 1))
    return any(("date", day, "") in sources.keys and day not in said and day != on for day in near)


def _counted(value: Value, beside: Sequence[Value], sources: Sources, on: dt.date | None) -> bool:
    """Say whether a date is a duration that the reply says as well after today, or after a stated day that it says.

    "In 5 business days, by 27 March"; "14 days from delivery on 2 March, so until 16 March".
    """
    if value.kind != "date" or on is None:
        return False
    lasting = [one for one in beside if one.kind == "duration"]
    if any(add(on, one) == value.normal for one in lasting):
        return True
    said = {key[1] for one in beside if one is not value for key in one.keys if key in sources.keys}
    starts = [day for day in said if isinstance(day, dt.date)]
    return any(add(day, one) == value.normal for one in lasting if supported(one, sources) for day in starts)


def _reckoned(value: Value, beside: Sequence[Value], sources: Sources, spelled: Set[Decimal]) -> bool:
    """Say whether an amount is the sum of two to four supported amounts of the reply, the difference of two, or a part.

    A part is what is paid so many times, where the number stands in the reply ("4 payments of 24.00", "four") and they
    make up a supported amount but for the cents that do not divide.
    """
    if value.kind != "amount" or not isinstance(value.normal, Decimal):
        return False
    times = {one.normal for one in beside if one.kind == "number" and isinstance(one.normal, Decimal)} | spelled
    wholes = {normal for kind, normal, unit in sources.keys if kind == "amount" and unit in (value.unit, "")}
    if any(_makes_up(value.normal, number, whole) for number in times for whole in wholes):
        return True
    known = {
        one.normal
        for one in beside
        if one.kind == "amount"
        and one.unit == value.unit
        and isinstance(one.normal, Decimal)
        and supported(one, sources)
    }
    terms = sorted(known)[:8]
    pairs = combinations(terms, 2)
    sums = (sum(some) for number in (2, 3, 4) for some in combinations(terms, number))
    return any(big - small == value.normal for small, big in pairs) or any(total == value.normal for total in sums)


def _makes_up(part: Decimal, number: Decimal, whole: object) -> bool:
    """Say whether a part paid 2 to 12 times is a whole, to less than a cent each."""
    if not isinstance(whole, Decimal) or not 2 <= number <= 12 or number % 1:
        return False
    return abs(part * number - whole) < number / 100


def spelled_numbers(text: str, language: str) -> set[Decimal]:
    """Return the numbers that a text has in words."""
    told, counts = fold(text).text, _counts(base(language))
    if lexicon(language).unspaced:
        return {Decimal(count) for word, count in counts.items() if word in told}
    return {Decimal(counts[word]) for word in _WORD.findall(told) if word in counts}


@lru_cache(maxsize=4096)
def _times_in(text: str, language: str) -> frozenset[Decimal]:
    """Return the numbers of times that a passage has in words: "three times"."""
    counts, times = _counts(base(language)), forms(wording(language).times)
    words = _WORD.findall(fold(text).text)
    return frozenset(Decimal(counts[one]) for one, other in pairwise(words) if one in counts and other in times)


@lru_cache(maxsize=64)
def _counts(language: str) -> dict[str, int]:
    return wording(language).counts()
