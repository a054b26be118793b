"""The estimators of the ledger against hand counts and reference implementations."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from chatparity.claims.contacts import seen
from chatparity.claims.demo import draw
from chatparity.claims.file import Arm, ArmsTable
from chatparity.claims.logs import Words, made
from chatparity.claims.measure import measure_claim, measure_claims
from chatparity.claims.mix import Mix, clustered, common_mix, log_ratio, standardised
from chatparity.claims.result import CannotTell, ClaimResult
from chatparity.claims.survival import survival
from chatparity.stats import standardised_difference

from .claims_worlds import SMALL, TODAY, changed, claim_of, file_for, logs_of, measured

DAY = 86400.0
NAN = float("nan")


def part(result: ClaimResult, start: str) -> Any:
    [found] = [one for one in result.parts if one.name.startswith(start)]
    return found


# Repeat inquiries and the window.


def test_a_return_is_the_same_customer_with_the_same_matter_within_the_window_on_any_channel() -> None:
    begun = np.array([0, 3, 3.5, 4, 11.5, 40]) * DAY
    found = seen(
        Words.of(["a", "a", "b", "a", "a", "c"]),
        Words.of(["x", "x", "x", "y", "x", "x"]),
        begun,
        Words.of(["chat", "phone", "chat", "chat", "chat", "chat"]),
        7,
    )
    assert found.returned.tolist() == [True, False, False, False, False, False]
    assert found.elsewhere.tolist() == [True, False, False, False, False, False]


def test_the_end_of_the_log_censors_returns_and_its_beginning_censors_first_contacts() -> None:
    begun = np.array([0, 5, 10, 13, 20]) * DAY
    found = seen(Words.of(list("abcde")), Words.of(["x"] * 5), begun, None, 7)
    assert found.followed.tolist() == [True, True, True, True, False]
    assert found.first.tolist() == [False, False, True, True, True]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(0, 30)), min_size=1, max_size=25))
def test_returns_found_in_one_sorting_are_those_found_one_by_one(rows: list[tuple[str, str, int]]) -> None:
    rows = [(customer, intent, day + number / 1000) for number, (customer, intent, day) in enumerate(rows)]  # type: ignore[misc]
    begun = np.array([day for _, _, day in rows]) * DAY
    found = seen(Words.of([row[0] for row in rows]), Words.of([row[1] for row in rows]), begun, None, 7)
    for place, (customer, intent, day) in enumerate(rows):
        later = [one for one in rows if one[:2] == (customer, intent) and day < one[2] <= day + 7]
        assert found.returned[place] == bool(later)


def test_false_containment_counts_who_came_back_left_or_went_elsewhere() -> None:
    days = [0.0, 1, 2, 3, 4, 5, 30]
    logs = logs_of(
        customer=["a", "b", "c", "a", "b", "d", "e"],
        intent=["x"] * 7,
        started_at=[day * DAY for day in days],
        channel=["chat", "chat", "chat", "chat", "phone", "chat", "chat"],
        handled_by=["ai", "ai", "ai", "ai", "human", "ai", "both"],
        abandoned=[0.0, 0, 1, 0, 0, 0, 0],
    )
    result = measured(logs, "share-two-thirds")
    assert result.estimate == pytest.approx(5 / 7)
    assert part(result, "falsely contained").estimate == pytest.approx(3 / 5)
    assert part(result, "came back on the same").estimate == pytest.approx(1 / 5)
    assert part(result, "came back on another").estimate == pytest.approx(1 / 5)
    assert part(result, "left before").estimate == pytest.approx(1 / 5)
    assert result.naive is not None
    assert result.naive.estimate == pytest.approx(6 / 7)


# Standardised means and ratios.


def drawn_arms(seed: int, n: int = 600) -> tuple[Any, ...]:
    luck = np.random.default_rng(seed)
    strata = luck.integers(0, 4, n)
    first = luck.random(n) < 0.2 + 0.2 * strata
    values = (luck.random(n) < 0.3 + 0.1 * strata).astype(np.float64)
    return values, first, strata, np.arange(n)


def test_the_standardised_difference_is_that_of_the_library() -> None:
    values, first, strata, customers = drawn_arms(1)
    mix = common_mix(Words(strata, tuple("abcd")), first, customers, 0.8, ("a", "b"))
    means = [standardised(values, side, mix) for side in (first, ~first)]
    found = standardised_difference(
        values, first.tolist(), strata.tolist(), customers.tolist(), first=True, second=False
    )
    assert means[0].estimate - means[1].estimate == pytest.approx(found.standardised.estimate)
    assert means[0].estimate == pytest.approx(found.standardised.first)


def test_a_ratio_has_the_variance_that_resampling_finds() -> None:
    values, first, strata, customers = drawn_arms(2)
    mix = Mix(strata, np.bincount(strata) / len(strata), 1.0, ())
    found = log_ratio(standardised(values, first, mix), standardised(values, ~first, mix), customers, 0.95)
    assert found is not None
    luck = np.random.default_rng(3)
    ratios = []
    cells = [np.flatnonzero((strata == cell) & (first == side)) for cell in range(4) for side in (True, False)]
    for _ in range(1500):
        rows = np.concatenate([luck.choice(cell, len(cell)) for cell in cells])
        again = Mix(strata[rows], mix.weights, 1.0, ())
        pair = [standardised(values[rows], side[rows], again).estimate for side in (first, ~first)]
        ratios.append(np.log(pair[0] / pair[1]))
    half = (np.log(found[2]) - np.log(found[1])) / 2
    assert half == pytest.approx(1.96 * np.std(ratios), rel=0.08)


def test_a_customer_on_both_sides_is_counted_once_in_the_variance() -> None:
    influence = np.array([1.0, -1.0, 2.0])
    assert clustered(influence, np.array([0, 0, 1])) == 4.0
    assert clustered(influence, np.array([0, 1, 2])) == 6.0


def test_without_common_cases_there_is_no_mix_and_the_reason_names_the_largest() -> None:
    strata = Words(np.array([0] * 5 + [1] * 5), ("easy", "hard"))
    first = np.array([True] * 5 + [False] * 5)
    with pytest.raises(CannotTell, match=r"hold 0% of all, needs 80%; the largest others: easy \(5 and 0 customers"):
        common_mix(strata, first, np.arange(10), 0.8, ("the assistant", "people"))


# Times.


def censored(seed: int, n: int) -> tuple[Any, Any]:
    luck = np.random.default_rng(seed)
    done, gone = luck.exponential(10, n).round(1), luck.exponential(25, n).round(1)
    return np.minimum(done, gone), done <= gone


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_curve_and_its_variance_are_those_of_scipy(seed: int) -> None:
    at, event = censored(seed, 200)
    one = survival(at, event, np.zeros(200, np.int64), np.arange(200), np.ones(1), np.ones(200, bool))
    reference: Any = ecdf(CensoredData(uncensored=at[event], right=at[~event])).sf
    for time in (1.0, 5.0, 10.0, 20.0):
        assert one.curve(time) == pytest.approx(float(reference.evaluate(time)))
    with warnings.catch_warnings(action="ignore"):
        wanted = reference.confidence_interval().low.evaluate(10.0)
    spread = np.sqrt(clustered(one.influence(10.0), np.arange(200)))
    assert one.curve(10.0) - 1.96 * spread == pytest.approx(float(wanted), abs=0.004)


def test_the_median_and_the_mean_of_uncensored_times_are_the_plain_ones() -> None:
    at = np.random.default_rng(4).exponential(10, 301)
    one = survival(at, np.ones(301, bool), np.zeros(301, np.int64), np.arange(301), np.ones(1), np.ones(301, bool))
    assert one.quantile() == pytest.approx(np.median(at))
    mean = one.mean(1e6)
    assert mean.estimate == pytest.approx(at.mean())
    assert np.sqrt(clustered(mean.influence, np.arange(301))) == pytest.approx(at.std(ddof=1) / np.sqrt(301), rel=0.02)
    cut = np.minimum(at, 12.0)
    assert one.mean(12.0).estimate == pytest.approx(cut.mean())


def test_the_mean_up_to_a_horizon_is_the_area_under_the_weighted_curves() -> None:
    at, event = censored(5, 400)
    cells = np.arange(400) % 3
    weights = np.array([0.5, 0.3, 0.2])
    one = survival(at, event, cells, np.arange(400), weights, np.ones(400, bool))
    grid = np.linspace(0, 15, 60001)
    area = np.trapezoid([one.curve(time) for time in grid[::30]], grid[::30])
    assert one.mean(15.0).estimate == pytest.approx(area, rel=0.002)


def test_unresolved_conversations_make_the_median_longer_than_that_of_the_resolved() -> None:
    drawn = draw(changed(resolves_more=-0.3), 1)
    result = measure_claim(claim_of("minutes-under-two"), file_for(SMALL), drawn.logs, TODAY)
    assert result.naive is not None
    assert result.naive.estimate is not None
    assert result.estimate is not None
    assert result.estimate > 1.2 * result.naive.estimate
    assert "Ended without a resolution" in " ".join(result.notes)


def test_where_most_are_never_resolved_no_time_can_be_told() -> None:
    logs = draw(changed(customers=800), 1).logs
    resolved = np.where(np.arange(logs.n) % 10 == 0, 1.0, 0.0)
    seconds = np.where(resolved == 1, 50.0, 40.0) + (np.arange(logs.n) % 7).astype(np.float64)
    never = made({**logs.columns, "resolved": resolved, "handle_seconds": seconds})
    result = measure_claim(claim_of("minutes-under-two"), file_for(SMALL), never, TODAY)
    assert result.verdict == "cannot be told"
    assert result.reason.startswith("only 11% of the conversations of the assistant ended resolved")
    assert result.naive is not None


# Bounds.


def test_satisfaction_without_assumptions_has_the_bounds_of_manski() -> None:
    n = 800
    logs = logs_of(
        customer=[f"c{number}" for number in range(n)],
        handled_by=["ai" if number % 2 else "human" for number in range(n)],
        intent=["x"] * n,
        language=["en"] * n,
        difficulty=["easy"] * n,
        csat=[(5.0 if number % 8 < 6 else 2.0) if number % 5 else NAN for number in range(n)],
    )
    result = measured(logs, "satisfaction", silence=1.0)
    csat = logs.columns["csat"]
    assert isinstance(csat, np.ndarray)
    ends = []
    for odd in (1, 0):
        arm = csat[odd::2]
        said = np.isfinite(arm)
        happy = float((arm[said] >= 4).mean())
        ends.append((said.mean() * happy, said.mean() * happy + 1 - said.mean()))
    assert result.interval is not None
    assert result.interval[0] < ends[0][0] - ends[1][1]
    assert result.interval[1] > ends[0][1] - ends[1][0]
    assert result.interval[0] == pytest.approx(ends[0][0] - ends[1][1], abs=0.07)
    assert result.verdict == "cannot be told"
    near = measured(logs, "satisfaction", silence=0.0)
    assert near.interval is not None
    assert near.interval[1] - near.interval[0] < 0.15


def test_the_longest_absence_lies_between_what_is_proved_and_what_is_possible() -> None:
    week = range(150, 7 * 24 * 60 + 10, 10)  # a quiet rest of the week, for less of it shows nothing
    minutes = [0, 10, 20, 31, 42, 60, 70, 130, 140, *week]
    answered = [1.0, 1, 0, 0, 0, 1, 1, 1, 1, *[1.0] * len(week)]
    logs = logs_of(started_at=[60.0 * one for one in minutes], answered=answered)
    result = measured(logs, "around-the-clock", at_most=20.0)
    assert result.interval == (22.0, 60.0)
    assert result.verdict == "contradicted"
    assert measured(logs, "around-the-clock", at_most=30.0).verdict == "cannot be told"
    assert measured(logs, "around-the-clock", at_most=60.0).verdict == "supported"


def test_without_unanswered_conversations_in_the_logs_an_absence_is_never_proved() -> None:
    begun = [0.0, 600, *range(9000, 7 * 86400 + 600, 600)]
    logs = logs_of(started_at=begun, handled_by=["ai", "ai", *["both"] * (len(begun) - 2)])
    result = measured(logs, "around-the-clock", at_most=60.0)
    assert result.verdict == "cannot be told"
    assert result.interval == (0.0, 140.0)
    assert any(text.startswith("answered:") for text in result.needs)


def test_of_requests_that_were_all_honoured_the_exact_bound_on_the_ignored_is_the_rule_of_three() -> None:
    logs = logs_of(
        customer=[f"c{number}" for number in range(100)], person_asked_turn=[2.0] * 100, person_given_turn=[3.0] * 100
    )
    result = measured(logs, "always-a-human")
    ignored = part(result, "ignored")
    assert ignored.estimate == 0
    assert ignored.high == pytest.approx(1 - 0.05 ** (1 / 100))
    assert result.verdict == "cannot be told"


def test_a_request_honoured_too_late_counts_as_ignored() -> None:
    logs = logs_of(customer=list("abcd"), person_asked_turn=[2.0, 2, 2, NAN], person_given_turn=[4.0, 5, NAN, 7])
    result = measured(logs, "always-a-human", turns=2)
    assert result.n == 3
    assert result.estimate == pytest.approx(1 / 3)
    assert part(result, "never given").estimate == pytest.approx(1 / 3)


# Work and money.


def test_agents_are_hours_of_the_truly_contained_over_the_hours_that_an_agent_gives() -> None:
    n, days = 400, 37.0
    handler = ["ai" if number % 4 else "human" for number in range(n)]
    logs = logs_of(
        customer=[f"c{number}" for number in range(n)],
        started_at=[number / (n - 1) * days * DAY for number in range(n)],
        handled_by=handler,
        intent=["x"] * n,
        language=["en"] * n,
        difficulty=["easy"] * n,
        abandoned=[float(number % 8 == 1) for number in range(n)],
        effort_seconds=[NAN if one == "ai" else 600.0 + number % 7 for number, one in enumerate(handler)],
    )
    result = measured(logs, "agents-700")
    begun = logs.columns["started_at"]
    assert isinstance(begun, np.ndarray)
    followed = begun + 7 * DAY <= begun.max()
    kept = sum(followed[number] and handler[number] == "ai" and number % 8 != 1 for number in range(n))
    people = [600.0 + number % 7 for number in range(n) if followed[number] and handler[number] == "human"]
    hours = kept * np.mean(people) / 3600 * 30.4375 / 30
    assert result.estimate == pytest.approx(hours / (140 * 0.8 * 1.6))
    assert result.interval is not None
    assert result.interval[0] < hours / (150 * 0.85 * 2.0)
    assert result.interval[1] > hours / (130 * 0.7 * 1.0)
    bars = {bar.name: bar for bar in result.picture.bars}  # type: ignore[union-attr]
    assert bars["conversations that an agent has at once"].low == pytest.approx(hours / (140 * 0.8 * 1.0))
    assert bars["false containment"].high > bars["false containment"].low


# Counts, windows and arms.


def test_a_month_is_counted_from_whole_days_with_every_weekday_weighing_alike() -> None:
    # From the noon of a Monday: 4 chats on weekdays, 2 at weekends, for 20 days and a half.
    begin = 1_767_571_200.0
    begun = [
        begin + day * DAY + 3600.0 * hour
        for day in range(21)
        for hour in ((1, 7, 13, 19) if day % 7 < 5 else (8, 16))
        if (day > 0 or hour >= 12) and (day < 20 or hour < 12)
    ]
    logs = logs_of(customer=[f"c{n}" for n in range(len(begun))], started_at=begun, handled_by=["ai"] * len(begun))
    result = measured(logs, "conversations-a-month", at_least=1.0)
    assert result.estimate == pytest.approx((5 * 4 + 2 * 2) / 7 * 30.4375)
    assert result.verdict == "supported"
    assert [one.n for one in result.left_out] == [2 + 1]
    assert measured(logs, "conversations-a-month", until=dt.date(2026, 1, 12)).reason.startswith(
        "the logs hold 7 whole"
    )


def test_a_claim_may_be_about_a_window_and_returns_are_still_looked_for_after_it() -> None:
    days = [0.0, 3, 5, 40]
    begin = 1_767_571_200.0
    logs = logs_of(
        customer=["a", "a", "b", "c"],
        intent=["x"] * 4,
        started_at=[begin + day * DAY for day in days],
        handled_by=["ai"] * 4,
    )
    result = measured(logs, "share-two-thirds", since=dt.date(2026, 1, 5), until=dt.date(2026, 1, 6))
    assert result.n == 1
    assert part(result, "falsely contained").estimate == 1.0


def test_the_arms_may_be_before_and_after_instead_of_who_answered() -> None:
    drawn = draw(SMALL, 1)
    file = file_for(SMALL, claim_of("first-contact"))
    before = Arm(name="before", until=dt.date(2026, 1, 31))
    after = Arm(name="after", since=dt.date(2026, 2, 1))
    file = msgspec.structs.replace(file, arms=ArmsTable(first=after, second=before))
    [result] = measure_claims(file, drawn.logs, today=TODAY).claims
    assert result.verdict == "contradicted"
    assert result.interval is not None
    assert result.interval[0] < 0 < result.interval[1]
    assert [one.name for one in result.parts] == [
        "resolved at first contact, after",
        "resolved at first contact, before",
    ]


def test_arms_that_overlap_are_told_and_not_compared() -> None:
    drawn = draw(changed(customers=300), 1)
    file = file_for(SMALL, claim_of("repeat-inquiries"))
    everyone = Arm(name="everyone")
    file = msgspec.structs.replace(file, arms=ArmsTable(first=everyone, second=everyone))
    [result] = measure_claims(file, drawn.logs, today=TODAY).claims
    assert result.verdict == "cannot be told"
    assert "belong to both arms" in result.reason


# Verdicts, expiry, and what is missing.


FULL = draw(changed(customers=500), 1).logs


@settings(deadline=None, max_examples=25)
@given(st.sets(st.sampled_from(sorted(FULL.columns))))
def test_whatever_columns_are_missing_single_claims_cannot_be_told_and_nothing_breaks(missing: set[str]) -> None:
    left = {name: column for name, column in FULL.columns.items() if name not in missing}
    if not left:
        return
    ledger = measure_claims(file_for(SMALL), made(left), today=TODAY)
    assert len(ledger.claims) == len(file_for(SMALL).claim)
    for claim in ledger.claims:
        if claim.verdict == "cannot be told":
            assert claim.reason
        else:
            assert claim.interval is not None


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("share-two-thirds", "handled_by"),
        ("conversations-a-month", "started_at"),
        ("languages-35", "language"),
        ("minutes-under-two", "handle_seconds"),
        ("repeat-inquiries", "customer"),
        ("repeat-inquiries", "difficulty"),
        ("first-contact", "resolved"),
        ("accuracy", "accuracy"),
        ("cheaper-but-lower", "cost"),
        ("satisfaction", "csat"),
        ("around-the-clock", "started_at"),
        ("agents-700", "intent"),
        ("always-a-human", "person_asked_turn"),
    ],
)
def test_a_missing_field_is_named_with_its_meaning_as_the_data_that_would_tell(name: str, field: str) -> None:
    left = {one: column for one, column in FULL.columns.items() if one != field}
    result = measure_claim(claim_of(name), file_for(SMALL), made(left), TODAY)
    assert result.verdict == "cannot be told"
    assert result.reason == f"the logs have no {field}"
    assert result.needs[0].startswith(f"{field}: ")


def test_everything_left_out_is_counted() -> None:
    logs = logs_of(
        customer=list("abcdef"),
        intent=["x"] * 6,
        started_at=[0.0, DAY, 2 * DAY, 8 * DAY, 9 * DAY, NAN],
        handled_by=["ai", "human", "ai", None, "ai", "human"],
        abandoned=[0.0] * 6,
    )
    result = measured(logs, "share-two-thirds", counts="truly")
    assert result.n + sum(one.n for one in result.left_out) == 6
    assert [one.n for one in result.left_out] == [1, 2]
