"""Failure maps of real runs: the sandbox with planted faults beside the sandbox without, and people's categories."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chatparity.errors import UsageError
from chatparity.failures import map_failures
from chatparity.review.store import FILE, Store
from chatparity.run.examine import grade_run, replay_run
from chatparity.run.select import Options
from chatparity.sample import sample_run
from chatparity.sample.folder import read_sample
from chatparity.suite import Suite, load_suite

from .failure_runs import category, change
from .review_desk import ROOT

FAULTS = {
    "wrong_amount": "wrong fact",
    "invented_policy": "invented policy",
    "needless_handover": "needless handover",
    "rude": "tone",
    "wrong_language": "language",
}
CRITERION = """
[[criteria]]
name = "failure"
ask = "What is wrong with it, if anything?"
answers = [
  { value = "none", says = "nothing", points = 1 },
  { value = "wrong fact", says = "a wrong amount, date, name or state", points = 0 },
  { value = "tone", says = "rude or cold", points = 0 },
]
"""


def sandbox_run(path: Path, fault: str = "") -> Path:
    """Examine the sandbox on the English and German conversations of the suite; return the run."""
    suite = load_suite()
    talks = tuple(ROOT / "datasets" / "support" / f"{language}.jsonl" for language in ("en", "de"))
    agent = f"sandbox:{fault}=0.5" if fault else "sandbox"
    run = asyncio.run(replay_run(suite, Options(paths=talks, agent=agent, out=path)))
    asyncio.run(grade_run(suite, run))
    return run.path


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of the sandbox as it is."""
    return sandbox_run(tmp_path_factory.mktemp("usual") / "run")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of the sandbox that states wrong amounts."""
    return sandbox_run(tmp_path_factory.mktemp("faulty") / "run", "wrong_amount")


@pytest.mark.parametrize(
    "fault",
    [fault if number < 2 else pytest.param(fault, marks=pytest.mark.slow) for number, fault in enumerate(FAULTS)],
)
def test_a_planted_fault_is_new_in_its_category_and_nothing_else_is(fault: str, usual: Path, tmp_path: Path) -> None:
    found = map_failures(sandbox_run(tmp_path / "run", fault), load_suite(), baseline=usual)
    name = FAULTS[fault]
    expected = "new" if change(found, name).before == 0 else "grown"
    assert change(found, name).said == expected
    assert category(found, name).count >= 10
    new = {one.name for one in found.categories if one.change and one.change.said == "new"}
    assert new <= {name}


def test_two_runs_alike_show_nothing_new(usual: Path, tmp_path: Path) -> None:
    found = map_failures(sandbox_run(tmp_path / "again"), load_suite(), baseline=usual)
    changes = [found.any_change, *(one.change for one in found.categories), *(one.change for one in found.themes)]
    assert all(one is not None and one.only_now == one.only_before == 0 for one in changes)
    assert {one.said for one in changes if one} <= {"may be chance", "too few"}


def test_the_command_writes_the_page_and_prints_the_map(usual: Path, faulty: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "chatparity", "failures", str(faulty), "--baseline", str(usual)]
    done = subprocess.run([*command, "--out", str(tmp_path / "map")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "wrong fact" in done.stdout
    assert "new: " in done.stdout
    assert done.stdout.rstrip().endswith("failures.html")
    [again] = re.findall(r"^again: (chatparity run (.*) --ids .*)$", done.stdout, re.MULTILINE)
    talks = [str(ROOT / "datasets" / "support" / f"{language}.jsonl") for language in ("en", "de")]
    assert shlex.split(again[1]) == talks
    assert f"chatparity run {again[1]} --ids" in (tmp_path / "map" / "failures.html").read_text(encoding="utf-8")
    assert {one.name for one in (tmp_path / "map").iterdir()} == {"failures.html", "failures.md", "failures.json"}
    told = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True)
    read = json.loads(told.stdout)
    assert read == json.loads((tmp_path / "map" / "failures.json").read_text()) | {"run": read["run"]}
    assert (faulty / "failures" / "failures.html").is_file()
    bad = subprocess.run([*command, "--taxonomy", "nowhere.toml"], cwd=ROOT, capture_output=True, text=True)
    assert (bad.returncode, "nowhere.toml" in bad.stderr) == (2, True)


@pytest.mark.slow
def test_the_report_of_a_run_leads_to_its_map_once_there_is_one(faulty: Path) -> None:
    command = [sys.executable, "-m", "chatparity"]
    pages = []
    shutil.rmtree(faulty / "failures", ignore_errors=True)
    for words in (["report"], ["failures"], ["report"]):
        done = subprocess.run([*command, *words, str(faulty)], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        pages += [(faulty / "report.html").read_text()] if words == ["report"] else []
    assert ['href="failures/failures.html"' in page for page in pages] == [False, True]


def with_criterion(folder: Path) -> Suite:
    """Return a suite whose scorecard asks for the category."""
    root = folder / "suite"
    (root / "evals").mkdir(parents=True)
    (root / "graders").mkdir()
    shutil.copy(ROOT / "evals" / "suite.toml", root / "evals" / "suite.toml")
    scorecard = (ROOT / "graders" / "scorecard.toml").read_text()
    (root / "graders" / "scorecard.toml").write_text(scorecard + CRITERION)
    return Suite(root, ROOT, load_suite().settings)


def test_people_s_category_stands_in_place_of_the_graders(faulty: Path, tmp_path: Path) -> None:
    suite, sample = with_criterion(tmp_path), tmp_path / "sample"
    drawn = sample_run(faulty, load_suite(), sample, n=12, share_random=0.2)
    before = map_failures(faulty, suite)
    store = Store(sample / FILE, drawn.name)
    failing = [one for one in drawn.items if "hallucination" in one.failing]
    for item, said in zip(failing[:3], ("tone", "none", "wrong fact"), strict=True):
        store.save(item.item, {"failure": said, "state": "done"}, author="Ada")
    store.save(failing[3].item, {"failure": "none"}, author="Ada")  # not finished, so it does not count
    store.close()
    found = map_failures(faulty, suite, labels=[sample])
    assert (found.people, found.cleared_by_people, found.failing) == (3, 1, before.failing - 1)
    assert category(found, "tone").count == category(before, "tone").count + 1
    assert category(found, "tone").judged_by_people == 1
    assert category(found, "wrong fact").count == category(before, "wrong fact").count - 2
    assert category(found, "wrong fact").judged_by_people == 1
    assert sum(one.judged_by_people for theme in found.themes for one in theme.examples) <= 2


def test_labels_that_cannot_count_are_refused_with_the_remedy(faulty: Path, usual: Path, tmp_path: Path) -> None:
    suite, sample = with_criterion(tmp_path), tmp_path / "sample"
    sample_run(faulty, load_suite(), sample, n=5)
    with pytest.raises(UsageError, match=r'no criterion of graders/scorecard\.toml is called "failure"'):
        map_failures(faulty, load_suite(), labels=[sample])
    with pytest.raises(UsageError, match="nobody judged it yet: chatparity review"):
        map_failures(faulty, suite, labels=[sample])
    Store(sample / FILE, read_sample(sample).name).close()
    with pytest.raises(UsageError, match="was not drawn from the replies of"):
        map_failures(usual, suite, labels=[sample])
    odd = tmp_path / "odd.toml"
    odd.write_text('version = "1"\n[[failures]]\nname = "x"\nsays = "y"\ndimensions = ["accuracy"]\n')
    with pytest.raises(UsageError, match=r"the taxonomy does not know: tone, wrong fact"):
        map_failures(faulty, suite, labels=[sample], taxonomy=odd)
    store = Store(sample / FILE, read_sample(sample).name)
    store.save(read_sample(sample).items[0].item, {"failure": "given up", "state": "done"}, author="Ada")
    store.close()
    with pytest.raises(
        UsageError, match=r'has the answer "given up", which the taxonomy does not know: judge it again'
    ):
        map_failures(faulty, suite, labels=[sample])
