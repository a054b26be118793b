"""Figures and gates in plain words, for readers who know support and not statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatparity.gate.result import GateResult, Rate
from chatparity.transcript import Transcript

NONE = "cannot be estimated"
SYMBOLS = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?"}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Phrase:
    """How a metric is spoken of: `name` in a table; the AI `did` this in so many percent of those `among`."""

    name: str
    did: str
    among: str = "answers"


PHRASES = {
    ("accuracy", "rate"): Phrase("accurate answers", "said what was due and nothing wrong"),
    ("accuracy", "forbidden"): Phrase(
        "wrong statements", "said what is labelled as wrong", "answers with such a label"
    ),
    ("hallucination", "rate"): Phrase("well-founded answers", "stated nothing without support"),
    ("politeness", "rate"): Phrase("polite answers", "was polite"),
    ("language", "rate"): Phrase("right language", "kept to the customer’s language"),
    ("actions", "rate"): Phrase("right actions", "did what was asked of it and nothing else"),
    ("actions", "done"): Phrase("actions taken", "did what was asked of it", "answers that had something to do"),
    ("actions", "overall"): Phrase("right actions overall", "did all the right actions and no others", "conversations"),
    ("escalation", "rate"): Phrase("right about handing over", "was right to hand over or not to"),
    ("escalation", "recall"): Phrase("handovers made", "handed over to a person", "answers that had to"),
    ("escalation", "needless"): Phrase("needless handovers", "handed over to a person", "answers that were not to"),
    ("escalation", "ignored"): Phrase("requests passed over", "passed over the customer", "requests for a person"),
}


def phrase(dimension: str, metric: str) -> Phrase:
    """Return how a metric is spoken of; one that is not known here is spoken of by its own name."""
    known = PHRASES.get((dimension, metric))
    if known:
        return known
    name = dimension if metric == "rate" else f"{dimension} {metric}".replace("_", " ")
    return Phrase(name, "met what its grader asks for" if metric == "rate" else f"counted for {name}")


def metric_name(dimension: str, metric: str, grader: str) -> str:
    """Return what is measured as it stands in a table, with the grader where it is not the dimension's own."""
    name = phrase(dimension, metric).name
    return name if grader in (dimension, f"{dimension}_{metric}") else f"{name} ({grader})"


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage that no line break tears apart: 0.9 is "90.0 %"."""
    return f"{share * 100:.{digits}f}\u00a0%"


def threshold_text(share: float) -> str:
    """Return a threshold as a percentage without idle zeros: 0.98 is "98 %"."""
    return f"{share * 100:.4g}\u00a0%"


def points_text(share: float) -> str:
    """Return a margin in points: 0.05 is "5 points"."""
    value = f"{share * 100:.4g}"
    return f"{value}\u00a0point{'' if value == '1' else 's'}"


def signed(share: float) -> str:
    """Return a difference of shares in points with its sign: 0.013 is "+1.3"."""
    value = round(share * 100, 1)
    return "0.0" if value == 0 else f"{value:+.1f}".replace("-", "−")


def rate_text(rate: Rate) -> str:
    """Return a rate with its interval: "90.0 % [84.9, 93.5]"."""
    if rate.estimate is None:
        return NONE
    return f"{percent(rate.estimate)} {_bounds(rate)}"


def difference_text(rate: Rate) -> str:
    """Return a difference with its interval, in points: "+1.3 [−0.4, +3.0]"."""
    if rate.estimate is None:
        return NONE
    return f"{signed(rate.estimate)} {_bounds(rate, sign=True)}"


def _bounds(rate: Rate, *, sign: bool = False) -> str:
    """Return an interval in square brackets, or that it cannot be estimated."""
    if rate.low is None or rate.high is None:
        return f"[interval {NONE}]"
    if sign:
        return f"[{signed(rate.low)},\u00a0{signed(rate.high)}]"
    return f"[{rate.low * 100:.1f},\u00a0{rate.high * 100:.1f}]"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 answer", "4,120 answers"."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def n_text(number: int) -> str:
    """Return a number of answers as it stands beside a figure: "n = 190"."""
    return f"n\u00a0=\u00a0{number:,}"


def listed(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def spelled(number: int) -> str:
    """Return a small number as a word."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else f"{number:,}"


def need_text(gate: GateResult) -> str:
    """Return what a gate asks for, short enough for a table."""
    value, points = threshold_text(gate.threshold), points_text(gate.threshold)
    return {
        "at_least": f"at least {value}",
        "at_most": f"at most {value}",
        "zero": "none",
        "margin": f"at most {points} worse than people",
        "no_worse_than": f"at most {points} worse than the baseline",
    }.get(gate.kind, f"{gate.kind} {value}")


class Names:
    """Names of slices, with languages by their English names where the transcripts say that it is a language."""

    def __init__(self, transcripts: Sequence[Transcript]) -> None:
        self._codes = {one.language for one in transcripts}

    def language(self, code: str) -> str:
        """Return the English name of a language, or its code when there is none."""
        from babel import Locale, UnknownLocaleError

        try:
            return Locale.parse(code, sep="-").get_display_name("en") or code
        except (UnknownLocaleError, ValueError):
            return code

    def slice(self, value: str) -> str:
        """Return a slice as it stands in a table: "Polish", "intent refund_status", "all"."""
        name, _, of = value.rpartition("=")
        if name == "language" or (not name and of in self._codes):
            return self.language(of)
        return f"{name} {of}" if name else of

    def within(self, value: str) -> str:
        """Return a slice as it stands in a sentence, with a space before it; nothing for all."""
        if value == "all":
            return ""
        name, _, of = value.rpartition("=")
        if name in ("language", "") and of in self._codes:
            return f" in {self.language(of)}"
        return f" for {self.slice(value)}"
