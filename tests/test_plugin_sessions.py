"""The pytest plugin in sessions of its own: asleep where there is no suite, one run where there is one."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from chatparity.gate import Findings
from chatparity.transcript import EscalationLabel, Labels, Transcript, Turn

pytest_plugins = "pytester"

SUITE = """
[suite]
name = "small"
datasets = ["data.jsonl"]
[agent]
default = "recorded:replies.jsonl"
[judge]
default = "none"
[[gate]]
dimension = "manners"
at_least = 0.8
slices = ["language"]
min_n = 30
[[gate]]
dimension = "manners"
margin = 0.15
"""

GRADER = """
from chatparity.grading import Exchange, Score, grader

@grader(dimension="manners")
def manners(exchange: Exchange) -> Score:
    "Fails on a shrug."
    if "whatever" in exchange.reply.text:
        return Score.failed("a shrug", outcome="rude")
    return Score.passed("civil")
"""

REPORT = """
def build(folder, findings):
    with (folder.path.parent / "built.txt").open("a") as file:
        file.write("once\\n")
    folder.write(folder.report_file, b"<p>report</p>")
    return folder.report_file
"""

ALL = "evals/test_manners.py::test_manners[rate-all]"
TESTS = """
import pytest

@pytest.mark.gates("manners")
def test_manners(gate):
    gate.check()

@pytest.mark.gates(kind="margin")
def test_parity(gate):
    gate.check()
"""

# What a session in this process imports is forgotten after it; these cannot be loaded twice in one.
for _name in ("scipy.stats", "scipy.optimize", "chatparity.run.examine"):
    importlib.import_module(_name)
PLAIN = ("-p", "no:deepeval", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:repeat", "-p", "no:rerunfailures")


def transcripts(rude: int, speaker: str) -> bytes:
    """Return 60 conversations of one answer each, half Polish; the first `rude` of each half shrug."""
    lines = []
    for language in ("en", "pl"):
        for number in range(30):
            text = "whatever" if number < rude else "with pleasure"
            turns = (
                Turn(speaker="customer", text="hello \x1b[31m"),
                Turn(speaker=speaker, text=text),  # type: ignore[arg-type]
            )
            labels = Labels(escalation=(EscalationLabel(turn=1, expect="none"),))
            made = Transcript(
                schema=1, id=f"{language}-{number:02}", language=language, turns=turns, labels=labels, synthetic=True
            )
            lines.append(msgspec.json.encode(made))
    return b"\n".join(lines) + b"\n"


def write(path: Path, text: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Lay a suite into the current folder: civil people, and replies that shrug once in 30."""
    for name in list(os.environ):
        if name.startswith(("CHATPARITY_", "PYTEST_")):
            monkeypatch.delenv(name)
    for name in [one for one in sys.modules if one.split(".")[0] == "chatparity_suite"]:
        monkeypatch.delitem(sys.modules, name)  # one suite a process: another test may have mounted one
    root = pytester.path
    write(root / "evals" / "suite.toml", SUITE)
    write(root / "evals" / "test_manners.py", TESTS)
    write(root / "graders" / "manners.py", GRADER)
    write(root / "reports" / "report.py", REPORT)
    write(root / "data.jsonl", transcripts(0, "human_agent"))
    write(root / "replies.jsonl", transcripts(1, "ai_agent"))
    write(root / "rude.jsonl", transcripts(12, "ai_agent"))
    write(root / "middling.jsonl", transcripts(3, "ai_agent"))
    return pytester


def pytest_in(pytester: pytest.Pytester, *args: str, apart: bool = False) -> pytest.RunResult:
    """Run a session in this process, which is quick, or in one of its own."""
    return (pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess)(*PLAIN, *args)


def runs(pytester: pytest.Pytester) -> list[Path]:
    return sorted(path for path in (pytester.path / "reports" / "runs").iterdir() if path.is_dir())


