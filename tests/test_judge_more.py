"""The judge over real HTTP: panels, log-probabilities, Azure, the cache offline, and what it may cost."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from chatparity.errors import JudgeFailure, UsageError
from chatparity.exchange import Exchange, Reply, Score
from chatparity.grading.panel import combined, disagrees
from chatparity.grading.rubric import load_rubric, rubric_grader
from chatparity.judge import Account, Answered, Judge, JudgeBudget, JudgeSpent, Panel, open_judge
from chatparity.judge.wire import address_of
from chatparity.points import points_of
from chatparity.suite import JudgeTable, PriceTable, Settings, Suite, SuiteTable
from chatparity.transcript import Transcript, Turn

SCHEMA = {"type": "object", "properties": {"score": {"type": "integer", "enum": [1, 2, 3, 4, 5]}}}
QUESTION = [{"role": "user", "content": "How good is it?"}]
ACCURACY = Path(__file__).parents[1] / "graders" / "accuracy.md"
FINE = {"reason": "It is.", "evidence": ["On 12 March"], "unsure": False, "score": 5}
PRICE = PriceTable(input_per_million=1000.0, output_per_million=10_000.0, currency="EUR")


def suite_at(root: Path, *, prices: dict[str, PriceTable] | None = None, **judge: Any) -> Suite:
    table = JudgeTable(key_env="TEST_JUDGE_KEY", **judge)
    settings = Settings(suite=SuiteTable(name="t"), judge=table, prices=prices or {})
    return Suite(root=root, shipped=root / "none", settings=settings)


def exchange() -> Exchange:
    # Synthetic.
    turns = (Turn(speaker="customer", text="When is it due?"), Turn(speaker="human_agent", text="On 12 March."))
    (point,) = points_of(Transcript(schema=1, id="t", language="en", turns=turns))
    return Exchange(point=point, reply=Reply(text="On 12 March, as agreed."))


def asked(suite: Suite, spec: str, *, offline: bool = False, **more: Any) -> list[Answered | JudgeFailure]:
    async def run() -> list[Answered | JudgeFailure]:
        found: list[Answered | JudgeFailure] = []
        async with open_judge(spec, suite, offline=offline, **more) as judge:
            assert judge is not None
            for number in range(3):
                question = [{"role": "user", "content": f"How good is {number}?"}]
                try:
                    found.append(await judge.answered(question, SCHEMA, name="grade", graded="score"))
                except JudgeFailure as error:
                    found.append(error)
        return found

    return asyncio.run(run())


def kinds(found: list[Answered | JudgeFailure]) -> list[str]:
    return [one.kind if isinstance(one, JudgeFailure) else "answer" for one in found]


def completion(content: str, tokens: list[tuple[str, dict[str, float]]] | None = None) -> tuple[int, Any, Any]:
    """Return a chat completion whose tokens are given with the chances of their alternatives."""
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    if tokens is not None:
        listed = [
            {
                "token": token,
                "logprob": 0.0,
                "bytes": None,
                "top_logprobs": [
                    {"token": other, "logprob": math.log(chance), "bytes": None} for other, chance in others.items()
                ],
            }
            for token, others in tokens
        ]
        choice["logprobs"] = {"content": listed, "refusal": None}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return 200, {}, body


TOKENS = [('{"', {}), ("score", {}), ('":', {}), (" 4", {" 4": 0.6, " 5": 0.2, " 3": 0.1, "x": 0.1}), ("}", {})]


def test_log_probabilities_become_the_chances_of_each_score(judge_server: Any, tmp_path: Path) -> None:
    judge_server.always = completion('{"score": 4}', TOKENS)
    first, *_ = asked(suite_at(tmp_path), f"openai:m@{judge_server.url}")
    assert isinstance(first, Answered)
    assert first.chances == pytest.approx({"3": 0.1 / 0.9, "4": 0.6 / 0.9, "5": 0.2 / 0.9})
    assert (judge_server.requests[0]["logprobs"], judge_server.requests[0]["top_logprobs"]) == (True, 20)
    again, *_ = asked(suite_at(tmp_path), f"openai:m@{judge_server.url}")
    assert again == first, "the cache keeps them"


@pytest.mark.parametrize(
    "tokens",
    [
        None,
        [('{"score": ', {}), ("4", {"4": 0.3, "four": 0.7}), ("}", {})],
        [("another text", {})],
    ],
)
def test_without_usable_log_probabilities_there_are_no_chances(tokens: Any, judge_server: Any, tmp_path: Path) -> None:
    judge_server.always = completion('{"score": 4}', tokens)
    first, *_ = asked(suite_at(tmp_path), f"openai:m@{judge_server.url}")
    assert first == Answered({"score": 4}, None)


def test_an_endpoint_that_has_no_log_probabilities_is_asked_without_them(judge_server: Any, tmp_path: Path) -> None:
    refused = {"error": {"message": "You are not allowed to request logprobs from this model", "param": "logprobs"}}
    judge_server.script = [(400, {}, refused)]
    judge_server.always = {"score": 4}
    assert kinds(asked(suite_at(tmp_path), f"openai:m@{judge_server.url}")) == ["answer"] * 3
    assert [("logprobs" in one, "top_logprobs" in one) for one in judge_server.requests] == [(True, True)] + [
        (False, False)
    ] * 3
    asked(suite_at(tmp_path / "off", logprobs=False), f"openai:m@{judge_server.url}")
    assert "logprobs" not in judge_server.requests[-1]


def test_the_chances_grade_the_value_and_the_written_score_decides_whether_it_passes(
    judge_server: Any, tmp_path: Path
) -> None:
    text = json.dumps({**FINE, "score": 4})
    head, tail = text[: text.rindex("4")], text[text.rindex("4") + 1 :]
    judge_server.always = completion(text, [(head, {}), ("4", {"4": 0.5, "2": 0.5}), (tail, {})])
    (score,) = scores(suite_at(tmp_path), f"openai:m@{judge_server.url}")
    assert score.verdict == "pass"
    assert score.value == pytest.approx(0.5)


def scores(suite: Suite, spec: str) -> list[Score]:
    async def run() -> list[Score]:
        async with open_judge(spec, suite) as judge:
            made: Any = rubric_grader(load_rubric(ACCURACY), judge).grade
            return [await made(exchange())]

    return asyncio.run(run())


def by_model(answers: dict[str, dict[str, Any]], server: Any) -> None:
    plain = server.answer

    def answer(headers: dict[str, str], body: dict[str, Any]) -> Any:
        server.script = [answers[body["model"]]]
        return plain(headers, body)

    server.answer = answer


def test_the_judges_of_a_panel_are_asked_on_their_own_and_their_disagreement_is_kept(
    judge_server: Any, tmp_path: Path
) -> None:
    by_model({"a": FINE, "b": {**FINE, "score": 4}, "c": {**FINE, "score": 1}}, judge_server)
    spec = ",".join(f"openai:{name}@{judge_server.url}" for name in "abc")
    (score,) = scores(suite_at(tmp_path, concurrency=1), spec)
    assert score.verdict == "pass"
    assert score.value == pytest.approx((1 + 0.75) / 2)
    assert [(one.judge.split("@")[0], one.verdict, one.value) for one in score.panel] == [
        ("a", "pass", 1.0),
        ("b", "pass", 0.75),
        ("c", "fail", 0.0),
    ]
    assert disagrees(score.panel)
    (mean,) = scores(suite_at(tmp_path, concurrency=1, combine="mean"), spec)
    assert mean.verdict == "fail"
    assert mean.value == pytest.approx((1 + 0.75 + 0) / 3)


PASS, FAIL = Score.passed("p"), Score.failed("f")
NONE = Score.abstained("u", outcome="unsure")


@pytest.mark.parametrize(
    ("given", "verdict", "outcome"),
    [
        ([PASS, FAIL], "abstained", "divided"),
        ([PASS, NONE], "pass", None),
        ([PASS, NONE, NONE], "abstained", "no_quorum"),
        ([NONE, NONE], "abstained", "no_quorum"),
        ([PASS, FAIL, FAIL], "fail", None),
    ],
)
def test_a_panel_abstains_when_it_is_divided_or_too_few_have_a_verdict(
    given: list[Score], verdict: str, outcome: str | None
) -> None:
    made = combined([(str(place), one) for place, one in enumerate(given)], "majority", pass_value=0.75)
    assert (made.verdict, made.outcome, len(made.panel)) == (verdict, outcome, len(given))


def test_a_panel_has_an_identity_and_no_one_answer(judge_server: Any, tmp_path: Path) -> None:
    spec = f"openai:a@{judge_server.url},openai:b@{judge_server.url}"

    async def run() -> None:
        async with open_judge(spec, suite_at(tmp_path)) as judge:
            assert isinstance(judge, Panel)
            assert judge.identity == f"majority of a@{judge_server.url}, b@{judge_server.url}"
            with pytest.raises(UsageError, match="name one judge"):
                await judge.ask(QUESTION, SCHEMA, name="grade")

    asyncio.run(run())
    with pytest.raises(UsageError, match="twice"):
        open_judge(f"openai:a@{judge_server.url},openai:a@{judge_server.url}", suite_at(tmp_path))


def test_offline_the_cache_answers_from_any_place_and_what_it_lacks_is_a_failure(
    judge_server: Any, tmp_path: Path
) -> None:
    judge_server.always = {"score": 4}
    spec = f"openai:m@{judge_server.url}"
    before = asked(suite_at(tmp_path / "one"), spec)
    folder = Path("reports") / "judge-cache"
    shutil.copytree(tmp_path / "one" / folder, tmp_path / "two" / folder)
    assert asked(suite_at(tmp_path / "two"), spec, offline=True) == before
    assert kinds(asked(suite_at(tmp_path / "three"), spec, offline=True)) == ["offline"] * 3
    assert len(judge_server.requests) == 3


def test_offline_needs_no_key_and_repeats_a_verdict_that_was_withheld(
    judge_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert kinds(asked(suite_at(tmp_path), "openai:m", offline=True)) == ["offline"] * 3
    judge_server.script = ["no", "no again", {"score": 4}, {"score": 4}]
    spec = f"openai:m@{judge_server.url}"
    assert kinds(asked(suite_at(tmp_path), spec)) == ["unparseable", "answer", "answer"]
    assert kinds(asked(suite_at(tmp_path), spec, offline=True)) == ["unparseable", "answer", "answer"]


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({"money": 0.3}, ["answer", "answer", "budget"]),
        ({"tokens": 110}, ["answer", "budget", "budget"]),
        ({"requests": 2}, ["answer", "answer", "budget"]),
        ({"money": 0.0}, ["budget", "budget", "budget"]),
        ({}, ["answer", "answer", "answer"]),
    ],
)
def test_every_limit_stops_the_judge_and_what_was_spent_before_counts(
    budget: dict[str, Any], expected: list[str], judge_server: Any, tmp_path: Path
) -> None:
    judge_server.always = {"score": 4}
    suite, written = suite_at(tmp_path, prices={"m": PRICE}), list[JudgeSpent]()
    spec = f"openai:m@{judge_server.url}"
    account = Account(suite, budget=JudgeBudget(**budget), sink=written.append)
    assert kinds(asked(suite, spec, account=account)) == expected
    made = expected.count("answer")
    assert [(one.input_tokens, one.output_tokens) for one in written] == [(100, 10)] * made
    assert [one.cost for one in written] == pytest.approx([0.2] * made)
    again = Account(suite, budget=JudgeBudget(**budget), before=written)
    assert kinds(asked(suite, spec, account=again)) == expected, "what is in the cache costs nothing"
    assert len(judge_server.requests) == made
    assert kinds(asked(suite, spec)) == ["answer"] * 3


def test_a_limit_that_cannot_be_kept_is_refused_or_reached(judge_server: Any, tmp_path: Path) -> None:
    spec = f"openai:m@{judge_server.url}"
    with pytest.raises(UsageError, match=r'\[prices."m"\]'):
        open_judge(spec, suite_at(tmp_path, max_cost=1.0))
    status, headers, body = completion('{"score": 4}')
    judge_server.always = (status, headers, {**body, "usage": None})
    found = asked(suite_at(tmp_path, max_tokens=1000), spec)
    assert kinds(found) == ["answer", "budget", "budget"]
    assert "cannot be kept" in str(found[1])


def test_requests_that_failed_count_and_are_not_asked_for_their_tokens(judge_server: Any, tmp_path: Path) -> None:
    judge_server.script = [(503, {"Retry-After": "0"}, {}), {"score": 4}]
    written: list[JudgeSpent] = []
    suite = suite_at(tmp_path)
    asked(suite, f"openai:m@{judge_server.url}", account=Account(suite, sink=written.append))
    assert [one.failed for one in written[:2]] == [True, False]
    assert Account(suite, before=written[:2]).spent.tokens_unknown == 0


@pytest.mark.parametrize(
    ("url", "path", "query", "key"),
    [
        ("https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1", {}, True),
        ("https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1", {}, True),
        (
            "https://r.openai.azure.com?api-version=2024-10-21",
            "https://r.openai.azure.com/openai/deployments/gpt",
            {"api-version": "2024-10-21"},
            True,
        ),
        (
            "https://r.openai.azure.com/openai/deployments/d?api-version=1",
            "https://r.openai.azure.com/openai/deployments/d",
            {"api-version": "1"},
            True,
        ),
        ("http://localhost:8000/v1", "http://localhost:8000/v1", {}, False),
    ],
)
def test_azure_is_asked_in_each_of_its_ways(url: str, path: str, query: dict[str, str], key: bool) -> None:
    found = address_of(url, "gpt", "k")
    assert (found.url, found.query, found.headers) == (path, query, {"api-key": "k"} if key else {})


def test_a_query_and_azures_header_go_with_every_request(
    judge_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_JUDGE_KEY", "azure-key-12345")
    judge_server.always = {"score": 4}
    root = judge_server.url.removesuffix("/v1")
    assert kinds(asked(suite_at(tmp_path), f"openai:gpt@{root}?api-version=2024-10-21"))[0] == "answer"
    assert judge_server.headers[0]["api-key"] == "azure-key-12345"
    with pytest.raises(UsageError, match="secret"):
        open_judge(f"openai:gpt@{root}?api-key=abc", suite_at(tmp_path))


def test_a_key_is_named_by_host(judge_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_JUDGE_KEY", "sk-the-default-one")
    monkeypatch.setenv("OTHER_KEY", "sk-another-one")
    judge_server.always = {"score": 4}
    asked(suite_at(tmp_path, keys={"127.0.0.1": "OTHER_KEY"}), f"openai:m@{judge_server.url}")
    assert judge_server.headers[0]["authorization"] == "Bearer sk-another-one"


def test_a_single_judge_is_its_own_only_member(judge_server: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with open_judge(f"openai:m@{judge_server.url}", suite_at(tmp_path)) as judge:
            assert isinstance(judge, Judge)
            assert judge.members == (judge,)
            assert judge.identity == f"m@{judge_server.url}"

    asyncio.run(run())
