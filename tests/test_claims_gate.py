"""Claims as tests of a suite: one item a claim where logs are named, none where they are not."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from chatparity.claims.demo import draw, write_table

from .claims_worlds import changed

pytest_plugins = "pytester"

SUITE = '[suite]\nname = "small"\n[claims]\nfile = "claims.toml"\n'
CLAIM = """
[[claim]]
id = "{0}"
kind = "share"
said = "The assistant handles most."
source = "the newsletter"
at_least = {1}
{2}
"""
TESTS = """
import pytest

@pytest.mark.claims
def test_claims(claim):
    claim.check()

def test_of_something_else():
    pass
"""
TURNS = '[{"speaker":"customer","text":"hi"},{"speaker":"ai_agent","text":"ho"}]'
TALK = f'{{"schema":1,"id":"a","language":"en","turns":{TURNS}}}\n'
for _name in ("scipy.stats", "scipy.optimize", "duckdb", "chatparity.claims.measure", "chatparity.claims.read"):
    importlib.import_module(_name)
PLAIN = ("-p", "no:deepeval", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:repeat", "-p", "no:rerunfailures")


@pytest.fixture
def suite(pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory) -> pytest.Pytester:
    (pytester.path / "evals").mkdir()
    (pytester.path / "evals" / "suite.toml").write_text(SUITE)
    (pytester.path / "evals" / "test_said.py").write_text(TESTS)
    (pytester.path / "datasets").mkdir()
    (pytester.path / "datasets" / "one.jsonl").write_text(TALK)
    lines = [
        CLAIM.format("true", 0.3, ""),
        CLAIM.format("false", 0.95, ""),
        CLAIM.format("stale", 0.3, "expires = 2026-01-31"),
    ]
    (pytester.path / "claims.toml").write_text("".join(lines))
    write_table(draw(changed(customers=300), 1).logs, pytester.path / "logs.csv")
    return pytester


def ran(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return suite.runpytest_subprocess(*PLAIN, "evals", *arguments)


def test_without_logs_no_claim_is_asked_and_nothing_is_skipped(suite: pytest.Pytester) -> None:
    result = ran(suite)
    result.assert_outcomes(passed=1)


def test_a_session_of_claims_alone_says_how_to_name_logs(suite: pytest.Pytester) -> None:
    result = ran(suite, "-k", "test_claims")
    result.stdout.fnmatch_lines(["*1 deselected*"])
    alone = suite.path / "evals" / "test_said.py"
    alone.write_text(TESTS[: TESTS.index("def test_of")])
    result = ran(suite)
    result.stdout.fnmatch_lines(
        ["claims: not asked: name logs with --claims-logs or with [[]claims[]] logs in suite.toml"]
    )


def test_each_claim_is_an_item_and_one_out_of_date_does_not_pass(suite: pytest.Pytester) -> None:
    result = ran(suite, "--claims-logs", "logs.csv")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "contradicted    false: The assistant handles most.",
            "supported       stale: The assistant handles most.",
            "*out of date: it counted until 2026-01-31, measure it again",
        ],
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_what_is_not_known_may_be_skipped_and_what_is_contradicted_may_not(suite: pytest.Pytester) -> None:
    ran(suite, "--claims-logs", "logs.csv", "--inconclusive", "skip").assert_outcomes(passed=2, failed=1, skipped=1)


def test_the_suite_may_name_the_logs_and_a_marker_single_claims(suite: pytest.Pytester) -> None:
    (suite.path / "evals" / "suite.toml").write_text(SUITE + 'logs = "logs.csv"\n')
    tests = suite.path / "evals" / "test_said.py"
    tests.write_text(TESTS.replace("mark.claims", 'mark.claims("true")'))
    ran(suite).assert_outcomes(passed=2)
    tests.write_text(TESTS.replace("mark.claims", 'mark.claims("treu")'))
    result = ran(suite)
    result.stdout.fnmatch_lines(['*claims: no claim is called "treu": there are true, false, stale*'])


def test_logs_that_are_not_there_and_a_bad_claims_file_end_the_session_before_any_test(suite: pytest.Pytester) -> None:
    result = ran(suite, "--claims-logs", "nowhere.csv")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*nowhere.csv: no such logs*"])
    (suite.path / "claims.toml").write_text("[ledge]\n")
    result = ran(suite, "--claims-logs", "logs.csv")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*ledge: unknown key*"])


def test_logs_that_cannot_be_read_fail_every_claim_with_the_reason(suite: pytest.Pytester) -> None:
    Path(suite.path, "logs.csv").write_text("id,handled_by\n1,robot\n")
    result = ran(suite, "--claims-logs", "logs.csv")
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(["no verdict: *logs.csv:2: handled_by: expected ai, human, both*"])


def test_the_figures_stand_in_the_junit_file(suite: pytest.Pytester) -> None:
    ran(suite, "--claims-logs", "logs.csv", "--junitxml=junit.xml")
    text = (suite.path / "junit.xml").read_text()
    for part in ('name="claim" value="true"', 'name="verdict" value="contradicted"', 'name="low"', 'name="n"'):
        assert part in text
