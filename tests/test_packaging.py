"""The wheel holds the library and its suite, and nothing of a working checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


PLANTED = ("reports/runs/planted/replies.jsonl", "graders/__pycache__/planted.pyc", "reports/judge-cache/planted.json")


def build(folder: Path, target: str, out: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    [made] = out.iterdir()
    return made


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the sdist as a release does, and leave in it what a working checkout gathers."""
    sdist = build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    [made] = unpacked.iterdir()
    for name in PLANTED:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("{}\n")
    return made


@pytest.fixture(scope="session")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as a release is built: from the sdist."""
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
    for folder in ("graders", "reports", "datasets/policies", "datasets/sandbox"):
        there = {path.name for path in (ROOT / folder).iterdir() if path.is_file() and path.name != ".keep"}
        inside = f"chatparity/_suite/{folder}/"
        found = {name.removeprefix(inside) for name in packed if name.startswith(inside)}
        assert {name for name in found if "/" not in name} == there


def test_the_wheel_carries_a_sample_of_the_transcripts_and_settings_that_fit_it(wheel: Path) -> None:
    data = "chatparity/_suite/datasets/"
    assert [name for name in names(wheel) if name.startswith(data) and name.endswith(".jsonl")] == [
        f"{data}sandbox/demo.jsonl",
        f"{data}support/starter/sample.jsonl",
    ]
    with zipfile.ZipFile(wheel) as archive:
        sample = archive.read(f"{data}support/starter/sample.jsonl").splitlines()
        settings = tomllib.loads(archive.read("chatparity/_suite/evals/suite.toml").decode())
    assert len(sample) == 25
    transcripts = (ROOT / "datasets" / "support" / "starter").glob("*.jsonl")
    assert set(sample) <= {line for file in transcripts for line in file.read_bytes().splitlines()}
    assert settings["suite"]["datasets"] == ["datasets/support/starter"]
    assert "placeholders" not in {gate["dimension"] for gate in settings["gate"]}
    assert wheel.stat().st_size < 3_000_000


def test_the_build_is_refused_where_the_sample_names_what_is_not_there(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "source"
    shutil.copytree(source, other)
    file = other / "datasets" / "support" / "starter" / "en.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(line for line in lines if b'"id":"en-0001"' not in line))
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "out")],
        cwd=other,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "sample_ids.txt names transcripts that are not there: en-0001" in done.stdout + done.stderr


def test_no_run_cache_or_bytecode_is_packed(wheel: Path) -> None:
    unwanted = ("runs/", "judge-cache", "__pycache__", ".pyc", "planted")
    assert [name for name in names(wheel) if any(part in name for part in unwanted)] == []


def test_data_files_of_the_library_are_packed(wheel: Path) -> None:
    packed = set(names(wheel))
    inside = (ROOT / "src").rglob("*")
    files = [path for path in inside if path.is_file() and "__pycache__" not in path.parts]
    assert [str(path) for path in files if path.relative_to(ROOT / "src").as_posix() not in packed] == []


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own, and borrow all that it needs from this one."""
    home = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    [site] = (home / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # noqa: S202 - the wheel is our own
    borrowed = Path(pytest.__file__).parents[1]
    (site / "borrowed.pth").write_text(f"{borrowed}\n")
    return home / "bin" / "python"


def ran(python: Path, folder: Path, *words: str, code: int = 0) -> str:
    """Run a module of the installed environment in a folder and return what it said."""
    known = {
        name: value for name, value in os.environ.items() if not name.startswith(("CHATPARITY", "GITHUB", "PYTEST"))
    }
    command = [str(python), "-m", *words]
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_from_the_wheel_an_empty_repository_reaches_a_verdict(installed: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    where = "import chatparity; print(chatparity.__file__)"
    printed = subprocess.run([str(installed), "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert printed.stdout.startswith(str(installed.parents[1]))
    ran(installed, tmp_path, "chatparity", "init")
    said = ran(installed, tmp_path, "pytest", "evals/", "--junitxml=junit.xml")
    assert "chatparity: PASS" in said
    assert "11 passed" in said
    assert "warnings" not in said.splitlines()[-1]
    red = ran(installed, tmp_path, "pytest", "evals/", "--agent=sandbox:wrong_amount=0.9", code=1)
    assert "FAIL hallucination[all] rate" in red
    ran(installed, tmp_path, "pytest", code=5)
    status = subprocess.run(["git", "status", "--short"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "reports/runs" not in status.stdout


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_from_the_wheel_ones_own_conversations_and_agent_reach_a_verdict(installed: Path, tmp_path: Path) -> None:
    ran(installed, tmp_path, "chatparity", "init", "--agent", "python:bot:reply")
    (tmp_path / "bot.py").write_text(
        "def reply(conversation):\n    return 'Thank you for waiting. Your parcel is on its way to you.'\n"
    )
    turns = [
        {"speaker": "customer", "text": "Hello, where is my parcel? I have been waiting for a week now."},
        {"speaker": "human_agent", "text": "I am sorry for the wait, I will look into that for you right away."},
    ]
    lines = [json.dumps({"schema": 1, "id": f"own-{n}", "language": "en", "turns": turns}) for n in range(60)]
    (tmp_path / "datasets" / "ours.jsonl").write_text("\n".join(lines) + "\n")
    settings = tmp_path / "evals" / "suite.toml"
    text = settings.read_text().replace("sample.jsonl", "ours.jsonl")
    begin, end = text.index("# This one needs knowledge"), text.index('[[gate]]\ndimension = "politeness"\nmargin')
    settings.write_text(text[:begin] + text[end:])
    said = ran(installed, tmp_path, "pytest", "evals/")
    assert "chatparity: PASS" in said
    assert "60/60" in said


OWN_TEST = """
import datasets
from datasets.ours import ROWS
from evals.helper import HELPS

def test_own_packages_are_still_ones_own():
    assert (ROWS, HELPS, datasets.__file__.endswith("datasets/__init__.py")) == (3, True, True)

def test_options_of_ones_own_stay(request):
    assert request.config.getini("xfail_strict") is True
"""


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_from_the_wheel_nothing_of_an_existing_repository_collides(installed: Path, tmp_path: Path) -> None:
    existing = {
        "pyproject.toml": '[project]\nname = "shop"\n\n[tool.pytest.ini_options]\naddopts = "-ra --strict-markers"\n'
        'xfail_strict = true\nfilterwarnings = ["error"]\npythonpath = ["."]\n',
        "tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef gate():\n    return 'theirs'\n",
        "tests/test_examination.py": OWN_TEST + "\ndef test_their_gate(gate):\n    assert gate == 'theirs'\n",
        "datasets/__init__.py": "",
        "datasets/ours.py": "ROWS = 3\n",
        "evals/__init__.py": "",
        "evals/helper.py": "HELPS = True\n",
        "reports/__init__.py": "",
        ".gitignore": "*.log\n",
    }
    for name, text in existing.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    before = ran(installed, tmp_path, "pytest", "-p", "no:deepeval", "-p", "no:asyncio")
    assert "3 passed" in before
    ran(installed, tmp_path, "chatparity", "init")
    changed = [name for name, text in existing.items() if (tmp_path / name).read_text() != text]
    assert changed == ["pyproject.toml", ".gitignore"]
    assert "3 passed" in ran(installed, tmp_path, "pytest", "-p", "no:asyncio")
    assert "11 passed" in ran(installed, tmp_path, "pytest", "evals/", "-p", "no:asyncio")
    both = ran(installed, tmp_path, "pytest", "tests", "evals", "-p", "no:asyncio", "-n", "2")
    assert "14 passed" in both


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_from_the_wheel_another_library_called_datasets_keeps_its_name(installed: Path, tmp_path: Path) -> None:
    other = tmp_path / "site" / "datasets"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("def load_dataset(name):\n    return name\n")
    root = tmp_path / "repo"
    root.mkdir()
    ran(installed, root, "chatparity", "init")
    (root / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import datasets\nassert datasets.load_dataset('x') == 'x'\n"
    )
    assert "11 passed" in ran(installed, root, "pytest", "evals/")
