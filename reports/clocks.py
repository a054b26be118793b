"""The clocks of a run: time to the first answer, to each answer, waiting in all, and how long people took in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatparity.transcript import Transcript, answer_turns

from .material import Key, Material

RESAMPLES = 1000  # a fifth of it where conversations are so many that the interval is narrow anyway
CONFIDENCE = 0.95
MANY = 2000
FAR = 20  # so many times more or less, and a unit of its own is easier to read
SHARES = (("median", 0.5), ("90th percentile", 0.9))
AI_RUNS = "The AI’s runs from the request to the whole reply."
PEOPLE_RUN = (
    "A person’s runs from the customer’s message to the end of the recorded answer: the queue, reading, looking up, "
    "typing and other chats are in it."
)
ALL_ANSWERS = (
    "All answers of a conversation added up: how long the customer waited until everything was said. Only those in "
    "which every answer has a time. It is what an AI’s time to resolution can be held against: the customer’s own time "
    "is in neither side."
)
ON_RECORD = (
    "As the log gives it, for conversations that people handled: the customer’s own time is in it. A replay has no "
    "such clock, because its customer does not type, so there is no figure for the AI."
)
CLOCKS = {
    "first": ("Time to the first answer", f"One time a conversation. {AI_RUNS} {PEOPLE_RUN}"),
    "answer": ("Time to each answer", "The same clocks, at every answer."),
    "whole": ("Waiting in all", ALL_ANSWERS),
    "handling": ("Handling time on record", ON_RECORD),
}


@dataclass(frozen=True)
class Quantile:
    """A quantile of times in seconds with its interval; the ends are None where it cannot be estimated."""

    name: str
    estimate: float
    low: float | None
    high: float | None

    @property
    def text(self) -> str:
        """Return the quantile as text: "median 1.2 s [0.9, 1.4]"."""
        return f"{self.name} {self.figures}"

    @property
    def figures(self) -> str:
        """Return the quantile and its interval without its name."""
        if self.low is None or self.high is None:
            return f"{seconds(self.estimate)} [interval cannot be estimated]"
        if self.low < self.estimate / FAR or self.high > self.estimate * FAR:
            return f"{seconds(self.estimate)} [{seconds(self.low)}, {seconds(self.high)}]"
        low, high = (seconds(one, self.estimate).rpartition(" ")[0] for one in (self.low, self.high))
        return f"{seconds(self.estimate)} [{low},\u00a0{high}]"


@dataclass(frozen=True)
class Times:
    """One side's times on one clock in seconds, sorted, from `clusters` conversations, with median and 90th percentile.

    `clock` is a key of `CLOCKS`; `unit` what each time belongs to.
    """

    clock: str
    side: str
    values: tuple[float, ...]
    clusters: int
    quantiles: tuple[Quantile, ...]
    unit: str

    @property
    def is_ai(self) -> bool:
        """Say whether these are the AI's times."""
        return self.side == "AI"


def times(material: Material) -> tuple[list[Times], list[str]]:
    """Return the times of each clock and side that has any, and a sentence for each side that has none."""
    found: list[Times] = []
    answers = {"ai": list(_answers(material, "ai")), "human": list(_answers(material, "human"))}
    for clock in ("first", "answer", "whole"):
        for arm, side in (("ai", "AI"), ("human", material.people)):
            values = _on(clock, answers[arm])
            if values:
                found.append(_side(clock, side, values))
    handled = _handling(material.transcripts.values())
    if handled:
        found.append(_side("handling", material.people, handled))
    missing = [
        sentence
        for arm, sentence in (
            ("ai", "Latency of the AI: not measured, because its replies carry no times (a recorded agent has none)."),
            ("human", "Latency of people: not measured, because no answer of a person carries times."),
        )
        if all(value is None for _, _, value in answers[arm])
    ]
    return found, missing


Answered = tuple[tuple[str, int], str, float | None]


def _answers(material: Material, arm: str) -> Iterator[Answered]:
    """Yield each answer of a side as ((conversation, trial), cluster, seconds or None), in order of turns."""
    for key in sorted(material.records):
        name, _, trial = key
        transcript = material.transcripts.get(name)
        cluster = transcript.cluster or name if transcript else name
        if arm == "human" and (trial != 0 or not _spoke(material, key)):
            continue
        if arm == "ai" and key in material.echoes:
            continue
        reply = material.reply(arm, key)
        yield (name, trial), cluster, reply.latency if reply else None


