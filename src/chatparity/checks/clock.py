"""Times of day, which are no durations: "bis 18 Uhr", "om 18 uur", "od 8 do 17 sati", "下午6点", "jam 6 sore"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatparity.checks.expressions import ANY_LETTER, LETTER, any_of, compiled
from chatparity.checks.wording import Wording, forms

_HOUR = r"(?P<hour>\d{1,2})(?!\d)"
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
    opening: re.Pattern[str]
    alone: re.Pattern[str] | None
    dotted: re.Pattern[str]
    afternoon: frozenset[str]
    morning: frozenset[str]


def clocks_of(words: Wording, units: Mapping[str, str]) -> Clocks:
    """Compile the expressions for times of day of a language whose words for units of time are these."""
    clock, between = words.clock, any_of(["-", *forms(words.between)])
    half, mark, unsure = _half(words), _mark(words, units), _unsure(units)
    start = rf"(?<!{ANY_LETTER}){words.prefix}"
    ahead, late = any_of(forms([*clock.at, *clock.am, *clock.pm])), any_of(forms(clock.before))
    no_unit = rf"(?![.,]\d|\d|\s?(?:{any_of(['%', *units])})(?!{LETTER}))"
    told = rf"{start}(?P<ahead>{ahead})[\s-]?{_HOUR}(?:{_MINUTES}|{mark}|{no_unit}){half}?" if ahead else ""
    sure = rf"{start}(?:{late})[\s-]?{_other(_HOUR)}{_other(_MINUTES)}?\.?{unsure}" if late else ""
    before = "|".join(filter(None, (told, sure)))
    after = rf"{_HOUR}(?:{_MINUTES}?{mark}{half}?|{_MINUTES}?{half}|{_MINUTES}{unsure}{half}?|{unsure}{half})"
    opening = rf"{_HOUR}{_MINUTES}?\.?\s?(?:{between})\s?{_other(_HOUR)}{_other(_MINUTES)}?"
    keeping = any_of(forms(clock.lasting_after))
    keeps = rf"(?:(?P<keeps>{keeping})\s)?" if keeping else "(?P<keeps>(?!))?"
    alone = any_of(forms(clock.alone))
    return Clocks(
        before=compiled(words.language, before) if before else None,
        after=compiled(words.language, _once(after)),
        opening=compiled(words.language, rf"{opening}\.?{unsure}"),
        dotted=compiled(
            words.language, rf"{opening.replace('[:.]', '[.]').replace(')?', ')')}(?!{ANY_LETTER}|%|[.,]\d)"
        ),
        alone=compiled(words.language, rf"(?<!{ANY_LETTER}){keeps}{_HOUR}\s?(?:{alone})(?!{LETTER})")
        if alone
        else None,
        afternoon=frozenset(forms(clock.pm)),
        morning=frozenset(forms(clock.am)),
    )


def _half(words: Wording) -> str:
    """Return the expression for the half of the day after an hour."""
    halves = any_of(forms([*words.clock.am, *words.clock.pm]))
    return rf"(?:\s?(?P<half>{halves})(?!{LETTER}))" if halves else "(?P<half>(?!))"


def _mark(words: Wording, units: Iterable[str]) -> str:
    """Return the expression for what makes the number before it an hour, and the minutes after it; 時間 is no 時."""
    marks = forms(words.clock.hour)
    if not marks:
        return "(?P<told>(?!))"
    longer = any_of(unit[len(mark) :] for mark in marks for unit in units if unit.startswith(mark))
    minute = any_of(forms(words.clock.minute))
    named = rf"(?:\s?(?P<told>[0-5]?\d)(?:\s?(?:{minute}))?)?"
    minutes = named if minute else r"(?:\s(?P<told>[0-5]\d)(?!\d|[.,]\d))?"
    no_longer = f"(?!{longer})" if longer else ""
    return rf"\s?(?:{any_of(marks)}){no_longer}(?!{LETTER}){minutes}"


def _unsure(units: Mapping[str, str]) -> str:
    """Return the expression for the words of hours, which say times and durations."""
    hours = any_of(word for word, unit in units.items() if unit == "hour")
    return rf"\s?(?P<unsure>{hours})(?!{ANY_LETTER})" if hours else "(?P<unsure>(?!))"


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
