"""Everything that sets the AI beside people or beside a baseline, gathered for the page."""

from __future__ import annotations

from dataclasses import dataclass

from . import baseline, clocks, duels, escalation, mix, repeats, slices, spread, thousand, timing, words
from .material import Material


@dataclass(frozen=True)
class ClockTable:
    """One clock: its name, what it measures, and each side's times on it."""

    name: str
    meaning: str
    sides: tuple[clocks.Times, ...]


@dataclass(frozen=True)
class Compared:
    """The comparisons of a run; each is empty where there is nothing to compare.

    `echoes` counts answers in which a recording gave a person's own answer as the agent's.
    """

    slices: tuple[slices.SliceRow, ...]
    slices_told: str
    duels: tuple[duels.DuelRow, ...]
    matrices: tuple[escalation.Matrix, ...]
    timings: tuple[timing.Timing, ...]
    outcomes: tuple[timing.OutcomeRow, ...]
    times: tuple[clocks.Times, ...]
    clocks: tuple[ClockTable, ...]
    without_times: tuple[str, ...]
    thousands: tuple[thousand.Thousand, ...]
    spreads: tuple[spread.Spread, ...]
    mix: mix.Mix | None
    baseline: baseline.Against | None
    repeats: tuple[repeats.Repeat, ...]
    echoes: int

    @property
    def most_trials(self) -> int:
        """Return the largest k of the repeated trials, 0 without any."""
        return max((len(one.estimates) for one in self.repeats), default=0)


def compared(material: Material, names: words.Names) -> Compared:
    """Make every comparison that the run allows."""
    findings, people, rows = material.findings, material.people, material.own_rows
    table = material.table(rows)
    by_slice = slices.by_slice(table, table, "human", slices.measures(findings.gates, findings.differences))
    times, without_times = clocks.times(material)
    return Compared(
        slices=tuple(by_slice),
        slices_told=slices.summary(by_slice, names, people),
        duels=tuple(duels.duels(table, table, "human", duels.measured(findings))),
        matrices=tuple(escalation.matrices(material)),
        timings=tuple(timing.timings(material)),
        outcomes=tuple(timing.outcomes(material)),
        times=tuple(times),
        clocks=tuple(
            ClockTable(name, meaning, sides)
            for clock, (name, meaning) in clocks.CLOCKS.items()
            if (sides := tuple(one for one in times if one.clock == clock))
        ),
        without_times=tuple(without_times),
        thousands=tuple(thousand.thousands(table, people)),
        spreads=tuple(spread.spreads(rows, people)),
        mix=mix.mix(material, names),
        baseline=baseline.against(material, names),
        repeats=tuple(repeats.repeats(material.drawn_rows)),
        echoes=len(material.echoes),
    )