def test_a_green_suite_passes_one_item_a_gate_and_slice_and_prints_the_scorecard(suite: pytest.Pytester) -> None:
    done = pytest_in(suite, "evals", "-v", f"--junitxml={suite.path / 'junit.xml'}", apart=True)
    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "*test_manners*rate-all* PASSED*",
            "*test_manners*rate-en* PASSED*",
            "*test_manners*rate-pl* PASSED*",
            "*test_parity*rate-all* PASSED*",
            "*= chatparity: PASS =*",
            "dimension * slice * n * rate * needs * verdict",
            "manners rate * all * 60  58/60 = 96.7 % [[]*[]] * 80 % * PASS",
            "manners rate AI − human * all * 60  −3.3 points [[]*[]] * above −15 points * PASS",
            "reported only (synthetic data: so are the people)",
            "  manners rate: human 60/60 = 100.0 % [[]*[]]",
            "ledger (AI, all graders): 60 planned = 60 graded + 0 abstained + 0 errored + *",
            "report: reports/runs/*/report.html",
        ],
        consecutive=False,
    )
    (run,) = runs(suite)
    assert msgspec.json.decode((run / "gate.json").read_bytes(), type=Findings).verdict == "PASS"
    junit = (suite.path / "junit.xml").read_text()
    assert '<property name="verdict" value="PASS" />' in junit
    assert '<property name="n" value="60" />' in junit
    assert re.search(r'<property name="low" value="0\.8\d+" />', junit)
    assert not list(run.glob(".pytest*"))


def test_junit_carries_all_that_a_server_needs_of_a_red_gate(suite: pytest.Pytester) -> None:
    done = pytest_in(suite, "evals", "--agent", "recorded:rude.jsonl", f"--junitxml={suite.path / 'junit.xml'}")
    assert done.ret == 1
    cases = {case.get("name"): case for case in ElementTree.parse(suite.path / "junit.xml").iter("testcase")}  # noqa: S314
    found = {one.get("name"): one.get("value") for one in cases["test_manners[rate-pl]"].iter("property")}
    (run,) = runs(suite)
    assert found.pop("reason").startswith("the whole interval is on the bad side")  # type: ignore[union-attr]
    assert found == {
        "gate": "manners[pl] rate at_least",
        "slice": "language=pl",
        "verdict": "FAIL",
        "n": "30",
        "conversations": "30",
        "rate": "0.6",
        "low": "0.4232",
        "high": "0.7541",
        "confidence": "0.95",
        "requirement": "at_least",
        "threshold": "0.8",
        "read": "pl-00 pl-01 pl-02 pl-03 pl-04 pl-05",
        "run": str(run),
    }
    paired = {one.get("name"): one.get("value") for one in cases["test_parity[rate-all]"].iter("property")}
    assert (paired["rate"], paired["requirement"], paired["threshold"]) == ("-0.4", "margin", "0.15")


def on_github(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    summary = suite.path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(suite.path.parent))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    return summary


def annotated(done: pytest.RunResult) -> list[str]:
    return [line for line in done.outlines if line.startswith("::")]


