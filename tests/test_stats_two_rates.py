"""McNemar, Newcombe, and Farrington and Manning, held against programs and published examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from statsmodels.stats import proportion
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from chatparity.stats import farrington_manning, mcnemar, newcombe_difference, newcombe_paired


@pytest.mark.parametrize(("first_only", "second_only"), [(1, 7), (0, 5), (12, 12), (30, 18)])
def test_the_exact_mcnemar_test_is_that_of_statsmodels(first_only: int, second_only: int) -> None:
    reference = reference_mcnemar([[40, first_only], [second_only, 9]], exact=True)
    assert mcnemar(first_only, second_only, mid_p=False).p_value == pytest.approx(float(reference.pvalue))


def test_mid_p_is_the_published_one() -> None:
    # Fagerland, Lydersen, Laake (2013), airway hyper-responsiveness: 1 and 7 discordant, exact 0.070, mid-p 0.039;
    # R: contingencytables::McNemar_midP_test_paired_2x2(bentur_2009)
    assert mcnemar(1, 7, mid_p=False).p_value == pytest.approx(0.0703, abs=5e-5)
    assert mcnemar(1, 7).p_value == pytest.approx(0.0391, abs=5e-5)


def test_pairs_that_never_differ_are_no_evidence() -> None:
    assert mcnemar(0, 0).p_value == mcnemar(0, 0, mid_p=False).p_value == 1


def test_newcombes_interval_for_independent_rates_is_that_of_statsmodels() -> None:
    for counts in ((56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20)):
        reference = proportion.confint_proportions_2indep(*counts, method="newcomb", compare="diff")
        assert newcombe_difference(*counts) == pytest.approx(reference, abs=1e-10)


@pytest.mark.parametrize(
    ("cells", "published"),
    [
        # R: contingencytables::Newcombe_square_and_add_CI_paired_2x2(cavo_2012), printed to four places
        ((59, 6, 16, 80), (-0.1186, -0.0046)),
        # Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10
        ((36, 12, 2, 0), (0.0569, 0.3404)),
    ],
)
def test_newcombes_paired_interval_is_the_published_one(
    cells: tuple[int, int, int, int], published: tuple[float, float]
) -> None:
    assert newcombe_paired(*cells) == pytest.approx(published, abs=5e-5)


@pytest.mark.parametrize("counts", [(90, 100, 95, 100), (70, 90, 60, 110), (30, 80, 45, 90), (19, 20, 40, 40)])
def test_farrington_manning_uses_the_likeliest_rates_on_the_margin(counts: tuple[int, int, int, int]) -> None:
    # statsmodels 0.15.0 has another cubic than the paper's for a difference other than 0 (count for n in one term);
    # so the oracle is the likelihood itself, maximised by another program.
    good_1, n_1, good_2, n_2 = counts
    margin = 0.1

    def cost(second: float) -> float:
        pairs = ((good_1, n_1, second - margin), (good_2, n_2, second))
        return -sum(good * math.log(rate) + (n - good) * math.log(max(1 - rate, 1e-300)) for good, n, rate in pairs)

    second = float(minimize_scalar(cost, bounds=(margin, 1), method="bounded", options={"xatol": 1e-12}).x)
    first = second - margin
    error = math.sqrt(first * (1 - first) / n_1 + second * (1 - second) / n_2)
    statistic = (good_1 / n_1 - good_2 / n_2 + margin) / error
    found = farrington_manning(*counts, margin=margin)
    assert (found.first_under, found.second_under) == pytest.approx((first, second), abs=1e-6)
    assert found.statistic == pytest.approx(statistic, abs=1e-5)
    assert found.p_value == pytest.approx(float(norm.sf(statistic)), abs=1e-6)


def test_at_no_margin_it_is_the_pooled_score_test_of_statsmodels() -> None:
    reference = proportion.test_proportions_2indep(
        56, 70, 48, 80, method="score", compare="diff", correction=False, alternative="larger"
    )
    assert farrington_manning(56, 70, 48, 80, margin=0).p_value == pytest.approx(float(reference.pvalue), rel=1e-9)


def test_two_perfect_records_have_the_published_closed_form() -> None:
    # W. N. Anderson (2022), arXiv:2205.03460: both 1, the likeliest rates are 1 - margin and 1.
    found = farrington_manning(100, 100, 100, 100, margin=0.1)
    assert (found.first_under, found.second_under) == pytest.approx((0.9, 1.0))
    assert found.statistic == pytest.approx(0.1 / math.sqrt(0.9 * 0.1 / 100))


def test_on_the_margin_the_tests_err_as_seldom_as_they_promise() -> None:
    rng = np.random.default_rng(1)
    repeats, wrong, mid_p = 1500, 0, 0
    for _ in range(repeats):
        good_1, good_2 = int(rng.binomial(120, 0.8)), int(rng.binomial(120, 0.9))
        wrong += farrington_manning(good_1, 120, good_2, 120, margin=0.1).p_value <= 0.05
        first_only = int(rng.binomial(25, 0.5))
        mid_p += mcnemar(first_only, 25 - first_only).p_value <= 0.05
    # Three standard errors above the promised 5 %.
    assert wrong / repeats <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repeats)
    assert 0.01 <= mid_p / repeats <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repeats)


def test_newcombes_paired_interval_covers_where_pairs_correlate() -> None:
    rng = np.random.default_rng(2)
    repeats, hits = 1500, 0
    for _ in range(repeats):
        cells = rng.multinomial(60, [0.7, 0.12, 0.06, 0.12])
        low, high = newcombe_paired(*(int(one) for one in cells))
        hits += low <= 0.06 <= high
    assert hits / repeats >= 0.93


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: mcnemar(-1, 2), "got -1 and 2"),
        (lambda: newcombe_difference(3, 2, 1, 2), "got 3"),
        (lambda: newcombe_paired(0, 0, 0, 0), "not all 0"),
        (lambda: farrington_manning(1, 2, 1, 2, margin=1), "margin: expected a share from 0 to below 1, got 1"),
    ],
)
def test_a_count_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
