"""Times of day, which are no durations: "bis 18 Uhr", "om 18 uur", "od 8 do 17 sati", "下午6点", "jam 6 sore"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from chatparity.checks.expressions import ANY_LETTER, LETTER, any_of
from chatparity.checks.wording import Wording, forms

_MINUTES = r"(?:[:.](?P<minute>[0-5]\d))"
# A word for hours after one number is taken for a time from this hour on: "до 3 часов" may be three hours.
_EARLIEST = 7


@dataclass(frozen=True)
class Clocks:
    """The expressions for times of day in one language, None where it has none.

    `before` begins with the word that makes a number an hour, `after` with the hour, `opening` with the first of two
    hours that one word for hours follows, `alone` with the word that would make it a duration, if there is one;
    `dotted` is "8.00-17.00"; `afternoon` and `morning` are the folded words for the halves of the day.
    """

    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    opening: re.Pattern[str] | None
    alone: re.Pattern[str] | None
    dotted: re.Pattern[str]
    afternoon: frozenset[str]
    morning: frozenset[str]


def clocks_of(words: Wording, units: Mapping[str, str]) -> Clocks:
    """Compile the expressions for times of day of a language whose words for units of time are these."""
    clock = words.clock
    hours = [word for word, unit in units.items() if unit == "hour"]
    halves = any_of(forms([*clock.am, *clock.pm]))
    half = rf"(?:\s?(?P<half>{halves})(?!{LETTER}))" if halves else "(?P<half>(?!))"
    marks = [*forms(clock.hour)]
    # "時間" is no "時".
    longer = [unit[len(mark) :] for mark in marks for unit in units if unit.startswith(mark) and unit != mark]
    minute = (
        rf"(?:\s?(?P<told>[0-5]?\d)(?:\s?(?:{any_of(forms(clock.minute))}))?)?"
        if clock.minute
        else (r"(?:\s(?P<told>[0-5]\d)(?!\d|[.,]\d))?")
    )
    no_longer = f"(?!{any_of(longer)})" if longer else ""
    mark = rf"\s?(?:{any_of(marks)}){no_longer}(?!{LETTER}){minute}" if marks else "(?P<told>(?!))"
    unsure = rf"\s?(?P<unsure>{any_of(hours)})(?!{ANY_LETTER})" if hours else "(?P<unsure>(?!))"
    hour, between = r"(?P<hour>\d{1,2})(?!\d)", any_of(["-", *forms(words.between)])
    no_unit = rf"(?![.,]\d|\d|\s?(?:{any_of(['%', *units])})(?!{LETTER}))"
    ahead = rf"(?:{any_of(forms([*clock.at, *clock.am, *clock.pm]))})" if clock.at or halves else ""
    before = (
        rf"(?<!{ANY_LETTER}){words.prefix}(?P<ahead>{ahead})[\s-]?{hour}(?:{_MINUTES}|{mark}|{no_unit}){half}?"
        if ahead
        else ""
    )
    late = any_of(forms(clock.before))
    sure = (
        rf"(?<!{ANY_LETTER}){words.prefix}(?:{late})[\s-]?{_other(hour)}{_other(_MINUTES)}?\.?{unsure}"
        if late and hours
        else ""
    )
    both = "|".join(filter(None, (before, sure)))
    after = rf"{hour}(?:{_MINUTES}?{mark}{half}?|{_MINUTES}?{half}|{_MINUTES}{unsure}{half}?|{unsure}{half})"
    opening = rf"{hour}{_MINUTES}?\.?\s?(?:{between})\s?(?P<hour2>\d{{1,2}}){_MINUTES.replace('minute', 'minute2')}?\.?{unsure}"
    keeps = rf"(?:(?P<keeps>{any_of(forms(clock.lasting_after))})\s)?" if clock.lasting_after else "(?P<keeps>(?!))?"
    alone = rf"(?<!{ANY_LETTER}){keeps}{hour}\s?(?:{any_of(forms(clock.alone))})(?!{LETTER})" if clock.alone else ""
    return Clocks(
        before=re.compile(both) if both else None,
        after=re.compile(_once(after)),
        opening=re.compile(opening) if hours else None,
        dotted=re.compile(
            rf"(?P<hour>\d{{1,2}})[.](?P<minute>[0-5]\d)\s?(?:{between})\s?(?P<hour2>\d{{1,2}})[.](?P<minute2>[0-5]\d)"
            rf"(?!{ANY_LETTER}|%|[.,]\d)"
        ),
        alone=re.compile(alone) if alone else None,
        afternoon=frozenset(forms(clock.pm)),
        morning=frozenset(forms(clock.am)),
    )


def _other(expression: str) -> str:
    """Return an expression under other names, to stand beside the first."""
    return expression.replace("(?P<hour>", "(?P<hour2>").replace("(?P<minute>", "(?P<minute2>")


def _once(expression: str) -> str:
    """Return an expression in which a name that comes again is another."""
    seen: dict[str, int] = {}

    def renamed(match: re.Match[str]) -> str:
        seen[match[1]] = seen.get(match[1], 0) + 1
        return f"(?P<{match[1]}{'' if seen[match[1]] == 1 else '_' * (seen[match[1]] - 1)}>"

    return re.sub(r"\(\?P<(\w+)>", renamed, expression)


def time_before(match: re.Match[str], clocks: Clocks) -> str | None:
    """Read "um 18", "下午6点", "om 18 uur"; None where the number is no hour or the hours are rather a duration."""
    said = match.groupdict()
    if said.get("hour2") is not None:
        sure = said["minute2"] is not None or int(said["hour2"]) >= _EARLIEST
        return clock_time(int(said["hour2"]), said["minute2"]) if sure else None
    half = said["half"] or said["ahead"]
    return clock_time(_shifted(int(said["hour"]), half, clocks), said["minute"] or said["told"])


def time_alone(match: re.Match[str]) -> str | None:
    """Read "18 uur" where nothing before it makes it a duration."""
    return clock_time(int(match["hour"]), None) if not match["keeps"] and int(match["hour"]) >= _EARLIEST else None


def time_after(match: re.Match[str], clocks: Clocks) -> str | None:
    """Read "18 Uhr", "6点30分", "18.00 uur", "6 sore"."""
    said: dict[str, str] = {}
    for name, text in match.groupdict().items():
        if text is not None:
            said.setdefault(name.rstrip("_"), text)
    hour = _shifted(int(said["hour"]), said.get("half", ""), clocks)
    return clock_time(hour, said.get("minute") or said.get("told"))


def opening(match: re.Match[str]) -> list[str] | None:
    """Read "8 do 17 sati" as two times: both are hours of a day, and it opens in the morning and closes after noon."""
    first, second = int(match["hour"]), int(match["hour2"])
    minutes = match["minute"] or match["minute2"]
    if not minutes and not (5 <= first <= 12 < second <= 23):
        return None
    times = [clock_time(first, match["minute"]), clock_time(second, match["minute2"])]
    return [time for time in times if time] if all(times) else None


def _shifted(hour: int, half: str, clocks: Clocks) -> int:
    """Return the hour of the day that an hour in its half means."""
    if half in clocks.afternoon and hour < 12:
        return hour + 12
    return 0 if half in clocks.morning and hour == 12 else hour


def clock_time(hour: int, minute: str | None) -> str | None:
    """Return a time of day in its normal form, 18:05; None for what no clock shows."""
    return f"{hour:02}:{int(minute or 0):02}" if hour < 24 else None