def test_on_github_each_red_gate_is_an_annotation_at_its_place_in_the_suite(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = on_github(suite, monkeypatch)
    page = "<article id='x'></article>" + '<article id=\\"conv-pl-00\\">'
    comment = "# verdict\\n[**pl-00**](report.html#conv-pl-00) ![a figure](figures/scorecard.png)\\n"
    write(
        suite.path / "reports" / "report.py",
        f"""
def build(folder, findings):
    folder.write(folder.report_file, b"{page}")
    folder.write(folder.report_file.with_suffix(".md"), b"{comment}")
    return folder.report_file
""",
    )
    done = pytest_in(suite, "evals", "--agent", "recorded:rude.jsonl", "-p", "no:terminalprogress", apart=True)
    assert done.ret == 1
    lines = SUITE.splitlines()
    first = lines.index("[[gate]]") + 1
    second = lines.index("[[gate]]", first) + 1
    found = annotated(done)
    assert [re.match(r"::error file=([^,]*),line=(\d+),title=(.*?)::", one).groups() for one in found] == [  # type: ignore[union-attr]
        (f"{suite.path.name}/evals/suite.toml", f"{first}", "FAIL manners[all] rate"),
        (f"{suite.path.name}/evals/suite.toml", f"{second}", "FAIL manners[all] rate AI − human"),
        (f"{suite.path.name}/evals/suite.toml", f"{first}", "FAIL manners[en] rate"),
        (f"{suite.path.name}/evals/suite.toml", f"{first}", "FAIL manners[pl] rate"),
    ]
    assert "::18/30 = 60.0 %25 [42.3, 75.4], needs 80 %25%0Aread: pl-00 turn 1 rude: report.html#conv-pl-00" in found[3]
    assert "%0Aread: pl-01 turn 1 rude%0A" in found[3]
    assert summary.read_text() == "# verdict\n**pl-00** a figure (figures/scorecard.png in the run's folder)\n"


def test_on_github_what_does_not_fail_is_a_warning_and_what_is_left_is_counted(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(suite, monkeypatch)
    done = pytest_in(suite, "evals", "--agent=recorded:middling.jsonl", "--inconclusive=pass")
    assert done.ret == 0
    assert {one.split(" ")[0] for one in annotated(done)} == {"::warning"}
    gates = "".join(f'[[gate]]\ndimension = "manners"\nat_least = 0.8{number}\n' for number in range(12))
    write(suite.path / "evals" / "suite.toml", SUITE + gates)
    many = annotated(pytest_in(suite, "evals", "--agent=recorded:rude.jsonl", apart=True))
    assert len(many) == 10
    assert "title=7 more gates::" in many[-1]


def test_on_github_bad_input_and_a_run_without_a_verdict_are_annotations_too(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(suite, monkeypatch)
    bad = annotated(pytest_in(suite, "evals", "--agent=telepathy:x"))
    assert len(bad) == 1
    assert "title=chatparity%3A no verdict::--agent: there is no kind of agent called 'telepathy'" in bad[0]
    write(suite.path / "replies.jsonl", b"".join(transcripts(1, "ai_agent").splitlines(keepends=True)[:50]))
    lost = annotated(pytest_in(suite, "evals"))
    assert len(lost) == 1
    assert "10 of 60 exchanges (16.7 %25) have no reply" in lost[0]


def test_elsewhere_nothing_is_annotated(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert annotated(pytest_in(suite, "evals", "--agent=recorded:rude.jsonl")) == []


def test_on_github_the_words_of_a_transcript_are_no_command(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_github(suite, monkeypatch)
    for name in ("data.jsonl", "rude.jsonl"):
        text = (suite.path / name).read_text()
        write(suite.path / name, text.replace("hello \\u001b[31m", "##[add-mask]e ::stop-commands::x"))
    done = pytest_in(suite, "evals", "--agent=recorded:rude.jsonl")
    assert "add-mask" in done.stdout.str()
    assert "##[add-mask]" not in done.stdout.str()


def test_a_red_gate_fails_with_its_own_text_and_no_traceback(suite: pytest.Pytester) -> None:
    done = pytest_in(suite, "evals", "--agent", "recorded:rude.jsonl")
    assert done.ret == 1
    text = done.stdout.str()
    assert "FAIL manners[pl] rate 18/30 = 60.0 % [42.3, 75.4], needs 80 %\n" in text
    assert '  read: pl-00 turn 1 rude "hello \\u001b[31m"  (+5: pl-01, pl-02, …)\n' in text
    assert "  again: chatparity run --ids pl-00,pl-01,pl-02,pl-03,pl-04,pl-05 --agent recorded:rude.jsonl" in text
    assert "gate.check()" not in text
    assert "\x1b[31m" not in text


@pytest.mark.parametrize(
    ("option", "outcome"), [(None, "failed"), ("fail", "failed"), ("skip", "skipped"), ("pass", "passed")]
)
def test_an_inconclusive_gate_fails_unless_told_otherwise(
    suite: pytest.Pytester, option: str | None, outcome: str
) -> None:
    asked = () if option is None else ("--inconclusive", option)
    done = pytest_in(suite, ALL, "-rs", "--agent=recorded:middling.jsonl", *asked)
    counted = done.parseoutcomes()
    assert counted.pop(outcome) == 1
    assert "INCONCLUSIVE manners[all] rate 54/60 = 90.0 % [79.9, 95.3], needs 80 %" in done.stdout.str() or (
        outcome == "passed"
    )
    assert "no test of this session looked at: " in done.stdout.str()


def test_variables_stand_in_for_options(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATPARITY_AGENT", "recorded:middling.jsonl")
    monkeypatch.setenv("CHATPARITY_INCONCLUSIVE", "pass")
    monkeypatch.setenv("CHATPARITY_RUN_DIR", "here")
    assert pytest_in(suite, ALL).ret == 0
    assert json.loads((suite.path / "here" / "manifest.json").read_text())["agent"] == "recorded:middling.jsonl"


def test_two_workers_make_one_run(suite: pytest.Pytester) -> None:
    done = pytest_in(suite, "evals", "-n", "2", apart=True)
    done.assert_outcomes(passed=4)
    (run,) = runs(suite)
    assert (run.parent / "built.txt").read_text() == "once\n"
    assert len((run / "replies.jsonl").read_text().splitlines()) == 60
    done.stdout.fnmatch_lines(["*= chatparity: PASS =*", "manners rate *", "report: reports/runs/*/report.html"])
    assert "no test of this session looked at" not in done.stdout.str()


def test_a_finished_run_is_refused_so_that_old_verdicts_pass_no_new_release(suite: pytest.Pytester) -> None:
    assert pytest_in(suite, "evals", "--run-dir=kept").ret == 0
    again = pytest_in(suite, "evals", "--run-dir=kept")
    assert again.ret == pytest.ExitCode.USAGE_ERROR
    again.stderr.fnmatch_lines(["*--run-dir *kept: a finished run is here*"])


def test_an_unfinished_run_is_continued_and_asks_nothing_again(suite: pytest.Pytester) -> None:
    assert pytest_in(suite, "evals", "--run-dir=kept").ret == 0
    kept = suite.path / "kept" / "replies.jsonl"
    first = kept.read_bytes()
    (suite.path / "kept" / "gate.json").unlink()
    (suite.path / "replies.jsonl").write_bytes(transcripts(20, "ai_agent"))
    assert pytest_in(suite, "evals", "--run-dir=kept").ret == 0
    assert kept.read_bytes() == first


def test_the_suite_is_found_from_elsewhere_by_its_path(
    suite: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = pytest_in(
        suite, "--verbose", str(suite.path / "evals"), "--agent", "recorded:middling.jsonl", "--inconclusive", "pass"
    )
    assert done.ret == 0
    done.stdout.fnmatch_lines(["*= chatparity: INCONCLUSIVE =*"])
    assert len(runs(suite)) == 1


def test_a_baseline_decides_its_gate_and_without_one_the_item_is_skipped(suite: pytest.Pytester) -> None:
    gate = '[[gate]]\ndimension = "manners"\nno_worse_than = 0.15\n'
    write(suite.path / "evals" / "suite.toml", SUITE + gate)
    test = 'import pytest\n@pytest.mark.gates(kind="no_worse_than")\ndef test_regression(gate):\n    gate.check()\n'
    write(suite.path / "evals" / "test_manners.py", test)
    without = pytest_in(suite, "evals", "-rs", "--run-dir=first")
    without.assert_outcomes(skipped=1)
    without.stdout.fnmatch_lines(["*no baseline run was given: --baseline RUN*"])
    assert not (suite.path / "first").exists()
    assert pytest_in(suite, "evals", "--run-dir=first", "-k", "nothing").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    write(suite.path / "evals" / "test_manners.py", TESTS + test.replace("import pytest", ""))
    pytest_in(suite, "evals", "--run-dir=first").assert_outcomes(passed=4, skipped=1)
    same = pytest_in(suite, "evals", "--run-dir=second", "--baseline=first")
    same.assert_outcomes(passed=5)
    worse = pytest_in(suite, "evals", "--agent=recorded:rude.jsonl", "--baseline=first")
    assert "FAIL manners[all] rate AI − baseline −36.7 points" in worse.stdout.str()


@pytest.mark.parametrize(
    ("settings", "args", "said"),
    [
        (SUITE.replace("at_least", "atleast"), (), "evals/suite.toml: gate[[]0[]]: * unknown field*atleast*"),
        (SUITE.replace("0.8", "0.99"), (), "*even a perfect agent cannot pass at at_least = 0.99: it needs about *"),
        (SUITE.replace("data.jsonl", "none.jsonl"), (), "*none.jsonl: no such file or folder*"),
        (SUITE, ("--agent", "telepathy:x"), "*there is no kind of agent called 'telepathy'*"),
        (SUITE, ("--judge", "oracle"), '*judge "oracle": expected openai:MODEL*'),
        (SUITE, ("--mode", "sideways"), "*--mode: expected teacher_forced or free_running, got 'sideways'*"),
        (SUITE, ("--baseline", "nowhere"), "*nowhere: not graded yet*"),
    ],
)
def test_bad_input_is_one_clear_message_and_exit_code_4(
    suite: pytest.Pytester, settings: str, args: tuple[str, ...], said: str
) -> None:
    write(suite.path / "evals" / "suite.toml", settings)
    done = pytest_in(suite, "evals", *args)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*{said}"])
    assert "Traceback" not in done.stdout.str() + done.stderr.str()
    assert not (suite.path / "reports" / "runs").exists()


def test_bad_input_stops_the_session_before_workers_start(suite: pytest.Pytester) -> None:
    done = pytest_in(suite, "evals", "-n", "2", "--agent=telepathy:x", apart=True)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.str().count("there is no kind of agent") == 1


def test_a_marker_that_names_no_dimension_is_refused(suite: pytest.Pytester) -> None:
    write(suite.path / "evals" / "test_manners.py", TESTS.replace('gates("manners")', 'gates("maners")'))
    done = pytest_in(suite, "evals")
    done.stdout.fnmatch_lines(['*gates: no dimension is called "maners": there are manners*'])
    assert done.ret == pytest.ExitCode.INTERRUPTED


def test_too_many_errors_fail_every_gate_with_what_went_wrong(suite: pytest.Pytester) -> None:
    replies = transcripts(1, "ai_agent").splitlines(keepends=True)
    write(suite.path / "replies.jsonl", b"".join(replies[:50]))
    done = pytest_in(suite, "evals")
    done.assert_outcomes(failed=4)
    assert "no verdict: " in done.stdout.str()
    assert "10 of 60 exchanges (16.7 %) have no reply (no_recording 10)" in done.stdout.str()


def test_a_session_without_a_suite_has_none_of_the_options(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "def test_one(request):\n    assert not request.config.pluginmanager.has_plugin('chatparity-examination')"
    )
    assert pytest_in(pytester).ret == 0
    done = pytest_in(pytester, "--agent=x")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*unrecognized arguments: --agent=x"])


CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--agent", default="theirs")
    parser.addoption("--mode", default="theirs")
"""


def test_another_projects_option_of_the_same_name_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("def test_one(pytestconfig):\n    assert pytestconfig.getoption('--agent') == 'bond'")
    assert pytest_in(pytester, "--agent=bond").ret == 0


def test_in_a_suite_a_taken_option_stays_theirs_and_the_variable_is_ours(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite.makeconftest(CONFTEST)
    monkeypatch.setenv("CHATPARITY_AGENT", "recorded:rude.jsonl")
    done = pytest_in(suite, "evals", "--agent=bond")
    assert done.ret == 1
    assert "FAIL manners[all] rate 36/60 = 60.0 %" in done.stdout.str()


def test_other_tests_of_a_project_with_a_suite_load_nothing_of_it(suite: pytest.Pytester) -> None:
    test = (
        "import sys\n"
        "def test_one():\n"
        "    assert not {'msgspec', 'numpy', 'chatparity.gate', 'chatparity.run'} & set(sys.modules)\n"
    )
    write(suite.path / "tests" / "test_own.py", test)
    write(suite.path / "evals" / "suite.toml", "[suite\n")
    assert pytest_in(suite, "tests", apart=True).ret == 0
