"""The LiteLLM proxy: asked both ways, streamed and whole, with keys right and wrong, and examined to a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chatparity = Callable[..., Any]
WORDS = "Your refund of 249.00 GBP was booked on 12 March."


@pytest.fixture
def key(chatparity: Chatparity, monkeypatch: pytest.MonkeyPatch, master_key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", master_key)


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("form", "streamed"), [("openai:right@{}", True), ("http:openai-chat:right@{}", False), ("http:agent.toml", True)]
)
def test_a_reply_is_read_streamed_and_whole(form: str, streamed: bool, litellm: str, chatparity: Chatparity) -> None:
    table = f'preset = "openai-chat"\nurl = "{litellm}"\nmodel = "right"\nkey_env = "OPENAI_API_KEY"\nstream = "sse"\n'
    Path("agent.toml").write_text(table)
    done = chatparity("try", "Where is my refund?", "--agent", form.format(litellm), "--json")
    assert (done.code, done.err) == (0, "")
    shown = json.loads(done.out)
    assert shown["request"]["headers"].keys() & {"Authorization", "authorization"}
    reply = shown["reply"]
    assert (reply["text"], reply["model"], reply["handover"]) == (WORDS, "right", False)
    assert reply["usage"]["input_tokens"] > 0
    assert (reply["first_token"] is not None) == streamed


@pytest.mark.usefixtures("key")
def test_a_tool_call_is_a_wish_until_somebody_carries_it_out(litellm: str, chatparity: Chatparity) -> None:
    done = chatparity("try", "Where is my refund?", "--agent", f"http:openai-chat:calls@{litellm}")
    assert 'get_refund({"order":"H-1"}) asked for, not carried out' in done.out


@pytest.mark.parametrize("form", ["openai:right@{}", "http:openai-chat:right@{}"])
def test_a_wrong_key_is_told_from_a_wrong_body_although_the_proxy_says_400(
    form: str, litellm: str, chatparity: Chatparity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-key-000")
    done = chatparity("try", "Hi", "--agent", form.format(litellm))
    assert (done.code, done.err.partition(":")[0]) == (1, "http_4xx")
    assert "The key is wrong" in done.err
    assert "OPENAI_API_KEY" in done.err
    assert "sk-another-key-000" not in done.out + done.err


@pytest.mark.parametrize("form", ["openai:right@{}", "http:openai-chat:right@{}"])
def test_a_key_that_was_not_sent_is_asked_for(form: str, litellm: str, chatparity: Chatparity) -> None:
    done = chatparity("try", "Hi", "--agent", form.format(litellm))
    assert done.code == 1
    assert "none was sent" in done.err, done.err


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        ("nobody", "http_4xx", "is its name one that the server knows"),
        ("limited", "http_429", "Lower concurrency"),
        ("broken", "http_5xx", "its own log says why"),
    ],
)
@pytest.mark.parametrize("form", ["openai:{}@{}", "http:openai-chat:{}@{}"])
def test_what_the_proxy_refuses_has_its_advice(
    form: str, model: str, kind: str, words: str, litellm: str, chatparity: Chatparity
) -> None:
    done = chatparity("try", "Hi", "--agent", form.format(model, litellm))
    assert (done.code, done.err.partition(":")[0]) == (1, kind), done.err
    assert words in done.err


SUITE = """
[suite]
name = "refunds (synthetic)"
[[gate]]
dimension = "accuracy"
at_least = 0.85
"""


def write_suite(*, calls: str = "") -> None:
    """Write a suite of 40 synthetic conversations in which a refund of 12 March is asked after."""
    Path("evals/suite.toml").write_text(SUITE)
    Path("datasets").mkdir()
    fact = {"id": "date", "due_by_turn": 1, "accept": ["12 March"]}
    call = {"name": calls, "arguments": {"order": "H-1"}, "result": {"date": "12 March"}}
    answer = {"speaker": "human_agent", "text": "On 12 March.", **({"tool_calls": [call]} if calls else {})}
    lines = [
        {
            "schema": 1,
            "id": f"en-{number}",
            "language": "en",
            "synthetic": True,
            "turns": [{"speaker": "customer", "text": f"Where is refund {number}?"}, answer],
            "labels": {"facts": [fact]},
        }
        for number in range(40)
    ]
    Path("datasets/refunds.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(("model", "code", "verdict"), [("right", 0, "PASS"), ("wrong", 1, "FAIL")])
def test_a_run_comes_to_a_verdict(
    model: str, code: int, verdict: str, litellm: str, master_key: str, chatparity: Chatparity
) -> None:
    write_suite()
    done = chatparity("run", "--agent", f"openai:{model}@{litellm}", "--out", "run")
    assert done.code == code, done.out + done.err
    found = json.loads(Path("run/gate.json").read_text())
    assert found["verdict"] == verdict
    [gate] = found["gates"]
    assert (gate["name"], gate["rate"]["good"], gate["rate"]["n"]) == ("accuracy[all] rate", 40 * (code == 0), 40)
    written = b"".join(path.read_bytes() for path in Path("run").rglob("*") if path.is_file())
    assert master_key.encode() not in written


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("recorded", "reason"),
    [("get_refund", "after 8 rounds of tool calls"), ("get_order", "called get_refund")],
)
def test_a_model_that_only_calls_tools_diverges_with_the_reason(
    recorded: str, reason: str, litellm: str, chatparity: Chatparity
) -> None:
    write_suite(calls=recorded)
    replayed = chatparity(
        "replay", "datasets", "--agent", f"http:openai-chat:calls@{litellm}", "--out", "run", "--limit", "2"
    )
    assert replayed.code == 0, replayed.err
    records = [json.loads(line) for line in Path("run/replies.jsonl").read_text().splitlines()]
    assert [record["state"] for record in records] == ["diverged", "diverged"]
    assert all(reason in record["reason"] for record in records), records[0]


@pytest.mark.usefixtures("key")
def test_a_judge_behind_the_proxy_gives_the_same_verdicts_as_without_it(
    litellm: str, scripted_judge: str, master_key: str, chatparity: Chatparity
) -> None:
    Path("evals/suite.toml").write_text('[suite]\nname = "fees"\ngraders = ["accuracy_llm"]\n')
    turns = [
        [
            {"speaker": "customer", "text": "How much is it?"},
            {"speaker": "human_agent", "text": f"The late fee is {fee}."},
        ]
        for fee in ("£6.00", "£9.00")
    ]
    logs = [
        {"schema": 1, "id": f"en-{n}", "language": "en", "synthetic": True, "turns": one} for n, one in enumerate(turns)
    ]
    Path("logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in logs))
    found: list[list[tuple[str, float]]] = []
    for name, judge in (("proxy", f"openai:judge@{litellm}"), ("bare", f"openai:scripted@{scripted_judge}")):
        done = chatparity("grade", "logs.jsonl", "--judge", judge, "--out", name)
        assert done.code == 0, done.err
        assert "judge: 2 requests" in done.err
        rows = [json.loads(line) for line in Path(name, "scores.jsonl").read_text().splitlines()]
        found.append([(row["verdict"], row["value"]) for row in rows if row["arm"] == "ai"])
    assert found[0] == found[1] == [("pass", 1.0), ("fail", 0.25)]
    again = chatparity("grade", "proxy", "--judge", f"openai:judge@{litellm}", "--offline")
    assert again.code == 0, again.err
    written = b"".join(path.read_bytes() for path in Path().rglob("*") if path.is_file())
    assert master_key.encode() not in written
