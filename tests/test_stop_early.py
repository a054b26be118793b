"""A run that stops once every gate is decided: what it asks, what it says, and that it says the same again."""

from __future__ import annotations

import importlib
import os
import random
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.gate import Findings
from chatparity.grading.rows import STOPPED_EARLY, ScoreRow
from chatparity.jsonl import Journal
from chatparity.run.folder import Looks, RunFolder
from chatparity.stats import cluster_rate

pytest_plugins = "pytester"

# What is first imported in a test with pytester is forgotten after it; these cannot be loaded twice in one process.
for _name in ("scipy.stats", "scipy.optimize", "statsmodels.stats.multitest", "chatparity.run.examine"):
    importlib.import_module(_name)

PLAIN = ("-p", "no:deepeval", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:repeat", "-p", "no:rerunfailures")
SUITE = """[suite]
name = "small"
datasets = ["data.jsonl"]
[agent]
default = "recorded:replies.jsonl"
[[gate]]
dimension = "manners"
at_least = 0.8
"""
ZERO = '[[gate]]\ndimension = "asked"\nmetric = "ignored"\nzero = true\n'
GRADERS = """
from chatparity.grading import Exchange, Metric, Score, grader

@grader(dimension="manners")
def manners(exchange: Exchange) -> Score:
    "Fails on a shrug."
    if "whatever" in exchange.reply.text:
        return Score.failed("a shrug", outcome="rude")
    return Score.passed("civil")

@grader(
    dimension="asked",
    applies=lambda point: "person" in point.customer_text,
    metrics=[Metric("ignored", good=lambda score: score.verdict == "fail", good_is_high=False)],
)
def asked(exchange: Exchange) -> Score:
    "Fails on a request for a person that is passed over."
    if "no person" in exchange.reply.text:
        return Score.failed("passed over")
    return Score.passed("heard")
"""
REPORT = """
def build(folder, findings):
    folder.write(folder.report_file, b"<p>report</p>")
    return folder.report_file
"""
TEST = """
import pytest

@pytest.mark.gates("manners")
def test_manners(gate):
    gate.check()
"""


def lay(root: Path, *, shrugs: float, talks: int = 300, ignored: int = -1, settings: str = SUITE) -> None:
    """Lay a suite of conversations of two answers; every tenth asks for a person, whom number `ignored` passes over."""
    chance = random.Random(1)
    lines = []
    for number in range(talks):
        wish = " I want a person" if number % 10 == 0 else ""
        turns = []
        for part in range(2):
            text = "whatever" if chance.random() < shrugs else "with pleasure"
            text += ", no person here" if number == ignored else ""
            turns += [
                {"speaker": "customer", "text": f"hello, number {number} again, part {part}{wish}"},
                {"speaker": "ai_agent", "text": text},
            ]
        made = {"schema": 1, "id": f"talk-{number:03}", "language": "en", "turns": turns, "synthetic": True}
        lines.append(msgspec.json.encode(made) + b"\n")
    for name, content in {
        "evals/suite.toml": settings.encode(),
        "evals/test_manners.py": TEST.encode(),
        "graders/manners.py": GRADERS.encode(),
        "reports/report.py": REPORT.encode(),
        "data.jsonl": b"".join(lines),
        "replies.jsonl": b"".join(lines),
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def here(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    for name in list(os.environ):
        if name.startswith(("CHATPARITY_", "PYTEST_")):
            monkeypatch.delenv(name)
    return pytester


def command(here: pytest.Pytester, *words: str) -> pytest.RunResult:
    return here.run(sys.executable, "-m", "chatparity", *words)


def findings(path: Path) -> Findings:
    return msgspec.json.decode((path / "gate.json").read_bytes(), type=Findings)


def looks(path: Path) -> Looks:
    found = RunFolder(path).looks()
    assert found is not None
    return found


def scores(path: Path) -> list[ScoreRow]:
    return Journal(path / "scores.jsonl", ScoreRow).read()


def test_far_from_the_threshold_a_run_stops_early_says_so_and_decides_the_same_again(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.02)
    run = here.path / "r"
    done = command(here, "run", "--stop-early", "--seed", "7", "--out", "r")
    assert done.ret == 0
    first = findings(run)
    assert first.early is not None
    assert (first.verdict, first.early.stopped, first.early.seed, first.early.planned) == ("PASS", True, 7, 600)
    assert first.early.asked < 300
    assert len((run / "replies.jsonl").read_text().splitlines()) == first.early.asked
    gate = first.gates[0]
    assert (gate.rate.n, gate.rate.unknown) == (first.early.asked, 0)
    assert gate.rate.method == ("always-valid (betting, up to 2 each); 99 % at all looks together: stopped early")
    assert "stopped early after " in done.stdout.str()
    assert f"asked {first.early.asked} of 600 exchanges; saved " in done.stdout.str()
    assert "to go on" not in done.stderr.str()
    (line,) = [one for one in first.ledger if (one.grader, one.arm) == ("manners", "ai")]
    assert (line.planned, line.graded + line.not_run, line.errored) == (600, 600, 0)
    assert any(f"not run: {STOPPED_EARLY}" in text for text in first.not_measured)
    written = (run / "gate.json").read_bytes()
    assert command(here, "gate", "r").ret == 0
    assert (run / "gate.json").read_bytes() == written
    assert command(here, "grade", "r").ret == 0
    assert command(here, "gate", "r").ret == 0
    assert (run / "gate.json").read_bytes() == written


def test_a_far_miss_stops_early_as_well(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.5)
    assert command(here, "run", "--stop-early", "--out", "r").ret == 1
    found = findings(here.path / "r")
    assert found.early is not None
    assert (found.verdict, found.early.stopped) == ("FAIL", True)


def test_near_the_threshold_a_run_goes_to_its_end_and_keeps_the_confidence_it_promised(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.19, talks=100)
    command(here, "run", "--stop-early", "--out", "r")
    found = findings(here.path / "r")
    assert found.early is not None
    assert not found.early.stopped
    assert found.gates[0].rate.n == 200
    assert found.gates[0].rate.confidence == pytest.approx(0.96)
    assert "96 % at the end: the rest of 95 % was spent on looking early" in found.gates[0].rate.method


def test_a_seed_repeats_the_order_and_another_gives_another(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.02)
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        command(here, "run", "--stop-early", "--seed", seed, "--out", name)
    sampled = {name: looks(here.path / name).sampled for name in "abc"}
    assert sampled["a"] == sampled["b"] != sampled["c"]
    assert RunFolder(here.path / "a").manifest().early is not None


def test_a_run_cut_off_by_a_budget_goes_on_in_the_same_order_to_the_same_end(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.02)
    command(here, "run", "--stop-early", "--seed", "7", "--out", "whole")
    cut = command(here, "run", "--stop-early", "--seed", "7", "--out", "cut", "--max-requests", "45")
    assert cut.ret == 4
    assert "of 600 exchanges are not run" in cut.stderr.str()
    assert command(here, "run", "--out", "cut", "--resume").ret == 0
    assert looks(here.path / "cut") == looks(here.path / "whole")
    assert findings(here.path / "cut").gates == findings(here.path / "whole").gates
    asked = [(one.id, one.turn) for one in RunFolder(here.path / "cut").replies.read()]
    assert len(asked) == len(set(asked)) == looks(here.path / "cut").asked


def test_a_run_begun_without_it_cannot_be_stopped_early_and_the_other_way_round(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.02, talks=60)
    command(here, "run", "--out", "r")
    again = command(here, "run", "--out", "r", "--resume", "--stop-early")
    assert again.ret == 2
    assert "begun without --stop-early" in again.stderr.str()
    assert command(here, "run", "--seed", "3").ret == 2


def test_zero_tolerance_sees_every_answer_planned_for_it_and_the_rest_is_saved(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.02, settings=SUITE + ZERO)
    assert command(here, "run", "--stop-early", "--seed", "7", "--out", "r").ret == 0
    run = here.path / "r"
    found = findings(run)
    manners, ignored = found.gates
    assert found.early is not None
    assert found.early.stopped
    assert (ignored.verdict, ignored.rate.n) == ("PASS", 60)
    assert manners.rate.n == 2 * len(looks(run).sampled) < found.early.asked < 400
    swept = set(looks(run).swept)
    assert swept
    beyond = [row for row in scores(run) if row.cluster in swept and row.arm == "ai"]
    assert {row.state for row in beyond if row.grader == "asked"} == {"graded"}
    assert {row.reason for row in beyond if row.grader == "manners"} == {STOPPED_EARLY}


def test_one_event_of_zero_tolerance_fails_even_when_it_is_met_after_the_looks(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.02, settings=SUITE + ZERO, ignored=120)
    assert command(here, "run", "--stop-early", "--seed", "7", "--out", "r").ret == 1
    found = findings(here.path / "r")
    assert found.gates[1].verdict == "FAIL"
    assert found.early is not None
    assert found.early.stopped


RUBRIC = (Path(__file__).parents[1] / "graders" / "accuracy.md").read_text()


def test_the_judge_is_asked_for_no_more_than_was_looked_at(
    here: pytest.Pytester, judge_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(here.path, shrugs=0.0, talks=150, settings=SUITE + '[[gate]]\ndimension = "sense"\nat_least = 0.7\n')
    (here.path / "graders" / "sense.md").write_text(
        RUBRIC.replace('dimension = "accuracy"', 'dimension = "sense"').replace(
            'name = "accuracy_llm"', 'name = "sense"'
        )
    )
    judge_server.always = {"reason": "It does.", "evidence": ["with pleasure"], "unsure": False, "score": 5}
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    done = command(here, "run", "--stop-early", "--seed", "7", "--out", "r", "--judge", f"openai:m@{judge_server.url}")
    # Stopped, since more data would tell nothing new; not decided, since nobody has licensed the judge.
    assert done.ret == 3
    found = findings(here.path / "r")
    assert found.early is not None
    assert found.early.stopped
    assert len(judge_server.requests) == found.early.gradings == found.early.asked < 200
    assert found.early.gradings_planned == 300
    assert f"{found.early.gradings} of 300 gradings by a judge; saved" in done.stdout.str()


def test_what_errored_counts_as_worst_and_as_best_at_every_look(here: pytest.Pytester) -> None:
    lay(here.path, shrugs=0.0)
    replies = here.path / "replies.jsonl"
    lines = replies.read_bytes().splitlines(keepends=True)
    replies.write_bytes(b"".join(line for number, line in enumerate(lines) if number % 4))
    done = command(here, "run", "--stop-early", "--seed", "7", "--out", "r")
    assert done.ret == 4
    assert not looks(here.path / "r").stopped


def test_under_pytest_the_option_and_its_variable_stop_early(
    here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(here.path, shrugs=0.02)
    done = here.runpytest_subprocess(*PLAIN, "evals", "--stop-early", "--run-dir=r")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["stopped early after *: asked * of 600 exchanges; saved * %*"])
    assert looks(here.path / "r").stopped
    monkeypatch.setenv("CHATPARITY_STOP_EARLY", "perhaps")
    wrong = here.runpytest_subprocess(*PLAIN, "evals")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["*CHATPARITY_STOP_EARLY: expected 1 or 0, got 'perhaps'*"])


def test_a_gate_that_needs_the_confidence_spent_on_looking_is_refused_with_what_it_needs(here: pytest.Pytester) -> None:
    clusters = [number // 2 for number in range(120)]
    lows = [cluster_rate([True] * 120, clusters, confidence=level).low or 0.0 for level in (0.95, 0.96)]
    lay(here.path, shrugs=0.0, talks=60, settings=SUITE.replace("0.8", f"{sum(lows) / 2:.6f}"))
    plain = command(here, "run", "--out", "r")
    refused = command(here, "run", "--out", "s", "--stop-early")
    assert (plain.ret, refused.ret) == (0, 2)
    assert "(with a part of the confidence spent on looking early): it needs about " in refused.stderr.str()
    assert not (here.path / "s").exists()
