"""Always-valid intervals: they hold at all times at once, whatever hangs together within a conversation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.stats import wilson
from chatparity.stats.sequence import (
    STAKES,
    RatioSequence,
    difference_sequence,
    log_capital_path,
    rate_sequence,
)

RICH = math.log(2 / 0.05)


def drawn(
    rng: np.random.Generator, rate: float, size: int, correlation: float, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (good, sizes) of n conversations of up to `size` answers, alike within by `correlation`."""
    sizes = rng.integers(1, size + 1, n)
    scale = (1 - correlation) / correlation if correlation else 0.0
    of_each = rng.beta(rate * scale, (1 - rate) * scale, n) if correlation else np.full(n, rate)
    return rng.binomial(sizes, of_each), sizes


@pytest.mark.parametrize("rate", [0.5, 0.9, 0.97])
@pytest.mark.parametrize(("size", "correlation"), [(1, 0.0), (4, 0.2), (4, 0.6)])
def test_the_truth_is_never_left_out_at_any_time_in_at_least_95_percent(
    rate: float, size: int, correlation: float
) -> None:
    rng = np.random.default_rng(5)
    repeats, missed = 400, [0, 0]
    for _ in range(repeats):
        good, sizes = drawn(rng, rate, size, correlation, 600)
        above, below = log_capital_path(good, sizes, rate, largest=size)
        missed[0] += bool(above.max() >= RICH)
        missed[1] += bool(below.max() >= RICH)
    assert sum(missed) / repeats <= 0.05
    assert max(missed) / repeats <= 0.04


def test_longer_conversations_may_be_better_or_worse_and_the_rate_of_answers_is_still_covered() -> None:
    rng = np.random.default_rng(6)
    repeats, missed = 300, 0
    for _ in range(repeats):
        sizes = rng.integers(1, 5, 500)
        good = rng.binomial(sizes, np.where(sizes > 2, 0.99, 0.8))
        truth = (0.99 * 7 + 0.8 * 3) / 10
        above, below = log_capital_path(good, sizes, truth, largest=4)
        missed += bool(max(above.max(), below.max()) >= RICH)
    assert missed / repeats <= 0.05


def test_paired_differences_are_covered_at_all_times_too() -> None:
    rng = np.random.default_rng(7)
    repeats, missed = 400, 0
    for _ in range(repeats):
        sizes = rng.integers(1, 4, 500)
        kind = rng.choice([1, 0, -1], p=[0.03, 0.91, 0.06], size=(500, 3))
        sums = np.where(np.arange(3) < sizes[:, None], kind, 0).sum(axis=1)
        above, below = log_capital_path(sums, sizes, -0.03, largest=3, bottom=-1.0)
        missed += bool(max(above.max(), below.max()) >= RICH)
    assert missed / repeats <= 0.05


def test_looking_at_a_fixed_interval_after_every_conversation_would_be_wrong_far_more_often() -> None:
    rng = np.random.default_rng(8)
    wrong = 0
    for _ in range(200):
        counted = np.cumsum(rng.random(500) < 0.9)
        looks = [wilson(int(counted[n - 1]), n) for n in range(20, 501, 20)]
        wrong += any(low > 0.9 or high < 0.9 for low, high in looks)
    assert wrong / 200 > 0.15


def test_the_capital_is_the_mean_over_the_stakes_of_the_products_of_the_bets() -> None:
    good, sizes, value = [1, 3, 0, 2], [1, 3, 2, 2], 0.7
    above, below = log_capital_path(good, sizes, value, largest=3)
    up = np.mean(
        [np.prod([1 + u / (0.7 * 3) * (g - value * m) for g, m in zip(good, sizes, strict=True)]) for u in STAKES]
    )
    down = np.mean(
        [np.prod([1 - u / (0.3 * 3) * (g - value * m) for g, m in zip(good, sizes, strict=True)]) for u in STAKES]
    )
    assert math.exp(above[-1]) == pytest.approx(up)
    assert math.exp(below[-1]) == pytest.approx(down)
    sequence = RatioSequence(largest=3)
    sequence.add(good, sizes)
    assert sequence.evidence(value) == pytest.approx((above[-1], below[-1]))


@given(
    st.lists(st.integers(0, 4).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m))), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_the_order_does_not_matter_and_the_edges_are_where_the_gambler_gets_rich(
    clusters: list[tuple[int, int]], random: object
) -> None:
    found = rate_sequence([g for g, _ in clusters], [m for _, m in clusters], largest=4)
    mixed = list(clusters)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    again = RatioSequence(largest=4)
    for good, size in mixed:
        again.add([good], [size])
    assert again.interval() == found
    if found.estimate is None or found.low is None or found.high is None:
        return
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    if found.low > 0:
        assert again.evidence(found.low * 0.999)[0] >= RICH
        assert again.evidence(min(found.low * 1.001 + 1e-6, 1.0))[0] < RICH + 0.1


def test_it_is_wider_than_one_look_and_narrows_with_the_conversations() -> None:
    widths = []
    for n in (100, 400, 1600):
        found = rate_sequence([1] * (n * 9 // 10) + [0] * (n // 10), [1] * n)
        low, high = wilson(n * 9 // 10, n)
        assert found.low is not None
        assert found.high is not None
        assert found.low < low
        assert high < found.high
        widths.append(found.high - found.low)
    assert widths[2] < 0.6 * widths[1] < 0.4 * widths[0]


def test_a_difference_of_nothing_but_agreement_narrows_as_well() -> None:
    found = difference_sequence([0] * 400, [1] * 400)
    assert found.estimate == 0
    assert found.low == pytest.approx(-0.02, abs=0.01)
    assert found.high == pytest.approx(0.02, abs=0.01)


def test_nothing_seen_is_no_interval() -> None:
    assert rate_sequence([], []).low is None
    assert rate_sequence([0, 0], [0, 0], largest=2).estimate is None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: RatioSequence(largest=0), "largest: expected at least 1, got 0"),
        (lambda: RatioSequence(largest=1, bottom=1.0, top=0.0), "expected bottom < top"),
        (lambda: rate_sequence([1], [3], largest=2), r"sizes: expected 0 to 2 \(largest\), got 3"),
        (lambda: rate_sequence([4], [3], largest=4), "sums: expected 0.0 to 1.0 an answer, got 4 of 3"),
        (lambda: rate_sequence([1], [], largest=4), "expected the same length, got 1 and 0"),
        (lambda: rate_sequence([1], [1], confidence=1.0), "got 1.0"),
        (lambda: log_capital_path([1], [1], 1.0, largest=1), "between 0.0 and 1.0, got 1.0"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
