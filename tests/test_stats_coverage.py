"""The promise of every interval: what is called 95 % holds the truth in at least 93 % of simulated samples."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "coverage.py"
QUICK = 400


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    spec = spec_from_file_location("benchmark_coverage", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


HARDEST = [(60, 1, 0.0, 0.9), (20, 0, 0.5, 0.5), (60, 0, 0.2, 0.97), (200, 0, 0.5, 0.9), (80, 4, 0.8, 0.9)]


@pytest.mark.parametrize(("n", "size", "icc", "rate"), HARDEST)
def test_the_chosen_interval_of_a_rate_keeps_its_promise(
    coverage: ModuleType, n: int, size: int, icc: float, rate: float
) -> None:
    cell = coverage.rate_cell(coverage.Shape(n, size, icc), rate, QUICK)
    assert cell.chosen.given == QUICK
    assert cell.kept, cell


def test_the_textbook_interval_breaks_it_on_the_same_samples(coverage: ModuleType) -> None:
    cell = coverage.rate_cell(coverage.Shape(80, 4, 0.8), 0.9, QUICK)
    normal, plain = cell.others
    assert normal.coverage < 0.8
    assert plain.coverage < 0.85


@pytest.mark.parametrize(("n", "size", "icc"), [(20, 1, 0.0), (60, 0, 0.2), (200, 0, 0.5), (80, 4, 0.8)])
@pytest.mark.parametrize("rates", [(0.97, 0.9), (0.8, 0.85)])
def test_the_paired_interval_keeps_its_promise(
    coverage: ModuleType, n: int, size: int, icc: float, rates: tuple[float, float]
) -> None:
    cell = coverage.paired_cell(coverage.Shape(n, size, icc), rates, 0.5, QUICK)
    assert cell.kept, cell


@pytest.mark.parametrize(("n", "size", "icc"), [(20, 1, 0.0), (60, 0, 0.5), (80, 4, 0.8)])
def test_the_unpaired_interval_keeps_its_promise(coverage: ModuleType, n: int, size: int, icc: float) -> None:
    cell = coverage.unpaired_cell(coverage.Shape(n, size, icc), (0.97, 0.9), QUICK)
    assert cell.kept, cell


@pytest.mark.parametrize(("n", "size", "icc"), [(60, 1, 0.0), (60, 0, 0.2), (80, 4, 0.5)])
def test_means_and_their_differences_keep_the_promise(coverage: ModuleType, n: int, size: int, icc: float) -> None:
    cells = list(coverage.mean_cells(coverage.Shape(n, size, icc), "scores", QUICK))
    assert [cell.kept for cell in cells] == [True, True, True], cells


def test_the_exact_interval_covers_at_least_what_it_says_at_every_n_and_rate(coverage: ModuleType) -> None:
    cells = list(coverage.exact_cells())
    assert len(cells) == 20
    assert min(cell.chosen.coverage for cell in cells) >= 0.95


def test_simulated_answers_have_the_rate_and_the_correlation_they_are_meant_to_have(coverage: ModuleType) -> None:
    import numpy as np

    for model in ("beta", "shared"):
        drawn, codes = coverage.Shape(40_000, 4, 0.5, model).draw(np.random.default_rng(4), (0.2, 0.8))
        answers = drawn.reshape(-1, 4)
        assert len(set(codes.tolist())) == 10_000
        assert float(answers.mean()) == pytest.approx(0.8, abs=0.01)
        assert float(np.corrcoef(answers[:, 0], answers[:, 3])[0, 1]) == pytest.approx(0.5, abs=0.04)


def test_the_benchmark_prints_its_tables_and_says_where_a_promise_is_broken(
    coverage: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    good = coverage.rate_cell(coverage.Shape(60, 1, 0.0), 0.9, 50)
    bad = coverage.Cell("  60 single", "0.9", coverage.Tally(0.9, 50, 2, 20, 9.0), (), 50)
    assert coverage.show("Rates", ("normal", "plain Wilson"), [good])
    assert not coverage.show("Rates", (), [good, bad])
    printed = capsys.readouterr().out
    assert "BELOW" in printed
    assert "covers at least 56.0 % (60 single: 0.9); misses low at most" in printed


@pytest.mark.slow
def test_every_cell_of_the_benchmark_keeps_its_promise_in_a_short_run() -> None:
    command = [sys.executable, str(BENCHMARK), "--quick", "--tables", "exact", "rates", "paired", "unpaired"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("cells: covers at least") == 4
