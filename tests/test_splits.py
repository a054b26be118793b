"""Dev and exam: halves that depend on nothing but a transcript's name, and that a run and its manifest keep to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.errors import UsageError
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.run.folder import RunFolder
from chatparity.run.select import Options, select
from chatparity.splits import is_in, split_of
from chatparity.suite import Settings, Suite, SuiteTable, shipped_root
from chatparity.transcript import Transcript, Turn


def talk(name: str, cluster: str | None = None) -> Transcript:
    turns = (Turn(speaker="customer", text="Where is it?"), Turn(speaker="human_agent", text="On its way."))
    return Transcript(schema=1, id=name, language="en", turns=turns, cluster=cluster)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    path = tmp_path / "logs.jsonl"
    write_transcripts(path, [talk(f"t-{number}") for number in range(40)])
    return path


def suite(logs: Path, split: str) -> Suite:
    table = SuiteTable(name="s", datasets=(str(logs),), split=split)  # type: ignore[arg-type]
    return Suite(root=logs.parent, shipped=shipped_root(), settings=Settings(suite=table))


def test_the_split_of_an_id_is_pinned_for_ever() -> None:
    halves = {name: split_of(talk(name)) for name in ("en-0001", "pl-0412", "ja-0004", "fi-0009")}
    assert halves == {"en-0001": "dev", "pl-0412": "dev", "ja-0004": "exam", "fi-0009": "exam"}


@given(st.text(min_size=1, max_size=50))
def test_every_transcript_is_in_exactly_one_half_and_in_all(name: str) -> None:
    one = talk(name)
    assert [is_in(one, "dev"), is_in(one, "exam")].count(True) == 1
    assert is_in(one, "all")


@given(st.text(min_size=1, max_size=20), st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=5))
def test_trials_of_one_task_stay_together(cluster: str, names: list[str]) -> None:
    assert len({split_of(talk(name, cluster)) for name in names}) == 1


def test_the_halves_of_the_shipped_data_are_about_equal() -> None:
    transcripts = read_transcripts([shipped_root() / "datasets"])
    exam = sum(split_of(one) == "exam" for one in transcripts)
    assert 0.4 < exam / len(transcripts) < 0.6


def test_the_suites_split_holds_for_its_own_transcripts_only(logs: Path) -> None:
    dev = {one.id for one in select(suite(logs, "dev"), Options()).transcripts}
    exam = {one.id for one in select(suite(logs, "exam"), Options()).transcripts}
    assert dev
    assert exam
    assert dev.isdisjoint(exam)
    assert len(dev | exam) == 40
    assert len(select(suite(logs, "dev"), Options(paths=(logs,))).transcripts) == 40
    assert len(select(suite(logs, "dev"), Options(ids=(min(exam),))).transcripts) == 1
    assert {one.id for one in select(suite(logs, "dev"), Options(split="exam")).transcripts} == exam


def test_an_id_of_the_other_half_is_an_error_that_says_so(logs: Path) -> None:
    exam = select(suite(logs, "exam"), Options()).transcripts[0].id
    with pytest.raises(UsageError, match=f"not in --split dev: {exam}"):
        select(suite(logs, "all"), Options(split="dev", ids=(exam,)))


def chatparity(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "chatparity", *arguments], cwd=cwd, capture_output=True, text=True)


def test_a_run_asks_its_split_and_its_manifest_says_which(logs: Path, tmp_path: Path) -> None:
    asked = ("replay", "logs.jsonl", "--agent", "recorded:logs.jsonl", "--split", "exam", "--out", "r")
    assert chatparity(*asked, cwd=tmp_path).returncode == 0
    folder = RunFolder(tmp_path / "r")
    assert folder.manifest().selection == {"split": "exam"}
    assert {split_of(one) for one in folder.transcripts()} == {"exam"}
    other = chatparity("replay", "--out", "r", "--resume", "--split", "dev", cwd=tmp_path)
    assert (other.returncode, "begun with exam" in other.stderr) == (2, True)


def test_check_counts_a_half_and_an_unknown_one_is_an_error(logs: Path, tmp_path: Path) -> None:
    dev = len(select(suite(logs, "dev"), Options()).transcripts)
    done = chatparity("check", "logs.jsonl", "--split", "dev", cwd=tmp_path)
    assert f"{dev} transcripts" in done.stdout
    wrong = chatparity("check", "logs.jsonl", "--split", "test", cwd=tmp_path)
    assert (wrong.returncode, "expected dev, exam or all, got 'test'" in wrong.stderr) == (2, True)
