"""The command over the real engine: a verdict is the same when it is asked for again, and what cannot be is refused."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import msgspec
import pytest

pytest_plugins = "pytester"

# What is first imported in a test with pytester is forgotten after it; these cannot be loaded twice in one process.
for _name in ("scipy.stats", "scipy.optimize", "statsmodels.stats.multitest", "chatparity.run.examine"):
    importlib.import_module(_name)

SUITE = """[suite]
name = "small"
datasets = ["data.jsonl"]
[agent]
default = "recorded:replies.jsonl"
[[gate]]
dimension = "manners"
at_least = 0.8
slices = ["language"]
"""
GRADER = """
from chatparity.grading import Exchange, Score, grader

@grader(dimension="manners")
def manners(exchange: Exchange) -> Score:
    "Fails on a shrug."
    return Score.failed("a shrug") if "whatever" in exchange.reply.text else Score.passed("civil")
"""
REPORT = "def build(folder, findings):\n    folder.write(folder.report_file, b'x')\n    return folder.report_file\n"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Path:
    lines = []
    for number in range(120):
        text = "whatever" if number % 7 == 0 else "with pleasure"
        turns = [{"speaker": "customer", "text": "hello"}, {"speaker": "ai_agent", "text": text}]
        made = {"schema": 1, "id": f"talk-{number}", "language": ("en", "pl")[number % 2], "turns": turns}
        lines.append(msgspec.json.encode(made) + b"\n")
    for name, content in {
        "evals/suite.toml": SUITE.encode(),
        "graders/manners.py": GRADER.encode(),
        "reports/report.py": REPORT.encode(),
        "data.jsonl": b"".join(lines),
        "replies.jsonl": b"".join(lines),
    }.items():
        (pytester.path / name).parent.mkdir(exist_ok=True)
        (pytester.path / name).write_bytes(content)
    return pytester.path


def test_the_same_run_graded_and_gated_again_gives_the_same_verdict_to_the_last_digit(
    suite: Path, pytester: pytest.Pytester
) -> None:
    def command(*words: str) -> int:
        return int(pytester.run(sys.executable, "-m", "chatparity", *words).ret)

    code = command("run", "--out", "r")
    written = (suite / "r" / "gate.json").read_bytes()
    assert command("gate", "r") == code
    assert (suite / "r" / "gate.json").read_bytes() == written
    assert command("grade", "r") == 0
    assert command("gate", "r") == code
    assert (suite / "r" / "gate.json").read_bytes() == written


def test_a_recording_of_people_is_not_found_to_be_as_good_as_people(suite: Path, pytester: pytest.Pytester) -> None:
    for name in ("data.jsonl", "replies.jsonl"):
        (suite / name).write_text((suite / name).read_text().replace("ai_agent", "human_agent"))
    (suite / "evals" / "suite.toml").write_text(
        SUITE.replace("at_least = 0.8", "margin = 0.1").replace('slices = ["language"]\n', "")
    )
    done = pytester.run(sys.executable, "-m", "chatparity", "run", "--out", "r")
    assert done.ret == 3
    assert "why: nothing to compare: both sides are the same recorded answers of people" in done.stdout.str()


def test_a_run_is_no_baseline_of_itself(suite: Path, pytester: pytest.Pytester) -> None:
    pytester.run(sys.executable, "-m", "chatparity", "run", "--out", "r")
    done = pytester.run(sys.executable, "-m", "chatparity", "gate", "r", "--baseline", "./r")
    assert done.ret == 2
    assert "this is the run itself: name an earlier one" in done.stderr.str()


def test_what_weakens_a_comparison_with_a_baseline_is_said(suite: Path, pytester: pytest.Pytester) -> None:
    for name in ("old", "new"):
        pytester.run(sys.executable, "-m", "chatparity", "run", "--out", name)
    alike = pytester.run(sys.executable, "-m", "chatparity", "gate", "new", "--baseline", "old")
    assert "what the agent alone changed" not in alike.stdout.str()
    manifest = suite / "old" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("manners@1", "manners@0").replace("teacher_", "free_"))
    manifest.write_text(manifest.read_text().replace("free_forced", "free_running"))
    done = pytester.run(sys.executable, "-m", "chatparity", "gate", "new", "--baseline", "old")
    assert (
        "not measured: what the agent alone changed since the baseline: that run was begun with other graders "
        "(manners@0; grade it again with those of today) and made free_running, not teacher_forced"
    ) in done.stdout.str()


def test_a_gate_that_no_agent_could_pass_is_refused_before_anyone_is_asked_and_a_selection_is_not(
    suite: Path, pytester: pytest.Pytester
) -> None:
    (suite / "evals" / "suite.toml").write_text(SUITE.replace("0.8", "0.985"))
    done = pytester.run(sys.executable, "-m", "chatparity", "run", "--out", "r")
    assert done.ret == 2
    assert "even a perfect agent cannot pass at at_least = 0.985: it needs about " in done.stderr.str()
    assert not (suite / "r").exists()
    assert pytester.run(sys.executable, "-m", "chatparity", "run", "--limit", "30", "--out", "s").ret in (1, 3)
