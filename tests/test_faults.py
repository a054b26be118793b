"""Each answer fault of the sandbox turns red exactly the gates that are declared for it, in `pytest evals/` itself."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "faults.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("faults", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FAULTS = load()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", sorted(FAULTS.declared()))
def test_a_fault_turns_exactly_its_gates_red(fault: str, tmp_path: Path) -> None:
    assert set(FAULTS.red_gates(f"sandbox:{fault}=0.5", tmp_path)) == FAULTS.declared()[fault]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_without_a_fault_nothing_is_red(tmp_path: Path) -> None:
    assert FAULTS.red_gates("sandbox", tmp_path) == {}
