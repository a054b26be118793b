"""Find the checkable values of a text: amounts, dates, durations, percentages, ids, emails, times, numbers.

Formats are those of the language in its market (babel's data and the language's wording). A stretch of text is read
once: an email is no id, a date is no number. What is not seen: numbers in words beyond the wording's, weekdays,
amounts whose currency is left to the reader ("it costs 25" is a plain number).
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import lru_cache

from chatparity.checks.clock import clock_time, opening, time_after, time_alone, time_before
from chatparity.checks.dates import take_dates, take_numeric_dates, take_short_dates
from chatparity.checks.expressions import ANY_LETTER
from chatparity.checks.finder import Finder, finder_of
from chatparity.checks.phones import PHONE, phone
from chatparity.checks.scan import Meaning, Scan
from chatparity.checks.values import Value, duration, parse_number

_EMAIL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:https?://|www\.)(?:(?![，。、；;؛])\S)*[^\s.,;:!?)\]}»”\"'，。、]")
_ID = re.compile(
    rf"(?<!{ANY_LETTER})(?<!-)#?(?:[A-Za-z]{{1,2}}-\d{{2,}}(?:-\d+)*|[A-Z]{{1,5}}-\d{{2,}}(?:-\d+)*"
    r"|(?=[A-Z]*\d)(?=\d*[A-Z])(?=[A-Z0-9]{5})(?!\d+(?:AM|PM|EST|UTC|CET)\b)[A-Z0-9]+(?:-\d+)*|W\d{5,}"
    rf"|[a-z]+(?:_[a-z]+)*_\d{{3,}})(?!{ANY_LETTER}|-{ANY_LETTER})"
)
_TIME = re.compile(r"(\d{1,2})(?:(?::|\s?h\s?)([0-5]\d)(?::[0-5]\d)?)?(?:\s?([ap])\.?m\b\.?)?(?!\d|:\d)")
_DIGIT = re.compile(r"\d")
# So far before a number in words the beginning of a larger one is looked for.
_BACK = 30


@lru_cache(maxsize=8192)
def find_values(text: str, language: str, market: str | None = None, on: dt.date | None = None) -> tuple[Value, ...]:
    """Return the values of a text in the order in which they stand.

    `on` is the conversation's date: a date without a year gets the year that brings it nearest to `on` (which is the
    conversation's own but around New Year), and without `on` it is left out, as are "today" and "tomorrow".
    """
    finder = finder_of(language, market)
    scan = Scan(text)
    if "@" in text:
        scan.take(_EMAIL, lambda match: [Meaning("email", match.group().casefold())])
    if "://" in text or "www." in text:
        scan.take(_URL, lambda match: [Meaning("url", match.group())])
    digits = _DIGIT.search(scan.left) is not None
    if digits:
        scan.take(_ID, lambda match: _id(match.group(), finder))
    scan.fold_case()
    if digits:
        _take_numbers(scan, finder, market, on)
    scan.take(finder.money.worded, lambda match: _worded_amount(match, finder))
    scan.take(finder.durations.worded, lambda match: _lasting(match, finder))
    scan.take(finder.durations.fixed, lambda match: _fixed(match, finder))
    if on is not None:
        scan.take(finder.relative, lambda match: _relative(finder.relative_days[match["w"]], on))
    if digits:
        take_short_dates(scan, finder, on)
        scan.take_at_numbers(finder.number, lambda match: [Meaning("number", _counted(match["n"], finder))])
    return tuple(sorted(scan.found, key=lambda value: (value.start, value.end)))


def _take_numbers(scan: Scan, finder: Finder, market: str | None, on: dt.date | None) -> None:
    """Take what is written in digits and has a mark of its own: a word, a sign, a form."""
    scan.take(PHONE, lambda match: phone(match.group(), market))
    take_dates(scan, finder, on)
    scan.take_before_numbers(finder.money.fraction, lambda match: _amount(match, finder, scan))
    scan.take_at_numbers(finder.money.after, lambda match: _amount(match, finder, scan))
    scan.take_before_numbers(finder.money.before, lambda match: _amount(match, finder, scan))
    take_numeric_dates(scan, finder)
    scan.take_at_numbers(finder.percent, lambda match: [Meaning("percent", _counted(match["n"], finder))])
    scan.take_before_numbers(finder.percent_before, lambda match: [Meaning("percent", _counted(match["n"], finder))], 3)
    scan.take_at_numbers(finder.times, lambda match: [Meaning("number", _counted(match["n"], finder), "times")])
    clocks = finder.clocks
    scan.take_at_numbers(clocks.opening, lambda match: _open(opening(match)))
    if finder.data.decimal == ",":
        scan.take_at_numbers(clocks.dotted, lambda match: _open(opening(match)))
    scan.take_before_numbers(clocks.before, lambda match: _at(time_before(match, clocks)))
    scan.take_at_numbers(clocks.after, lambda match: _at(time_after(match, clocks)))
    scan.take_at_numbers(_TIME, _time)
    scan.take_before_numbers(finder.money.cents, lambda match: _cents(match, finder))
    scan.take_before_numbers(clocks.alone, lambda match: _at(time_alone(match)))
    scan.take_before_numbers(finder.durations.before, lambda match: _business_days(match["n"]))
    scan.take_at_numbers(finder.durations.counted, lambda match: _lasting(match, finder))


def _id(token: str, finder: Finder) -> list[Meaning] | None:
    """Return the meaning of an id; "PLN418" is none, but an amount that is written without a space."""
    if token[:3] in finder.data.codes and token[3:].isdigit():
        return None
    return [Meaning("id", token.lstrip("#").upper())]


def _counted(token: str, finder: Finder, *, money: bool = False) -> Decimal:
    """Return a number that may be told with words for multiples ("3万4,800") or for a fraction more ("साढ़े 6")."""
    data = finder.data
    if token[-1].isdigit() and token[0].isdigit() and not any(word in token for word in finder.multiples):
        return parse_number(token, data.decimal, data.group, money=money)
    for word, fraction in finder.fractions.items():
        if token.startswith(word):
            return parse_number(token[len(word) :].strip(), data.decimal, data.group, money=money) + fraction
    total, rest = Decimal(0), token
    for word, multiple in sorted(finder.multiples.items(), key=lambda item: -item[1]):
        head, found, tail = rest.partition(word)
        if found:
            total += parse_number(head.strip(), data.decimal, data.group) * multiple
            rest = tail.strip()
    return total + (parse_number(rest, data.decimal, data.group, money=money) if rest else 0)


def _amount(match: re.Match[str], finder: Finder, scan: Scan) -> list[Meaning] | None:
    """Read an amount; a small word that is also the code of a currency nobody here pays in ("all", "top") is none."""
    groups, data = match.groupdict(), finder.data
    place = "c1" if "c1" in groups else "c2"
    said = groups[place]
    code = data.own if said is None else finder.currency_words.get(said) or data.currencies.get(said)
    if code is None and said is not None and said.upper() in data.codes:
        written = scan.cased(match, place)
        code = said.upper() if said.upper() in finder.familiar or written.isupper() else None
    if code is None:
        return None
    amount = _counted(groups["n"], finder, money=True)
    cents = groups.get("cents") or groups.get("bare")
    if cents and amount == amount.to_integral_value():
        amount += Decimal(int(cents)) / 100
    elif cents:
        return None
    return [Meaning("amount", amount, code)]


def _cents(match: re.Match[str], finder: Finder) -> list[Meaning] | None:
    """Read "50 cents" as half of the market's own money; after a currency ("eurai 50 centų") the whole is missing."""
    own = finder.data.own if not match["whole"] else None
    return [Meaning("amount", Decimal(int(match["n"])) / 100, own)] if own else None


