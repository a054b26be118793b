"""Runs with a judge: one that reaches its budget says what is missing and goes on, offline only the cache answers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.exchange import Exchange, Point, Reply, Score
from chatparity.grading import load_graders
from chatparity.grading.rows import ledger
from chatparity.grading.rubric import load_rubric, rubric_grader
from chatparity.jsonl import write_transcripts
from chatparity.judge import open_judge
from chatparity.points import exchanges, points_of
from chatparity.run.examine import examine, grade_run
from chatparity.run.judging import Judging, not_judged, spent_on_judge
from chatparity.run.select import Options
from chatparity.suite import GateTable, JudgeTable, Suite, load_suite
from chatparity.transcript import Knowledge, ToolCall, Transcript, Turn

pytest_plugins = "pytester"
GRADERS = Path(__file__).parents[1] / "graders"
FINE = {"reason": "It is.", "evidence": ["On 12 March"], "unsure": False, "score": 5}


def talk(number: int) -> Transcript:
    # Synthetic.
    turns = (
        Turn(speaker="customer", text=f"When is instalment {number} due?"),
        Turn(speaker="human_agent", text="On 12 March."),
    )
    return Transcript(schema=1, id=f"t{number}", language="en", turns=turns, synthetic=True)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    path = tmp_path / "logs.jsonl"
    write_transcripts(path, [talk(number) for number in range(6)])
    return path


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    found = load_suite(Path(__file__))
    table = JudgeTable(key_env="TEST_JUDGE_KEY", cache=str(tmp_path / "cache"), concurrency=1)
    only = msgspec.structs.replace(found.settings.suite, graders=("accuracy_llm",))
    return replace(found, settings=msgspec.structs.replace(found.settings, judge=table, suite=only, gate=()))


def test_a_run_that_reaches_its_judges_budget_says_what_is_missing_and_goes_on_when_it_is_raised(
    suite: Suite, logs: Path, tmp_path: Path, judge_server: Any
) -> None:
    judge_server.always = FINE
    spec = f"openai:m@{judge_server.url}"
    options = Options(
        paths=(logs,), agent=f"recorded:{logs}", judge=spec, out=tmp_path / "run", judging=Judging(max_requests=4)
    )
    folder = asyncio.run(examine(suite, options))
    said = not_judged(folder.scores())
    assert said.startswith("the judge's budget of 4 requests is used up (4 made): ")
    assert "accuracy_llm" in said
    lines = [line for line in ledger(folder.scores()) if line.grader == "accuracy_llm"]
    assert sum(line.graded for line in lines) + sum(line.not_run for line in lines) == 12
    assert all(line.errored == 0 for line in lines)
    made = len(judge_server.requests)
    assert made == 4
    asyncio.run(grade_run(suite, folder, judging=Judging(max_requests=5)))
    assert len(judge_server.requests) == 5, "what was spent before counts"
    rows = asyncio.run(grade_run(suite, folder))
    assert not_judged(rows) == ""
    assert len({json.dumps(one, sort_keys=True) for one in judge_server.requests}) == len(judge_server.requests)
    spent = spent_on_judge(folder, suite)
    assert (spent.requests, spent.tokens) == (6, 6 * 110)


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "chatparity", *words], cwd=cwd, capture_output=True, text=True)


def test_the_command_ends_with_four_and_says_how_to_go_on_and_offline_it_asks_nobody(
    logs: Path, tmp_path: Path, judge_server: Any
) -> None:
    judge_server.always = FINE
    spec = f"openai:m@{judge_server.url}"
    words = ("--judge", spec, "--graders", "accuracy_llm")
    first = command("grade", str(logs), *words, "--out", "run", "--max-judge-requests", "4", cwd=tmp_path)
    assert first.returncode == 4, first.stderr
    assert "4 requests is used up" in first.stderr
    assert f"chatparity grade run --judge {spec}" in first.stderr
    assert "judge: " in first.stderr
    before = len(judge_server.requests)
    offline = command("grade", "run", *words, "--offline", cwd=tmp_path)
    assert offline.returncode == 4
    assert "--offline asks nobody" in offline.stderr
    assert len(judge_server.requests) == before
    assert command("grade", "run", *words, cwd=tmp_path).returncode == 0
    whole = command("grade", "run", *words, "--offline", "--json", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    assert len(judge_server.requests) == 6
    assert sum(line["graded"] for line in json.loads(whole.stdout)) == 12
    run = command("run", str(logs), "--agent", f"recorded:{logs}", "--judge", spec, "--offline", cwd=tmp_path)
    assert run.returncode == 4, run.stderr
    assert "politeness_llm" in run.stderr


def test_in_pytest_a_miss_of_the_cache_is_no_verdict(
    pytester: pytest.Pytester, judge_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHATPARITY_OFFLINE", "CHATPARITY_JUDGE"):
        monkeypatch.delenv(name, raising=False)
    judge_server.always = FINE
    evals = pytester.mkdir("evals")
    (evals / "suite.toml").write_text(
        '[suite]\nname = "t"\ndatasets = ["datasets"]\ngraders = ["accuracy_llm"]\n[agent]\n'
        f'default = "recorded:datasets/logs.jsonl"\n[judge]\ndefault = "openai:m@{judge_server.url}"\n'
        '[[gate]]\ndimension = "accuracy"\ngrader = "accuracy_llm"\nat_least = 0.5\n'
    )
    (evals / "test_accuracy.py").write_text(
        'import pytest\n@pytest.mark.gates("accuracy")\ndef test_accuracy(gate):\n    gate.check()\n'
    )
    (pytester.mkdir("datasets") / "logs.jsonl").write_bytes(b"")
    write_transcripts(pytester.path / "datasets" / "logs.jsonl", [talk(number) for number in range(30)])
    words = ("-p", "no:deepeval", "-p", "no:cacheprovider", "-p", "no:xdist", "evals")
    missed = pytester.runpytest_subprocess(*words, "--offline", "--run-dir", "run")
    missed.assert_outcomes(failed=1)
    missed.stdout.fnmatch_lines(["*no verdict: no answer for `accuracy_llm` in*--offline asks nobody*"])
    assert judge_server.requests == []
    for again in (("--run-dir", "run"), ("--offline", "--run-dir", "again")):
        judged = pytester.runpytest_subprocess(*words, *again)
        judged.assert_outcomes(failed=1)
        judged.stdout.fnmatch_lines(["*INCONCLUSIVE accuracy* 30/30*", "*licence*"])
    assert len(judge_server.requests) == 30


def test_optional_rubrics_are_used_only_where_they_are_named(suite: Suite) -> None:
    bare = replace(
        suite, settings=msgspec.structs.replace(suite.settings, suite=load_suite(Path(__file__)).settings.suite)
    )
    shipped = {one.name for one in load_graders(bare)}
    wanted = {"accuracy_llm", "hallucination_llm", "politeness_llm", "escalation_llm", "resolution_llm", "empathy_llm"}
    assert {name for name in shipped if name.endswith("_llm")} == wanted
    assert {one.name for one in load_graders(bare, only=("preferred_llm", "resolution"))} == {
        "preferred_llm",
        "resolution",
        "resolution_llm",
    }
    gated = msgspec.structs.replace(
        bare.settings, gate=(GateTable(dimension="role", grader="role_adherence", zero=True),)
    )
    assert "role_adherence" in {one.name for one in load_graders(replace(bare, settings=gated))}


# Rubrics beyond single replies.

SHOP = Transcript(
    schema=1,
    id="t-secret",
    language="en",
    turns=(
        Turn(speaker="customer", text="Please cancel H-1."),
        Turn(speaker="human_agent", text="recorded: done."),
        Turn(speaker="customer", text="And the fee?"),
        Turn(speaker="human_agent", text="There is none, by the way."),
    ),
    knowledge=(Knowledge(id="fees", text="Cancelling is free."),),
)
REPLIES = {1: Reply(text="H-1 is cancelled.", tool_calls=(ToolCall(name="cancel"),)), 3: Reply(text="It is free.")}


def graded(server: Any, suite: Suite, name: str, given: Any) -> Score:
    async def run() -> Score:
        async with open_judge(f"openai:m@{server.url}", suite) as judge:
            made: Any = rubric_grader(load_rubric(GRADERS / name), judge).grade
            score = await made(given)
            assert isinstance(score, Score)
            return score

    return asyncio.run(run())


def test_a_conversation_is_graded_once_with_quotes_from_every_reply_of_its_side(
    suite: Suite, judge_server: Any
) -> None:
    quotes = ["H-1 is cancelled", "It is free", "And the fee?", "Cancelling is free."]
    judge_server.script = [{**FINE, "evidence": quotes}, {**FINE, "evidence": ["recorded: done."], "score": 4}]
    score = graded(judge_server, suite, "resolution.md", exchanges(points_of(SHOP), REPLIES))
    assert [span.where for span in score.evidence] == ["reply:1", "reply", "turn:2", "knowledge:fees"]
    _, prompt = judge_server.prompts()
    assert "recorded: done." not in prompt, "this side's replies, not the recorded ones"
    assert "cancel" in prompt
    longer = exchanges(points_of(SHOP), {1: Reply(text="H-1 is cancelled."), 3: Reply(text="No fee.")})
    assert graded(judge_server, suite, "resolution.md", longer).outcome == "unfounded"


def compared(server: Any, suite: Suite, first: str, second: str, reply: str = "It is free.") -> Score:
    """Compare with a judge who says `first` where the reply comes first, `second` where it comes second."""
    plain = server.answer

    def answer(headers: dict[str, str], body: dict[str, Any]) -> Any:
        text = body["messages"][-1]["content"]
        data = json.loads(text[text.index("\n") : text.rindex("</data")])
        better = first if data["first"]["text"] == reply else second
        server.script = [
            {"reason": f"{better}.", "evidence": [data["first"]["text"]], "unsure": False, "better": better}
        ]
        return plain(headers, body)

    server.answer = answer
    return graded(server, suite, "preferred.md", Exchange(point=points_of(SHOP)[1], reply=Reply(text=reply)))


@pytest.mark.parametrize(
    ("first", "second", "verdict", "value", "outcome"),
    [
        ("first", "second", "pass", 1.0, "better"),
        ("second", "first", "fail", 0.0, "worse"),
        ("neither", "neither", "pass", 0.5, "equal"),
        ("first", "neither", "pass", 0.5, "equal"),
        ("first", "first", "abstained", None, "inconsistent"),
        ("second", "second", "abstained", None, "inconsistent"),
    ],
)
def test_two_answers_are_compared_in_both_orders_and_what_depends_on_the_order_is_no_preference(
    first: str, second: str, verdict: str, value: float | None, outcome: str, suite: Suite, judge_server: Any
) -> None:
    score = compared(judge_server, suite, first, second)
    assert (score.verdict, score.value, score.outcome) == (verdict, value, outcome)
    assert len(judge_server.requests) == 2
    for request in judge_server.requests:
        said = json.dumps(request)
        assert not any(word in said for word in ("human_agent", "ai_agent", "t-secret", "reference"))


def test_an_answer_is_not_compared_with_itself_nor_where_nobody_answered(suite: Suite, judge_server: Any) -> None:
    score = compared(judge_server, suite, "first", "second", reply="There is none, by the way.")
    assert (score.outcome, judge_server.requests) == ("same", [])
    grader = rubric_grader(load_rubric(GRADERS / "preferred.md"), None)
    assert grader.requests == 2
    alone = Transcript(schema=1, id="x", language="en", turns=SHOP.turns[:1])
    answered: list[Point] = points_of(SHOP)
    assert [grader.plans(point) for point in (*points_of(alone), *answered)] == [False, True, True]


def test_a_rubric_that_asks_for_it_shows_the_judge_a_persons_answer(suite: Suite, judge_server: Any) -> None:
    judge_server.always = {**FINE, "evidence": ["It is free"]}
    given = Exchange(point=points_of(SHOP)[1], reply=REPLIES[3])
    assert graded(judge_server, suite, "reference.md", given).verdict == "pass"
    assert '"reference_answer"' in judge_server.prompts()[1]
    assert "There is none, by the way." in judge_server.prompts()[1]
    graded(judge_server, suite, "accuracy.md", given)
    assert '"reference_answer"' not in judge_server.prompts()[1]
