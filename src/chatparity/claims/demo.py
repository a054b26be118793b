"""Logs drawn from a world whose truth is known: same world and seed, same logs."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chatparity.claims.fields import FIELDS
from chatparity.claims.logs import Codes, Column, Logs, Mask, Numbers, Words, made, moment
from chatparity.claims.world import AGAIN, HOME, LATE, MOST, OTHER_CHANNEL, WEEK, World

DAY = 86400.0
BEFORE = 14
GENERATIONS = 8
AI, PEOPLE = 0, 1
CHANNELS = ("chat", "phone", "email")
HANDLERS = ("ai", "human", "both")
DIFFICULTIES = ("routine", "hard")
Luck = np.random.Generator


@dataclass(frozen=True)
class Cases:
    """Kinds of cases, one a conversation: the places of its intent, difficulty (0, 1), language and market."""

    intent: Codes
    hard: Codes
    language: Codes
    market: Codes

    def at(self, rows: Codes | Mask) -> Cases:
        """Return the cases of some rows."""
        return Cases(self.intent[rows], self.hard[rows], self.language[rows], self.market[rows])


@dataclass(frozen=True)
class Chances:
    """What is true of each case, were it answered by the assistant (row 0) or by people (row 1): shape (2, n).

    Chances of being resolved, returning when resolved, being satisfied, an accurate resolution; the mean cost; the
    logarithm of the median seconds. `contained` is the chance that the assistant, asked, ends it alone.
    """

    resolved: Numbers
    returns: Numbers
    satisfied: Numbers
    accurate: Numbers
    cost: Numbers
    log_seconds: Numbers
    contained: Numbers

    @property
    def comes_back(self) -> Numbers:
        """Return the chance of a return, resolved or not."""
        again = np.minimum(AGAIN * self.returns, MOST)
        return self.resolved * self.returns + (1 - self.resolved) * again

    @property
    def truly(self) -> Numbers:
        """Return the chance of being resolved and not coming back."""
        return self.resolved * (1 - self.returns)


def chances(world: World, cases: Cases) -> Chances:
    """Return what is true of each case."""
    hard = cases.hard

    def both(people: tuple[float, float], assistant: Callable[[Numbers], Numbers]) -> Numbers:
        base = np.array(people)[hard]
        return np.stack([assistant(base), base])

    unserved = np.isin(cases.language, [world.languages.index(one) for one in world.unserved])
    resolved = both(world.resolved, lambda p: np.where(unserved, world.unserved_rate, p + world.resolves_more))
    contained = np.array([one[0] for one in world.rates()])[hard]
    people_cost = np.array(world.cost_people)[hard]
    own = np.array(world.cost_assistant)[hard] + (1 - contained) * people_cost / 2
    seconds = both(world.minutes_people, lambda _: np.array(world.minutes_assistant)[hard]) * 60
    return Chances(
        resolved=np.clip(resolved, 0.02, 0.98),
        returns=both(world.returns, lambda p: p * (1 - world.returns_fewer)),
        satisfied=np.clip(both(world.satisfied, lambda p: p + world.satisfies_more), 0.0, 1.0),
        accurate=np.clip(both(world.accuracy, lambda p: p * (1 + world.accuracy_gain)), 0.0, 1.0),
        cost=np.stack([own, people_cost]),
        log_seconds=np.log(seconds) + 0.15 * (cases.intent % 3),
        contained=contained,
    )


@dataclass(frozen=True)
class Drawn:
    """Logs with what nobody who has only the logs can know: the case of each conversation, in the order of the logs."""

    logs: Logs
    cases: Cases


def draw(world: World, seed: int) -> Drawn:
    """Draw the logs of a world. Customers write of different matters; some come back with the same one."""
    luck = np.random.default_rng(seed)
    customer, cases, begun = _first_contacts(world, luck)
    moods = luck.standard_normal((4, int(customer.max()) + 1))[:, customer]
    channel = np.zeros(len(customer), dtype=np.int64)
    parts: list[tuple[Codes, Cases, Numbers, Codes, dict[str, Numbers]]] = []
    for _ in range(GENERATIONS):
        outcome = _outcomes(world, cases, begun, channel, moods, luck)
        parts.append((customer, cases, begun, channel, outcome))
        back = outcome["returns"] == 1
        if not back.any():
            break
        begun = begun[back] + luck.uniform(0.1, 6.8, int(back.sum())) * DAY
        customer, cases = customer[back], cases.at(back)
        away = luck.random(len(customer)) < OTHER_CHANNEL
        channel = np.where(away, luck.integers(1, len(CHANNELS), len(customer)), 0)
        moods = luck.standard_normal((4, len(customer)))
    return _logs(world, parts, luck)


def _first_contacts(world: World, luck: Luck) -> tuple[Codes, Cases, Numbers]:
    """Draw who writes for the first time about what and when; a customer's matters differ."""
    count = max(int(luck.poisson(world.customers)), 1)
    each = luck.choice([1, 2, 3], size=count, p=[0.72, 0.2, 0.08])
    each = np.minimum(each, len(world.intents))
    customer = np.repeat(np.arange(count), each)
    shares = np.array([share for _, share in world.intents])
    # Gumbel's trick draws different intents for one customer, the likelier ones sooner.
    keys = np.log(shares / shares.sum()) + luck.gumbel(size=(count, len(shares)))
    ranks = np.argsort(-keys, axis=1)
    place = np.arange(len(customer)) - np.repeat(np.cumsum(each) - each, each)
    intent = ranks[customer, place]
    hard = (luck.random(len(customer)) < np.resize(world.hard, len(shares))[intent]).astype(np.int64)
    weights = 1 / (np.arange(len(world.markets)) + 4.0)
    market = luck.choice(len(world.markets), size=count, p=weights / weights.sum())
    home = np.array([world.languages.index(HOME[one]) if HOME[one] in world.languages else 0 for one in world.markets])
    abroad = luck.random(count) < world.elsewhere
    language = np.where(abroad, luck.integers(0, len(world.languages), count), home[market])
    cases = Cases(intent, hard, language[customer], market[customer])
    return customer, cases, _moments(world, len(customer), luck)


