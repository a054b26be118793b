"""What is true of a claim in a world: the figure that its estimator should recover, known without the outcomes.

Comparisons are true in a mix of cases, and the mix is the one that the estimator used: it is taken as fixed there too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chatparity.claims.demo import AI, BEFORE, PEOPLE, Cases, Chances, Drawn, chances
from chatparity.claims.file import AnyClaim, ClaimsFile, SavingsClaim, TimeClaim
from chatparity.claims.logs import Numbers
from chatparity.claims.measure import ESTIMATORS, kind_of, verdict_of
from chatparity.claims.result import CannotTell, Found, Verdict
from chatparity.claims.view import View
from chatparity.claims.world import AGAIN, HOME, MOST, OTHER_CHANNEL, World

MONTH = 30.4375


def recovered(world: World, drawn: Drawn, claim: AnyClaim, file: ClaimsFile) -> tuple[Found, Verdict, float]:
    """Measure a claim on drawn logs; return what was found, the verdict, and what is true."""
    view = View(drawn.logs, claim, file.arms, claim.confidence or file.ledger.confidence, world.sampled)
    view.enter()
    found = ESTIMATORS[kind_of(claim)](view, claim)
    true = chances(world, drawn.cases.at(view.rows))
    return found, verdict_of(claim, found)[0], TRUTHS[kind_of(claim)](world, drawn, view, true, claim)


def verdict_in(world: World, drawn: Drawn, claim: AnyClaim, file: ClaimsFile) -> Verdict:
    """Return the verdict on a claim, "cannot be told" where its figure cannot be had."""
    try:
        return recovered(world, drawn, claim, file)[1]
    except CannotTell:
        return "cannot be told"


def _relative(values: Numbers) -> tuple[float, float]:
    return float(values[AI].mean()), float(values[PEOPLE].mean())


def _share(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    asks = np.array(world.asks_assistant)[drawn.cases.hard[view.rows]]
    asks = np.where(view.words("channel").among(("chat",)), asks, 0.0)
    begun = view.numbers("started_at")
    for day, hours in world.outages:
        start = world.begins + day * 86400.0
        asks = np.where((begun >= start) & (begun < start + hours * 3600), 0.0, asks)
    held: Numbers = asks if claim.counts == "touched" else asks * true.contained
    if claim.counts == "truly":
        held = held * (true.truly[AI] + _stays(world, true))
    return float(np.mean(held))


def _volume(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    """Return the conversations of the assistant a month, its outages counted out."""
    rate, _, asks = _flow(world)
    lost = sum(hours for _, hours in world.outages) / 24 / world.days
    return float((rate * asks).sum() * (1 - lost) * claim.days / world.sampled)


def _coverage(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    codes = view.words(claim.of).codes
    there = np.unique(codes)
    return float(sum(true.resolved[AI][codes == one].mean() >= claim.works_at for one in there))


def _time(world: World, drawn: Drawn, view: View, true: Chances, claim: TimeClaim) -> float:
    from scipy.special import ndtr

    values = []
    for arm in (AI, PEOPLE):
        centres, counts = np.unique(true.log_seconds[arm], return_counts=True)
        weights = counts / counts.sum()

        def still(seconds: Numbers, centres: Numbers = centres, weights: Numbers = weights) -> Numbers:
            """Return the share not yet resolved at each time."""
            z = (np.log(np.maximum(seconds, 1e-9))[:, None] - centres) / world.spread
            return np.asarray((1 - ndtr(z)) @ weights, dtype=np.float64)

        if claim.statistic == "median":
            values.append(_median(still))
        else:
            grid = np.linspace(0, claim.horizon_seconds, 4001)
            values.append(float(np.trapezoid(still(grid), grid)))
    return values[0] if claim.measure == "level" else 1 - values[0] / values[1]


def _median(still: Callable[[Numbers], Numbers]) -> float:
    from scipy.optimize import brentq

    return float(brentq(lambda t: float(still(np.array([t]))[0]) - 0.5, 1e-6, 1e6))


def _stays(world: World, true: Chances) -> Numbers:
    """Return the chance that the assistant does not resolve, and the customer neither leaves nor comes back."""
    back = np.minimum(AGAIN * true.returns[AI], MOST)
    return np.asarray((1 - true.resolved[AI]) * (1 - world.leaves) * (1 - back), dtype=np.float64)


def _repeats(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    one, two = _relative(true.comes_back)
    return 1 - one / two


def _first_contact(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    one, two = _relative(true.truly)
    return one - two if claim.measure == "difference" else one


def _accuracy(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    one, two = _relative(true.accurate)
    return one / two - 1 if claim.measure == "relative" else one - two


def _cost(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    (cost_1, cost_2), (good_1, good_2) = _relative(true.cost), _relative(true.truly)
    return (cost_1 / good_1) / (cost_2 / good_2)


def _satisfaction(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    one, two = _relative(true.satisfied)
    return one - two


def _availability(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    return max((hours for _, hours in world.outages), default=0.0) * 60


def _person(world: World, drawn: Drawn, view: View, true: Chances, claim: Any) -> float:
    return world.honours


def _savings(world: World, drawn: Drawn, view: View, true: Chances, claim: SavingsClaim) -> float:
    """Return agents or money at the assumptions as stated: they are taken to be true in the world."""
    rate, true_all, asks = _flow(world)
    lost = sum(hours for _, hours in world.outages) / 24 / world.days
    hard = _kinds(world)[1].hard
    effort = np.array(world.effort_minutes)[hard] / 60
    kept = true_all.truly[AI] + _stays(world, true_all)
    scale = (1 - lost) * MONTH / world.sampled
    hours = float((rate * asks * true_all.contained * kept * effort).sum()) * scale
    held = float((rate * asks).sum()) * scale
    assumed = {name: one.value for name, one in claim.assumptions.items()}
    agents = hours / (assumed["hours_a_month"] * assumed["busy_share"] * assumed["chats_at_once"])
    if claim.measure == "agents":
        return agents
    running = 12 * held * assumed["cost_a_conversation"] + assumed["cost_a_year"]
    return agents * assumed["cost_an_agent_year"] - running


def _kinds(world: World) -> tuple[Numbers, Cases]:
    """Return every kind of case with the first contacts of it a day."""
    shares = _intent_rates(world)
    markets = 1 / (np.arange(len(world.markets)) + 4.0)
    markets /= markets.sum()
    languages = np.full(len(world.languages), world.elsewhere / len(world.languages))
    for place, market in enumerate(world.markets):
        home = world.languages.index(HOME[market]) if HOME[market] in world.languages else 0
        languages[home] += (1 - world.elsewhere) * markets[place]
    grid = np.meshgrid(np.arange(len(shares)), np.arange(2), np.arange(len(languages)), indexing="ij")
    intent, hard, language = (one.ravel() for one in grid)
    of_hard = np.resize(world.hard, len(shares))[intent]
    weight = shares[intent] * np.where(hard == 1, of_hard, 1 - of_hard) * languages[language]
    rate = weight * world.customers / (world.days + BEFORE)
    return rate, Cases(intent, hard, language, np.zeros(len(intent), dtype=np.int64))


def _intent_rates(world: World) -> Numbers:
    """Return the mean number of first contacts with each intent a customer: up to three, without repetition."""
    shares = np.array([share for _, share in world.intents])
    shares = shares / shares.sum()
    k = len(shares)
    first, second, third = shares.copy(), np.zeros(k), np.zeros(k)
    for one in range(k):
        for two in range(k):
            if two != one:
                both = shares[one] * shares[two] / (1 - shares[one])
                second[two] += both
                for three in range(k):
                    if three not in (one, two):
                        third[three] += both * shares[three] / (1 - shares[one] - shares[two])
    return np.asarray(first + (0.28 * second if k > 1 else 0) + (0.08 * third if k > 2 else 0), dtype=np.float64)


def _flow(world: World) -> tuple[Numbers, Chances, Numbers]:
    """Return for every kind of case the chats a day with all returns, what is true of it, and who asks the assistant.

    A chat returns with chance c, a conversation elsewhere with p (people): R returns a first contact, of which a share
    comes elsewhere, solve R = c (1 + (1 − e) R) + p e R.
    """
    rate, cases = _kinds(world)
    true = chances(world, cases)
    asks = np.array(world.asks_assistant)[cases.hard]
    chat = asks * true.comes_back[AI] + (1 - asks) * true.comes_back[PEOPLE]
    returns = chat / (1 - (1 - OTHER_CHANNEL) * chat - OTHER_CHANNEL * true.comes_back[PEOPLE])
    return rate * (1 + (1 - OTHER_CHANNEL) * returns), true, asks


TRUTHS: dict[str, Callable[[World, Drawn, View, Chances, Any], float]] = {
    "share": _share,
    "volume": _volume,
    "coverage": _coverage,
    "time": _time,
    "repeats": _repeats,
    "first_contact": _first_contact,
    "accuracy": _accuracy,
    "cost": _cost,
    "satisfaction": _satisfaction,
    "availability": _availability,
    "person": _person,
    "savings": _savings,
}
