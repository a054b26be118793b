"""chatparity's graders in deepeval's assert_test: they pass, fail and abstain there as they do here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatparity.errors import UsageError

# deepeval makes a folder where it runs and changes loops of its own: it gets a process of its own.
HEAD = """
import json, sys
from chatparity.grading.deepeval_assert import ConversationMetric, ReplyMetric
from deepeval import assert_test
from deepeval.test_case import ConversationalTestCase, LLMTestCase, ToolCall, Turn

def case(*texts, **more):
    turns = [Turn(role="user" if n % 2 == 0 else "assistant", content=text) for n, text in enumerate(texts)]
    return ConversationalTestCase(turns=turns, **more)

def failure(test, metric):
    try:
        assert_test(test, [metric], run_async=RUN_ASYNC)
    except AssertionError as error:
        return str(error)
    return "passed"
"""


def run(tmp_path: Path, code: str, *, run_async: bool = True) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "script.py"
    script.write_text(f"RUN_ASYNC = {run_async}\n{HEAD}\n{code}")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TEST_JUDGE_KEY": "k"}
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("run_async", [True, False])
def test_a_rule_grader_passes_fails_and_abstains(run_async: bool, tmp_path: Path) -> None:
    code = """
fact = {"chatparity": {"labels": {"facts": [{"id": "fee", "accept": ["£6.00"], "due_by_turn": 1}]}, "market": "GB"}}
right = case("How much is the fee?", "It is £6.00.", additional_metadata=fact)
wrong = case("How much is the fee?", "It is £9.00.", additional_metadata=fact)
bare = case("How much is the fee?", "It is £9.00.")
print("RESULT", json.dumps([failure(one, ConversationMetric("accuracy")) for one in (right, wrong, bare)]))
"""
    out = run(tmp_path, code, run_async=run_async).stdout
    right, wrong, bare = json.loads(out[out.rindex("RESULT ") + 7 :].splitlines()[0])
    assert right == "passed"
    assert wrong.startswith("Metrics: chatparity accuracy (score: 0.0")
    assert "abstains: there is nothing that it could grade" in bare


def test_an_llm_grader_asks_the_judge_and_its_abstention_is_an_error_and_no_score(
    judge_server: Any, tmp_path: Path
) -> None:
    fine = {"reason": "Right.", "evidence": ["It is £6.00"], "unsure": False, "score": 5}
    judge_server.script = [fine, {**fine, "unsure": True}]
    url = judge_server.url
    code = f"""
metric = ConversationMetric("accuracy_llm", judge="openai:m@{url}")
said = case("How much is the fee?", "It is £6.00.", context=["A late fee of £6.00 is charged once."])
reply = ReplyMetric("accuracy_llm", judge="openai:m@{url}")
once = LLMTestCase(input="And when?", actual_output="Today.", tools_called=[ToolCall(name="get_order")])
print("RESULT", json.dumps([failure(said, metric), failure(once, reply)]))
"""
    out = run(tmp_path, code).stdout
    passed, unsure = json.loads(out[out.rindex("RESULT ") + 7 :].splitlines()[0])
    assert passed == "passed"
    assert "accuracy_llm abstains: the judge is unsure" in unsure
    assert "score: None" in unsure
    assert "A late fee of £6.00 is charged once." in judge_server.prompts(0)[1]
    assert "get_order" in judge_server.prompts(1)[1]


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    from chatparity.grading.deepeval_assert import ConversationMetric, transcript_of

    with pytest.raises(UsageError, match="needs a judge"):
        ConversationMetric("accuracy_llm", judge="none")
    with pytest.raises(UsageError, match="no grader or dimension"):
        ConversationMetric("nothing")
    from deepeval.test_case import ConversationalTestCase, Turn

    turns = [Turn(role="user", content="Hi"), Turn(role="assistant", content="Hello")]
    case = ConversationalTestCase(turns=turns, additional_metadata={"chatparity": {"languag": "pl"}})
    with pytest.raises(UsageError, match="expected fields of a transcript"):
        transcript_of(case)