def _moments(world: World, count: int, luck: Luck) -> Numbers:
    """Draw when conversations begin, from two weeks before the logs: by weekday, and fewer at night."""
    days = np.arange(-BEFORE, world.days)
    weights = np.array(WEEK)[days % 7]
    day = luck.choice(days, size=count, p=weights / weights.sum())
    hours = np.array([world.night] * 6 + [1.0] * 16 + [0.5] * 2)
    hour = luck.choice(24, size=count, p=hours / hours.sum())
    return np.asarray(world.begins + day * DAY + (hour + luck.random(count)) * 3600, dtype=np.float64)


def _outcomes(
    world: World, cases: Cases, begun: Numbers, channel: Codes, moods: Numbers, luck: Luck
) -> dict[str, Numbers]:
    """Draw who answered each conversation and how it ended."""
    from scipy.special import ndtr, ndtri

    n, true = len(begun), chances(world, cases)

    def uniform(row: int) -> Numbers:
        """Return uniform numbers, those of one customer correlated."""
        mixed = np.sqrt(world.alike) * moods[row] + np.sqrt(1 - world.alike) * luck.standard_normal(n)
        return np.asarray(ndtr(mixed), dtype=np.float64)

    asked = (channel == 0) & (luck.random(n) < np.array(world.asks_assistant)[cases.hard])
    away = np.zeros(n, dtype=bool)
    for day, hours in world.outages:
        start = world.begins + day * DAY
        away |= (begun >= start) & (begun < start + hours * 3600)
    arm = np.where(asked & ~away, AI, PEOPLE)
    pick = arm, np.arange(n)
    # log T − log C is normal with mean −δ and variance 2σ², so that T < C with exactly the chance of being resolved.
    noise = np.sqrt(world.alike) * moods[0] + np.sqrt(1 - world.alike) * luck.standard_normal(n)
    delta = world.spread * np.sqrt(2) * ndtri(true.resolved[pick])
    log_done = true.log_seconds[pick] + world.spread * noise
    log_gone = true.log_seconds[pick] + delta + world.spread * luck.standard_normal(n)
    resolved = log_done < log_gone
    chance = np.where(resolved, true.returns[pick], np.minimum(AGAIN * true.returns[pick], MOST))
    happy = uniform(2) < true.satisfied[pick]
    spoke = luck.random(n) < np.array(world.answers)[happy.astype(np.int64)]
    wants, turn, given, handed = _person(world, cases, uniform(3), luck)
    both = (arm == AI) & (handed | np.isfinite(given))
    cost = np.where(
        arm == AI, np.array(world.cost_assistant)[cases.hard] + both * true.cost[PEOPLE] / 2, true.cost[PEOPLE]
    )
    effort = np.array(world.effort_minutes)[cases.hard] * 60 * luck.gamma(2.0, 0.5, n)
    judged = luck.random(n) < world.judged
    return {
        "handler": np.where(both, 2, arm).astype(np.float64),
        "answered": np.where(asked, (~away).astype(np.float64), np.nan),
        "resolved": resolved.astype(np.float64),
        "abandoned": (~resolved & (luck.random(n) < world.leaves)).astype(np.float64),
        "handle_seconds": np.exp(np.minimum(log_done, log_gone)),
        "effort_seconds": np.where(arm == PEOPLE, effort, np.nan),
        "csat": np.where(spoke, np.where(happy, luck.integers(4, 6, n), luck.integers(1, 4, n)), np.nan),
        "accuracy": np.where(judged, (luck.random(n) < true.accurate[pick]).astype(np.float64), np.nan),
        "cost": cost * luck.gamma(2.0, 0.5, n),
        "person_asked_turn": np.where((arm == AI) & wants, turn, np.nan),
        "person_given_turn": np.where((arm == AI) & wants, given, np.nan),
        "returns": (uniform(1) < chance).astype(np.float64),
    }


