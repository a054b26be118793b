"""The judge client, over real HTTP: structured answers, each asked for once, and failures that say what they are."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from chatparity.errors import JudgeFailure, UsageError
from chatparity.judge import Judge, JudgeUsage, open_judge
from chatparity.judge.cache import Cache
from chatparity.suite import JudgeTable, Settings, Suite, SuiteTable

SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": ["good", "bad"]}, "reason": {"type": "string"}},
    "required": ["verdict", "reason"],
    "additionalProperties": False,
}
GOOD = {"verdict": "good", "reason": "it is"}
QUESTION = [{"role": "system", "content": "Judge."}, {"role": "user", "content": "Is it good?"}]
KEY = "sk-test-0123456789-secret"


def suite_at(root: Path, **judge: Any) -> Suite:
    table = JudgeTable(key_env="TEST_JUDGE_KEY", **judge)
    return Suite(root=root, shipped=root / "none", settings=Settings(suite=SuiteTable(name="t"), judge=table))


def asked(server: Any, root: Path, *questions: list[dict[str, str]], **judge: Any) -> tuple[list[Any], JudgeUsage]:
    """Ask the questions one after the other; a failure stands in the place of its answer."""

    async def run() -> tuple[list[Any], JudgeUsage]:
        async with open_judge(f"openai:m-1@{server.url}", suite_at(root, **judge)) as opened:
            assert isinstance(opened, Judge)
            answers: list[Any] = []
            for question in questions or (QUESTION,):
                try:
                    answers.append(await opened.ask(question, SCHEMA, name="verdict"))
                except JudgeFailure as error:
                    answers.append(error)
            return answers, opened.usage

    return asyncio.run(run())


def test_an_answer_that_fits_the_schema_comes_back_as_an_object(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [GOOD]
    answers, usage = asked(judge_server, tmp_path)
    assert answers == [GOOD]
    assert usage == JudgeUsage(requests=1, input_tokens=100, output_tokens=10)
    sent = judge_server.requests[0]
    assert (sent["model"], sent["messages"], sent["temperature"]) == ("m-1", QUESTION, 0)
    assert isinstance(sent["seed"], int)
    assert sent["response_format"]["json_schema"] == {"name": "verdict", "strict": True, "schema": SCHEMA}


def test_the_same_question_is_asked_once_even_by_another_process(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [GOOD]
    first, _ = asked(judge_server, tmp_path)
    second, usage = asked(judge_server, tmp_path, QUESTION, QUESTION)
    assert second == [*first, *first]
    assert (usage.requests, usage.cache_hits) == (0, 2)
    assert len(judge_server.requests) == 1


def test_the_same_question_asked_twice_at_once_goes_out_once(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [GOOD]

    async def run() -> list[Any]:
        async with open_judge(f"openai:m-1@{judge_server.url}", suite_at(tmp_path)) as opened:
            assert opened is not None
            return list(await asyncio.gather(*(opened.ask(QUESTION, SCHEMA, name="verdict") for _ in range(5))))

    assert asyncio.run(run()) == [GOOD] * 5
    assert len(judge_server.requests) == 1


@pytest.mark.parametrize("changed", ["model", "words", "schema"])
def test_a_question_that_differs_in_anything_is_asked_anew(changed: str, judge_server: Any, tmp_path: Path) -> None:
    judge_server.always = GOOD
    asked(judge_server, tmp_path)

    async def run() -> None:
        model = "m-2" if changed == "model" else "m-1"
        words = [*QUESTION, {"role": "user", "content": "Really?"}] if changed == "words" else QUESTION
        schema = {**SCHEMA, "description": "another"} if changed == "schema" else SCHEMA
        async with open_judge(f"openai:{model}@{judge_server.url}", suite_at(tmp_path)) as opened:
            assert opened is not None
            await opened.ask(words, schema, name="verdict")

    asyncio.run(run())
    assert len(judge_server.requests) == 2


def test_a_damaged_cache_file_is_asked_anew_and_mended(judge_server: Any, tmp_path: Path) -> None:
    judge_server.always = GOOD
    asked(judge_server, tmp_path)
    (file,) = (one for one in tmp_path.rglob("*") if one.is_file())
    whole = file.read_bytes()
    file.write_bytes(whole[:20])
    answers, _ = asked(judge_server, tmp_path)
    assert (answers, len(judge_server.requests), file.read_bytes()) == ([GOOD], 2, whole)


def test_an_answer_that_is_not_json_is_sent_back_once_and_repaired(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = ["The verdict is good.", GOOD]
    answers, usage = asked(judge_server, tmp_path)
    assert answers == [GOOD]
    assert (usage.requests, usage.repairs) == (2, 1)
    assert (usage.input_tokens, usage.output_tokens) == (200, 20)
    roles = [message["role"] for message in judge_server.requests[1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert "not JSON" in judge_server.requests[1]["messages"][-1]["content"]


def test_json_in_a_code_fence_needs_no_repair(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = ['```json\n{"verdict": "good", "reason": "it is"}\n```']
    assert asked(judge_server, tmp_path)[0] == [GOOD]


def test_an_answer_outside_the_schema_twice_is_a_failure_and_is_not_kept(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [{"verdict": "superb", "reason": "!"}, {"verdict": "good"}, GOOD]
    answers, _ = asked(judge_server, tmp_path, QUESTION, QUESTION)
    failure, answer = answers
    assert isinstance(failure, JudgeFailure)
    assert failure.kind == "unparseable"
    assert "reason" in str(failure)
    assert answer == GOOD
    assert "verdict: 'superb'" in judge_server.requests[1]["messages"][-1]["content"]


def test_too_many_requests_is_waited_out_as_long_as_the_server_asks(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [(429, {"Retry-After": "0.4"}, {"error": {"message": "slow down"}}), GOOD]
    begun = time.monotonic()
    answers, usage = asked(judge_server, tmp_path)
    assert answers == [GOOD]
    assert 0.4 <= time.monotonic() - begun < 5
    assert (usage.requests, usage.retries) == (2, 1)


def test_a_server_that_asks_for_an_hour_is_not_waited_for(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [(429, {"Retry-After": "3600"}, {"error": {"message": "come back later"}})]
    (failure,), usage = asked(judge_server, tmp_path)
    assert (failure.kind, usage.requests) == ("http_429", 1)
    assert "come back later" in str(failure)


def test_a_server_error_is_tried_again_and_a_client_error_is_not(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [(503, {"Retry-After": "0"}, {}), GOOD, (404, {}, {"error": {"message": "no such model"}})]
    (answer, failure), usage = asked(judge_server, tmp_path, QUESTION, [{"role": "user", "content": "other"}])
    assert answer == GOOD
    assert failure.kind == "http_4xx"
    assert "no such model" in str(failure)
    assert usage.requests == 3


@pytest.mark.parametrize("refused", ["response_format", "temperature", "seed"])
def test_an_endpoint_that_refuses_an_optional_parameter_is_asked_without_it(
    refused: str, judge_server: Any, tmp_path: Path
) -> None:
    judge_server.script = [(400, {}, {"error": {"message": f"Unsupported parameter: '{refused}'"}}), GOOD, GOOD]
    answers, _ = asked(judge_server, tmp_path, QUESTION, [{"role": "user", "content": "other"}])
    assert answers == [GOOD, GOOD]
    assert [refused in request for request in judge_server.requests] == [True, False, False]
    if refused == "response_format":
        assert '"enum":["good","bad"]' in judge_server.requests[1]["messages"][-1]["content"]


def test_no_more_requests_go_out_than_the_budget_allows_and_the_cache_is_free(
    judge_server: Any, tmp_path: Path
) -> None:
    judge_server.always = GOOD
    others = [[{"role": "user", "content": str(number)}] for number in range(3)]
    answers, usage = asked(judge_server, tmp_path, *others, others[0], max_requests=2)
    assert [getattr(answer, "kind", "answer") for answer in answers] == ["answer", "answer", "budget", "answer"]
    assert "2 requests is used up (2 made)" in str(answers[2])
    assert (usage.requests, len(judge_server.requests)) == (2, 2)


def test_retries_and_repairs_count_against_the_budget(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [(429, {"Retry-After": "0"}, {}), "no JSON", GOOD]
    (failure,), usage = asked(judge_server, tmp_path, max_requests=2)
    assert (failure.kind, usage.requests) == ("budget", 2)


def test_concurrency_is_bounded(judge_server: Any, tmp_path: Path) -> None:
    under_way, most = 0, 0
    answer = judge_server.answer

    def slow(headers: dict[str, str], body: dict[str, Any]) -> Any:
        nonlocal under_way, most
        with judge_server.lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05)
        with judge_server.lock:
            under_way -= 1
        return answer(headers, body)

    judge_server.answer, judge_server.always = slow, GOOD

    async def run() -> None:
        async with open_judge(f"openai:m-1@{judge_server.url}", suite_at(tmp_path, concurrency=3)) as opened:
            assert opened is not None
            questions = [[{"role": "user", "content": str(number)}] for number in range(9)]
            await asyncio.gather(*(opened.ask(one, SCHEMA, name="verdict") for one in questions))

    asyncio.run(run())
    assert most == 3


def test_silence_is_a_timeout(judge_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatparity.judge.client.ATTEMPTS", 1)
    answer = judge_server.answer

    def silent(headers: dict[str, str], body: dict[str, Any]) -> Any:
        time.sleep(0.5)
        return answer(headers, body)

    judge_server.answer = silent
    (failure,), _ = asked(judge_server, tmp_path, timeout_seconds=0.1)
    assert failure.kind == "timeout"
    assert "0.1 s" in str(failure)


def test_an_endpoint_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatparity.judge.client.ATTEMPTS", 1)

    class Nowhere:
        url = "http://127.0.0.1:9/v1"

    (failure,), _ = asked(Nowhere, tmp_path)
    assert failure.kind == "refused"
    assert "127.0.0.1:9" in str(failure)


def test_a_refusal_of_the_model_is_no_verdict(judge_server: Any, tmp_path: Path) -> None:
    message = {"role": "assistant", "content": None, "refusal": "I would rather not."}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m-1", "choices": [choice]}
    judge_server.script = [(200, {}, body)]
    (failure,), _ = asked(judge_server, tmp_path)
    assert failure.kind == "declined"
    assert "rather not" in str(failure)


def test_a_response_without_choices_is_malformed(
    judge_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatparity.judge.client.ATTEMPTS", 1)
    judge_server.script = [(200, {}, {"hello": "world"})]
    (failure,), _ = asked(judge_server, tmp_path)
    assert failure.kind == "malformed"


def test_the_key_is_sent_and_stands_in_no_file_and_no_error(
    judge_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_JUDGE_KEY", KEY)
    judge_server.script = [GOOD, (401, {}, {"error": {"message": f"Incorrect API key provided: {KEY}"}})]
    (answer, failure), _ = asked(judge_server, tmp_path, QUESTION, [{"role": "user", "content": "other"}])
    assert answer == GOOD
    assert judge_server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(failure)
    assert "***" in str(failure)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert files
    assert all(KEY.encode() not in one.read_bytes() and KEY not in one.name for one in files)


def test_the_cache_keeps_what_was_asked_as_it_was_sent_and_nothing_of_it_where_nothing_is_redacted(
    judge_server: Any, tmp_path: Path
) -> None:
    judge_server.always = GOOD
    question = [{"role": "user", "content": "Was the call to anna@example.com polite?"}]
    asked(judge_server, tmp_path / "on", question)
    (kept,) = Cache(tmp_path / "on" / "reports" / "judge-cache").every()
    assert kept.question["messages"] == judge_server.requests[0]["messages"]
    assert "[email 1]" in kept.question["messages"][0]["content"]
    assert kept.answer == GOOD
    asked(judge_server, tmp_path / "off", question, redact=False)
    assert "anna@example.com" in judge_server.requests[1]["messages"][0]["content"]
    (file,) = (one for one in (tmp_path / "off").rglob("*") if one.is_file())
    assert b"anna@example.com" not in file.read_bytes()


def test_no_judge_is_none(tmp_path: Path) -> None:
    async def run() -> Judge | None:
        async with open_judge("none", suite_at(tmp_path)) as opened:
            return opened

    assert asyncio.run(run()) is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("gpt-4o", "expected openai:MODEL"),
        ("openai:", "expected openai:MODEL"),
        ("openai:m@ftp://host", "expected openai:MODEL"),
        ("openai:gpt-4o", "TEST_JUDGE_KEY"),
        ("openai:m@https://user:hunter2@host/v1", "TEST_JUDGE_KEY"),
    ],
)
def test_a_judge_that_cannot_be_opened_says_what_to_do(spec: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=expected) as caught:
        open_judge(spec, suite_at(tmp_path))
    assert "hunter2" not in str(caught.value)