def _spoke(material: Material, key: Key) -> bool:
    """Say whether a person answered at this place."""
    return material.reply("human", key) is not None


def _on(clock: str, answers: Sequence[Answered]) -> dict[str, list[float]]:
    """Return the times of a clock by cluster."""
    talks: dict[tuple[str, int], list[float | None]] = {}
    clusters: dict[tuple[str, int], str] = {}
    for talk, cluster, value in answers:
        talks.setdefault(talk, []).append(value)
        clusters[talk] = cluster
    found: dict[str, list[float]] = {}
    for talk, values in talks.items():
        known = [value for value in values if value is not None]
        if clock == "first":
            chosen = known[:1] if values[0] is not None else []
        elif clock == "answer":
            chosen = known
        else:
            chosen = [sum(known)] if len(known) == len(values) else []
        if chosen:
            found.setdefault(clusters[talk], []).extend(chosen)
    return found


def _handling(transcripts: Iterable[Transcript]) -> dict[str, list[float]]:
    """Return the handling times on record of conversations that people handled, by cluster."""
    found: dict[str, list[float]] = {}
    for one in transcripts:
        spoke = any(turn.speaker == "human_agent" for turn in one.turns)
        if one.outcome.handle_seconds is not None and spoke and answer_turns(one):
            found.setdefault(one.cluster or one.id, []).append(one.outcome.handle_seconds)
    return found


def _side(clock: str, side: str, values: dict[str, list[float]]) -> Times:
    """Return one side's times with their quantiles."""
    every = tuple(sorted(value for group in values.values() for value in group))
    single = len(every) == len(values)
    quantiles = _ranked(every) if single else _resampled(list(values.values()))
    unit = "answer" if clock == "answer" else "conversation"
    return Times(clock, side, every, len(values), quantiles, unit)


def _ranked(values: Sequence[float]) -> tuple[Quantile, ...]:
    """Return quantiles of independent times with the distribution-free interval between two ranks [1].

    [1] H. A. David, H. N. Nagaraja (2003), Order Statistics, third edition, section 7.1.
    """
    import numpy as np
    from scipy.stats import binom

    found, tail, n = [], (1 - CONFIDENCE) / 2, len(values)
    for name, share in SHARES:
        low, high = int(binom.ppf(tail, n, share)), int(binom.ppf(1 - tail, n, share)) + 1
        known = low >= 1 and high <= n
        ends = (values[low - 1], values[high - 1]) if known else (None, None)
        found.append(Quantile(name, float(np.quantile(values, share)), *ends))
    return tuple(found)


def _resampled(groups: Sequence[Sequence[float]]) -> tuple[Quantile, ...]:
    """Return quantiles with a percentile-bootstrap interval that draws whole conversations [1], seeded.

    [1] A. C. Davison, D. V. Hinkley (1997), Bootstrap Methods and their Application, section 3.8.
    """
    import numpy as np

    drawn_from = [np.asarray(group) for group in groups]
    shares = [share for _, share in SHARES]
    estimates = np.quantile(np.concatenate(drawn_from), shares)
    if len(groups) < 2:
        return tuple(Quantile(name, float(one), None, None) for (name, _), one in zip(SHARES, estimates, strict=True))
    random = np.random.default_rng(20)
    drawn = [
        np.quantile(np.concatenate([drawn_from[one] for one in random.integers(0, len(groups), len(groups))]), shares)
        for _ in range(RESAMPLES if len(groups) <= MANY else RESAMPLES // 5)
    ]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return tuple(
        Quantile(name, float(estimates[place]), float(low[place]), float(high[place]))
        for place, (name, _) in enumerate(SHARES)
    )


def seconds(value: float, like: float | None = None) -> str:
    """Return a duration for people, "42 ms", "1.3 s", "74 s", "6.2 min", "1.5 h", in the unit that suits `like`."""
    scale = value if like is None else like
    if scale < 0.9995:
        return f"{_digits(value * 1000)} ms"
    if scale < 119.5:
        return f"{_digits(value)} s"
    if scale < 7170:
        return f"{_digits(value / 60)} min"
    return f"{_digits(value / 3600)} h"


def _digits(value: float) -> str:
    """Return a number with three digits, or all of those before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
