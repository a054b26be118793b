"""Two sides on the same exchanges: who was right, and how likely a difference is by chance alone."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar

from chatparity.gate.compare import chance, duel
from chatparity.gate.measure import Pairs, difference_of
from chatparity.grading.rows import Arm, ScoreRow

sides = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=12, max_size=60)


def score(number: int, arm: Arm, good: bool | None) -> ScoreRow:
    return ScoreRow(
        id=f"c{number}",
        turn=1,
        trial=0,
        arm=arm,
        grader="accuracy",
        dimension="accuracy",
        state="errored" if good is None else "graded",
        cluster=f"c{number // 2}",
        slices={},
        metrics={"rate": good},
    )


def pairs_of(seen: list[tuple[bool, bool]]) -> Pairs:
    return Pairs(
        [score(number, "ai", mine) for number, (mine, _) in enumerate(seen)],
        [score(number, "human", other) for number, (_, other) in enumerate(seen)],
    )


@given(sides)
def test_wins_ties_and_losses_add_up_and_p_is_that_of_statsmodels(seen: list[tuple[bool, bool]]) -> None:
    found = duel(pairs_of(seen), "rate")
    assert found.won + found.tied + found.lost == found.n == len(seen)
    table = [[found.both, found.won], [found.lost, found.neither]]
    expected = mcnemar(table, exact=True).pvalue if found.won + found.lost else None
    assert found.p == (None if expected is None else pytest.approx(min(expected, 1.0)))


def test_trials_of_one_message_are_counted_and_have_no_p() -> None:
    pairs = pairs_of([(True, False)] * 9)
    again = [msgspec.structs.replace(row, id="t", turn=1, trial=trial) for trial, row in enumerate(pairs.mine)]
    repeated = duel(Pairs(again, pairs.other), "rate")
    assert (repeated.won, repeated.p, repeated.repeated) == (9, None, True)
    once = duel(pairs, "rate")
    assert once.p == pytest.approx(2 / 2**9)
    assert not once.repeated


def test_of_something_bad_the_side_that_did_not_do_it_wins() -> None:
    found = duel(pairs_of([(False, True)] * 3 + [(True, False)]), "rate", good_is_high=False)
    assert (found.won, found.lost) == (3, 1)


def test_a_pair_without_a_score_on_one_side_is_no_tie() -> None:
    pairs = Pairs([score(0, "ai", None), score(1, "ai", True)], [score(0, "human", True), score(1, "human", True)])
    assert duel(pairs, "rate").n == 1


@settings(max_examples=40, deadline=None)
@given(sides)
def test_chance_is_small_exactly_where_the_interval_is_clear_of_zero(seen: list[tuple[bool, bool]]) -> None:
    pairs = pairs_of(seen)
    rate = difference_of(pairs, "rate", 0.95).rate
    p = chance(pairs, "rate")
    assert p is not None
    assert rate.low is not None
    assert rate.high is not None
    assert (p < 0.05) == (rate.low > 0 or rate.high < 0)


def test_at_the_confidence_of_its_chance_the_interval_just_reaches_zero() -> None:
    pairs = pairs_of([(False, True)] * 16 + [(True, False)] * 3 + [(True, True)] * 40)
    p = chance(pairs, "rate")
    assert p is not None
    assert 0 < p < 0.05
    rate = difference_of(pairs, "rate", 1 - p).rate
    assert rate.high == pytest.approx(0, abs=1e-3)


def test_one_cluster_has_no_interval_and_so_no_chance() -> None:
    assert chance(pairs_of([(True, False), (False, True)]), "rate") is None