def _worded_amount(match: re.Match[str], finder: Finder) -> list[Meaning] | None:
    if _goes_on(match, match.start("w"), finder):
        return None
    code = finder.currency_words[match["c2"]]
    return [Meaning("amount", Decimal(finder.numbers[match["w"]]), code, worded=True)]


def _at(time: str | None) -> list[Meaning] | None:
    return [Meaning("time", time)] if time else None


def _open(times: list[str] | None) -> list[Meaning] | None:
    return [Meaning("time", time) for time in times] if times else None


def _time(match: re.Match[str]) -> list[Meaning] | None:
    if match[2] is None and match[3] is None:
        return None
    hour = int(match[1])
    if match[3]:
        hour = hour % 12 + (12 if match[3] == "p" else 0)
    return _at(clock_time(hour, match[2]))


def _goes_on(match: re.Match[str], start: int, finder: Finder) -> bool:
    """Say whether a number in words is but the end of a larger one: "fifty" of "two hundred and fifty"."""
    before = match.string[max(0, start - _BACK) : start]
    return finder.larger is not None and finder.larger.search(before) is not None


def _lasting(match: re.Match[str], finder: Finder) -> list[Meaning] | None:
    """Read a duration; "3 to 5 days" is both."""
    first = "from" if match["from"] else "n"
    if match[first] in finder.numbers and _goes_on(match, match.start(first), finder):
        return None
    unit = finder.units[match["unit"]]
    found: list[Meaning] = []
    for token in filter(None, (match["from"], match["n"])):
        worded = token in finder.numbers
        count = Decimal(finder.numbers[token]) if worded else _counted(token, finder)
        if count != count.to_integral_value() or (unit == "year" and count > 1900):
            return None
        found.append(Meaning("duration", *duration(int(count), unit), said=unit, worded=worded))
    return found


def _business_days(count: str) -> list[Meaning]:
    return [Meaning("duration", *duration(int(count), "business_day"), said="business_day")]


def _fixed(match: re.Match[str], finder: Finder) -> list[Meaning] | None:
    """Read a duration in one word, which the wording gives as "2 week".

    After a number it is but a part: "two and half a year".
    """
    if finder.counted_before.search(match.string[max(0, match.start() - _BACK) : match.start()]):
        return None
    count, unit = finder.fixed_values[match["w"]].split()
    return [Meaning("duration", *duration(int(count), unit), said=unit, worded=True)]


def _relative(shift: int, on: dt.date) -> list[Meaning]:
    """Read "tomorrow"."""
    return [Meaning("date", on + dt.timedelta(shift), relative=True)]
