"""The shape of the source: imports point down, there is no cycle, and starting loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "chatparity"
HEAVY = ("deepeval", "openai", "sklearn", "matplotlib", "duckdb", "ray", "starlette", "scipy", "statsmodels", "aiohttp")
FLOORS = [
    {"errors", "invalid", "naming", "transcript", "splits", "exchange", "points", "__init__"},
    {"jsonl", "likeness", "stats", "suite"},
    {"agents", "judge", "importers", "checks", "suite_reports"},
    {"grading", "replay", "learned"},
    {"run"},
    {"gate", "sample", "audit", "starter", "licence", "calibrate", "mutate", "claims"},
    {"review", "sandbox", "estimate", "failures"},
    {"cli", "pytest_plugin", "_pytest", "__main__"},
]


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Every module of chatparity that a file imports, anywhere in it; `from package import module` names the module."""
    modules = {module_name(one) for one in SOURCE.rglob("*.py")}
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            found |= inside or {node.module}
    return {name for name in found if name.split(".")[0] == "chatparity"}


def floor(module: str) -> int:
    top = module.split(".")[1] if "." in module else "__init__"
    return next(number for number, names in enumerate(FLOORS) if top in names)


def test_every_module_stands_on_a_floor_and_imports_point_down() -> None:
    upward = [
        f"{module_name(path)} imports {target}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path != SOURCE / "__init__.py"
        for target in sorted(imports(path))
        if floor(target) > floor(module_name(path))
    ]
    assert upward == []


def test_no_import_goes_round_in_a_circle() -> None:
    graph = {module_name(path): imports(path) - {module_name(path)} for path in SOURCE.rglob("*.py")}
    graph["chatparity"] = set()
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"imports go round: {' -> '.join(error.args[1])}")


def test_statistics_import_nothing_but_statistics() -> None:
    allowed = {"numpy", "scipy", "statsmodels", "sklearn", "chatparity"}
    for path in (SOURCE / "stats").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in names:
                top = name.split(".")[0]
                assert top in allowed | set(sys.stdlib_module_names), f"{path.name} imports {name}"


def test_the_library_names_no_file_of_the_suite() -> None:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in {"graders", "reports", "evals", "datasets"}, path


def test_the_four_folders_are_no_packages() -> None:
    root = SOURCE.parents[1]
    assert [
        one for name in ("graders", "reports", "evals", "datasets") for one in (root / name).rglob("__init__.py")
    ] == []


@pytest.mark.parametrize(
    "code",
    [
        "import chatparity",
        "import chatparity.cli; chatparity.cli.main(['--help'])",
        "import chatparity.pytest_plugin",
    ],
)
def test_starting_loads_none_of_the_heavy_parts(code: str, tmp_path: Path) -> None:
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('LOADED', *sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rsplit("LOADED", 1)[1].split())
    assert loaded & set(HEAVY) == set()


def test_importing_the_package_loads_no_third_party_at_all(tmp_path: Path) -> None:
    script = "import sys; before = set(sys.modules); import chatparity; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    tops = {name.split(".")[0] for name in done.stdout.split()}
    assert tops <= set(sys.stdlib_module_names) | {"chatparity"}


def test_an_unrelated_pytest_session_loads_none_of_the_heavy_parts(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        f"import sys\ndef test_one():\n    assert sorted(set({HEAVY!r}) & set(sys.modules)) == []\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:deepeval", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_public_name_is_fetched_when_it_is_first_used() -> None:
    import chatparity

    assert chatparity.Score.passed("fine").verdict == "pass"
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        chatparity.Nonsense  # noqa: B018
