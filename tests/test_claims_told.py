"""How a claim is told: figures in their unit, verdicts by the interval, and what would tell."""

from __future__ import annotations

import datetime as dt

from chatparity.claims.about import interval_text, number_text

from .claims_worlds import CASES, TODAY, logs_of, measured

DAY = 86400.0
NAN = float("nan")


def test_figures_are_written_in_their_unit_with_one_sign() -> None:
    assert number_text(0.66666, "share") == "66.7\u00a0%"
    assert number_text(-0.00001, "points") == "0.0\u00a0points"
    assert number_text(-0.03, "points") == "−3.0\u00a0points"
    assert number_text(130, "seconds") == "2.17\u00a0min"
    assert number_text(39_970_000, "USD") == "40.0\u00a0million\u00a0USD"
    assert interval_text(40, 200, "seconds", 130) == "[0.67,\u00a03.33]"
    assert interval_text(None, 1, "share") == "[no interval]"


def test_a_claim_without_a_figure_still_says_what_it_asks_in_its_unit() -> None:
    logs = logs_of(customer=["a"])
    told = {name: measured(logs, name).threshold.replace("\u00a0", " ") for name in CASES}
    assert told["minutes-under-two"] == "at most 2.00 min"
    assert told["first-contact"] == "at least 17.0 points"
    assert told["accuracy"] == "at least 15.0 %"
    assert told["agents-700"] == "at least 700 agents"
    assert told["money-40-million"] == "at least 40.0 million USD"
    assert told["satisfaction"] == "no more than 2 points lower"


def test_an_interval_on_the_good_side_supports_on_the_bad_side_contradicts_and_across_cannot_tell() -> None:
    logs = logs_of(customer=[f"c{n}" for n in range(400)], handled_by=["ai"] * 200 + ["human"] * 200)
    for changes, verdict in (
        ({"at_least": 0.4}, "supported"),
        ({"at_least": 0.6}, "contradicted"),
        ({"at_least": 0.5}, "cannot be told"),
        ({"at_least": None, "at_most": 0.6}, "supported"),
        ({"at_least": None, "at_most": 0.4}, "contradicted"),
        ({"at_least": None, "about": 0.5, "within": 0.1}, "supported"),
        ({"at_least": None, "about": 0.7, "within": 0.1}, "contradicted"),
        ({"at_least": None, "about": 0.5, "within": 0.01}, "cannot be told"),
    ):
        assert measured(logs, "share-two-thirds", **changes).verdict == verdict, changes


def test_a_claim_that_cannot_be_told_says_how_many_conversations_would_tell() -> None:
    logs = logs_of(customer=[f"c{n}" for n in range(400)], handled_by=["ai"] * 200 + ["human"] * 200)
    result = measured(logs, "share-two-thirds", at_least=0.48)
    assert result.needs == (
        "about 2,400 conversations of the same kind, if the figure stays where it is (400 were used)",
    )


def test_after_its_last_day_a_verdict_no_longer_passes() -> None:
    logs = logs_of(customer=[f"c{n}" for n in range(50)], handled_by=["ai"] * 50, started_at=[1.78e9] * 50)
    fresh = measured(logs, "share-two-thirds", expires=TODAY)
    assert (fresh.verdict, fresh.expired, fresh.effect) == ("supported", False, "PASS")
    stale = measured(logs, "share-two-thirds", expires=TODAY - dt.timedelta(days=1))
    assert (stale.verdict, stale.expired, stale.effect) == ("supported", True, "INCONCLUSIVE")
    # The logs end on 2026-05-28.
    assert measured(logs, "share-two-thirds", good_for_days=3).expires == dt.date(2026, 5, 31)
    assert measured(logs, "share-two-thirds", good_for_days=90, expires=TODAY).expires == TODAY
