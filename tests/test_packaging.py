"""The wheel holds the library and its suite, and nothing of a working checkout."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(folder: Path, target: str, out: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    [made] = out.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as a release is built: from the sdist, so that what git ignores cannot slip in."""
    planted = ROOT / "reports" / "runs" / "planted-by-a-test"
    planted.mkdir(parents=True, exist_ok=True)
    try:
        (planted / "replies.jsonl").write_text("{}\n")
        sdist = build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))
    finally:
        (planted / "replies.jsonl").unlink()
        planted.rmdir()
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    [source] = unpacked.iterdir()
    return build(source, "wheel", tmp_path_factory.mktemp("wheel"))


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_has_one_package_and_its_own_information(wheel: Path) -> None:
    assert {name.split("/")[0] for name in names(wheel)} == {"chatparity", "chatparity-0.1.0.dist-info"}


def test_the_wheel_carries_the_four_folders_of_the_suite(wheel: Path) -> None:
    packed = names(wheel)
    for name in ("graders/accuracy.py", "reports/report.py", "evals/suite.toml", "datasets/policies/handover.md"):
        assert f"chatparity/_suite/{name}" in packed
    assert any(name.startswith("chatparity/_suite/datasets/support/") for name in packed)


def test_no_run_cache_or_bytecode_is_packed(wheel: Path) -> None:
    unwanted = ("runs/", "judge-cache", "__pycache__", ".pyc", "planted")
    assert [name for name in names(wheel) if any(part in name for part in unwanted)] == []


def test_data_files_of_the_library_are_packed(wheel: Path) -> None:
    packed = set(names(wheel))
    inside = (ROOT / "src").rglob("*")
    files = [path for path in inside if path.is_file() and "__pycache__" not in path.parts]
    assert [str(path) for path in files if path.relative_to(ROOT / "src").as_posix() not in packed] == []
