"""The mixture: its probabilities are exact whatever the kinds overlap in, its size is what was asked for."""

from __future__ import annotations

import math
from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given

from chatparity.errors import UsageError
from chatparity.sample.mixture import Cell, MixDesign, MixDraw, parse_mix

KINDS = [
    frozenset({"failures"} if number % 7 == 0 else ()) | frozenset({"risk"} if number % 5 == 0 else ())
    for number in range(120)
]
MIX = {"uniform": 0.4, "failures": 0.3, "risk": 0.3}


def drawn(n: int, seed: int, *, order: list[int] | None = None, mix: dict[str, float] | None = None) -> list[int]:
    draw: MixDraw[int] = MixDraw(n, mix or MIX, seed)
    for place in order or range(len(KINDS)):
        draw.offer((f"talk-{place}", 1, 0), place, kinds=KINDS[place], stratum="ab"[place % 4 == 0])
    return [one.kept for one in draw.result()]


@pytest.mark.parametrize(
    ("mix", "n"),
    [
        (MIX, 15),
        ({"stratified": 0.6, "failures": 0.4}, 15),
        ({"uniform": 0.2, "stratified": 0.3, "risk": 0.5}, 40),  # more of the risks than there are
    ],
)
def test_every_exchange_is_drawn_as_often_as_its_probability_says(mix: dict[str, float], n: int) -> None:
    repeats = 3000
    counts = Counter(one for seed in range(repeats) for one in drawn(n, seed, mix=mix))
    draw: MixDraw[int] = MixDraw(n, mix, 0)
    for place, kinds in enumerate(KINDS):
        draw.offer((str(place), 1, 0), place, kinds=kinds, stratum="ab"[place % 4 == 0])
    chances = draw.design.probabilities
    by_cell: Counter[Cell] = Counter()
    for place, kinds in enumerate(KINDS):
        cell = Cell(tuple(sorted(kinds & mix.keys())), "ab"[place % 4 == 0] if "stratified" in mix else "")
        by_cell[cell] += counts[place]
        error = math.sqrt(chances[cell] * (1 - chances[cell]) / repeats)
        assert abs(counts[place] / repeats - chances[cell]) <= 4.5 * error
    # What is taken of a cell is its part rounded, so the cell's mean hardly strays: a tighter test of the same.
    for cell, wanted in draw.design.allocation.items():
        assert by_cell[cell] / repeats == pytest.approx(wanted, abs=4.5 * 0.5 / math.sqrt(repeats))


def test_what_is_of_two_kinds_is_sought_by_both() -> None:
    cells = {
        Cell((), ""): 900,
        Cell(("failures",), ""): 50,
        Cell(("failures", "risk"), ""): 10,
        Cell(("risk",), ""): 40,
    }
    chances = MixDesign(50, MIX, cells).probabilities
    both, none = chances[Cell(("failures", "risk"), "")], chances[Cell((), "")]
    assert none == pytest.approx(20 / 1000)
    assert both == pytest.approx(20 / 1000 + 15 / 60 + 15 / 50)
    assert chances[Cell(("failures",), "")] == pytest.approx(20 / 1000 + 15 / 60)


def test_strata_get_equal_parts_of_the_stratified_share() -> None:
    cells = {Cell((), "language en"): 9000, Cell((), "language sv"): 500, Cell((), "language ar"): 500}
    wanted = MixDesign(90, {"stratified": 1.0}, cells).allocation
    assert list(wanted.values()) == pytest.approx([30, 30, 30])


@given(
    st.dictionaries(
        st.builds(Cell, st.sampled_from([(), ("failures",), ("failures", "risk"), ("risk",)]), st.sampled_from("abc")),
        st.integers(1, 60),
        min_size=1,
    ),
    st.integers(1, 80),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([{"uniform": 1.0}, MIX, {"stratified": 0.5, "failures": 0.5}, {"uniform": 0.01, "risk": 0.99}]),
)
def test_whatever_the_cells_the_sample_is_as_large_as_asked_for_and_no_probability_is_0_or_above_1(
    cells: dict[Cell, int], n: int, u: float, mix: dict[str, float]
) -> None:
    design = MixDesign(n, mix, cells)
    counts = design.rounded(u)
    size = min(n, sum(cells.values()))
    assert sum(counts.values()) == size
    assert all(0 <= count <= cells[cell] for cell, count in counts.items())
    assert math.fsum(design.allocation.values()) == pytest.approx(size)
    assert all(0 < chance <= 1 for chance in design.probabilities.values())
    assert all(abs(counts[cell] - one) < 1 + 1e-6 for cell, one in design.allocation.items())


def test_the_weights_of_a_sample_add_up_to_the_population_on_average() -> None:
    design = MixDraw[int](20, MIX, 0)
    for place, kinds in enumerate(KINDS):
        design.offer((str(place), 1, 0), place, kinds=kinds)
    chances = design.design.probabilities
    sums = [sum(1 / chances[Cell(tuple(sorted(KINDS[one])), "")] for one in drawn(20, seed)) for seed in range(300)]
    assert sum(sums) / len(sums) == pytest.approx(120, rel=0.03)


def test_the_same_seed_draws_the_same_whatever_the_order_of_the_files_and_another_seed_another() -> None:
    backwards = list(reversed(range(len(KINDS))))
    assert drawn(20, 1) == drawn(20, 1, order=backwards)
    assert set(drawn(20, 1)) != set(drawn(20, 2))


def test_no_more_than_n_of_each_cell_are_kept() -> None:
    draw: MixDraw[int] = MixDraw(5, MIX, 0)
    for place in range(3000):
        draw.offer((str(place), 0, 0), place, kinds=KINDS[place % 120])
    assert max(len(heap) for heap in draw._smallest.values()) == 5
    assert draw.population == 3000


def test_a_kind_that_nothing_is_of_leaves_its_share_to_all() -> None:
    assert len(drawn(30, 1, mix={"uniform": 0.5, "novelty": 0.5})) == 30


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uniform=0.5,luck=0.5", 'a kind of uniform, stratified, failures, .*got "luck=0.5"'),
        ("uniform", 'expected KIND=SHARE .*got "uniform"'),
        ("uniform=half,failures=0.5", 'uniform: expected a share above 0 and up to 1, got "half"'),
        ("uniform=0,failures=1", "uniform: expected a share above 0"),
        ("uniform=nan", "uniform: expected a share above 0"),
        ("uniform=0.5,failures=0.4", "add up to 1, got 0.9"),
        ("failures=0.5,risk=0.5", "expected a share of uniform or stratified"),
        ("uniform=0.5,uniform=0.5", "got uniform twice"),
        ("", "expected KIND=SHARE"),
    ],
)
def test_a_mix_that_cannot_be_drawn_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_mix(text)


def test_a_field_of_too_many_values_is_no_stratum() -> None:
    draw: MixDraw[int] = MixDraw(5, {"stratified": 1.0}, 0)
    for place in range(500):
        draw.offer((str(place), 0, 0), place, kinds=frozenset(), stratum=f"intent {place}")
    with pytest.raises(UsageError, match="more than 500 strata"):
        draw.offer(("500", 0, 0), 500, kinds=frozenset(), stratum="intent 500")


def test_a_mix_is_read_as_it_is_written() -> None:
    assert parse_mix("uniform=0.5, failures=0.3,risk=0.2") == {"uniform": 0.5, "failures": 0.3, "risk": 0.2}