def _person(world: World, cases: Cases, luck_of: Numbers, luck: Luck) -> tuple[Mask, Numbers, Numbers, Mask]:
    """Draw who asks for a person at which turn, at which turn one is given (NaN: never), and other handovers."""
    n = len(luck_of)
    wants = luck.random(n) < np.array(world.asks_person)[cases.hard]
    turn = 2.0 * luck.integers(0, 4, n).astype(np.float64)
    late = luck.random(n) < LATE
    soon = luck_of < world.honours
    waited = np.where(soon, luck.integers(1, 3, n), np.where(late, luck.integers(4, 9, n), np.nan)).astype(np.float64)
    handed = luck.random(n) < np.array(world.hands_over)[cases.hard]
    return wants, turn, np.where(wants, turn + waited, np.full(n, np.nan)), handed


def _logs(world: World, parts: list[tuple[Codes, Cases, Numbers, Codes, dict[str, Numbers]]], luck: Luck) -> Drawn:
    """Put the generations together, keep what falls into the window, and sort it by time."""
    customer, begun, channel = (np.concatenate([part[place] for part in parts]) for place in (0, 2, 3))
    cases = Cases(
        *(
            np.concatenate([getattr(part[1], name) for part in parts])
            for name in ("intent", "hard", "language", "market")
        )
    )
    outcome = {name: np.concatenate([part[4][name] for part in parts]) for name in parts[0][4]}
    inside = np.flatnonzero((begun >= world.begins) & (begun < world.begins + world.days * DAY))
    order = inside[np.argsort(begun[inside], kind="stable")]
    cases = cases.at(order)
    n = len(order)
    columns: dict[str, Column] = {
        "id": Words(np.arange(n), tuple(f"demo-{number:06}" for number in range(n))),
        "customer": Words.of([f"c-{number:06}" for number in customer[order]]),
        "started_at": np.round(begun[order]),
        "language": Words(cases.language, world.languages),
        "market": Words(cases.market, world.markets),
        "channel": Words(channel[order], CHANNELS),
        "intent": Words(cases.intent, tuple(name for name, _ in world.intents)),
        "difficulty": Words(cases.hard, DIFFICULTIES),
        "handled_by": Words(outcome.pop("handler")[order].astype(np.int64), HANDLERS),
    }
    outcome.pop("returns")
    columns |= {name: values[order] for name, values in outcome.items()}
    return Drawn(made(columns, sources=("demo (synthetic)",), synthetic=True), cases)


def write_table(logs: Logs, path: Path) -> None:
    """Write logs as a CSV table whose columns have the names of the fields; it appears only when it is whole."""
    names = [name for name in FIELDS if name in logs.columns]
    columns = [_texts(name, logs.columns[name]) for name in names]
    half = path.with_name(path.name + ".part")
    try:
        with half.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows(zip(*columns, strict=True))
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _texts(name: str, column: Column) -> list[str]:
    """Return a column as it stands in a table."""
    if isinstance(column, Words):
        return [column.names[code] if code >= 0 else "" for code in column.codes.tolist()]
    write: dict[str, Callable[[float], str]] = {
        "time": lambda one: moment(one).isoformat(),
        "flag": lambda one: str(bool(one)).lower(),
        "number": lambda one: f"{one:.10g}",
    }
    written = write[FIELDS[name].kind]
    return ["" if math.isnan(one) else written(one) for one in column.tolist()]
