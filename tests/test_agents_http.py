"""Agents over real HTTP: a server on this machine gives scripted answers, and every way to fail has its name."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chatparity.agents import open_agent
from chatparity.errors import AgentFailure
from chatparity.exchange import Conversation, Failure, Reply, Usage
from chatparity.replay.attempts import Backoff, ask
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable
from chatparity.transcript import ToolCall, Turn

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
QUESTION = Conversation(
    id="en-1",
    turn=3,
    trial=0,
    language="en",
    history=(
        Turn(speaker="customer", text="Hello"),
        Turn(speaker="human_agent", text="Hi!", tool_calls=(ToolCall(name="get_order", result={"total": "9"}),)),
        Turn(speaker="customer", text="Where is my refund?"),
    ),
    system="You are kind.",
    session="s-1",
)
QUICK = Backoff(first=0.001)
SPECS = ("http:openai-chat@{url}", "openai:tiny@{url}")


class Script:
    """A server's queue of answers, used up in order (the last one stays), and what was asked of it."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.bodies: list[Any] = []
        self.headers: list[Mapping[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        return await (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(request)


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[str]:
    """Serve a script on a free port and yield the address before `/chat/completions`."""
    application = web.Application()
    application.router.add_post("/{path:.*}", script.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def says(text: str | None = "It is on its way.", *, finish: str | None = "stop", **message: Any) -> Answer:
    """Answer with a chat completion, streamed when that was asked for."""
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}

    async def answer(request: web.Request) -> web.StreamResponse:
        head = {"id": "c", "created": 0, "model": "tiny-1"}
        if not (await request.json()).get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
            return web.json_response({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        halves = [text[: len(text) // 2], text[len(text) // 2 :]] if text else []
        deltas: list[dict[str, Any]] = [{"role": "assistant"}, *({"content": half} for half in halves), message]
        choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
        choices[-1]["finish_reason"] = finish
        events = [{**head, "object": "chat.completion.chunk", "choices": [choice]} for choice in choices]
        return await stream(
            request, [json.dumps(event) for event in [*events, {**head, "choices": [], "usage": usage}]] + ["[DONE]"]
        )

    return answer


async def stream(request: web.Request, events: Sequence[str], *, cut: bool = False) -> web.StreamResponse:
    """Send server-sent events; with `cut` the connection breaks after the last one."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    for event in events:
        await response.write(f"data: {event}\n\n".encode())
    if cut:
        assert request.transport is not None
        request.transport.abort()
    else:
        await response.write_eof()
    return response


def status(code: int, body: str = "no", **given: str) -> Answer:
    headers = {name.replace("_", "-"): value for name, value in given.items()}

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text=body, headers=headers)

    return answer


def whole(body: str, events: Sequence[str]) -> Answer:
    """Answer with a body as it is, or these events when a stream was asked for."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if (await request.json()).get("stream"):
            return await stream(request, events)
        return web.Response(text=body, content_type="application/json")

    return answer


async def broken_off(request: web.Request) -> web.StreamResponse:
    """Half an answer, then the connection breaks."""
    piece = json.dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": "Half"}, "finish_reason": None}]})
    return await stream(request, [piece], cut=True)


async def never(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


def suite_at(root: Path, agents: dict[str, dict[str, Any]] | None = None, **agent: Any) -> Suite:
    settings = Settings(suite=SuiteTable(name="test"), agent=AgentTable(**agent), agents=agents or {})
    return Suite(root=root, shipped=root, settings=settings)


async def once(script: Script, spec: str, root: Path, question: Conversation = QUESTION) -> Reply:
    """Ask one time, without retries."""
    async with serving(script) as url, open_agent(spec.format(url=url), suite_at(root)) as agent:
        return await agent.reply(question)


async def until(script: Script, spec: str, root: Path, *, attempts: int = 4, seconds: float = 5.0) -> Reply | Failure:
    """Ask with retries."""
    async with serving(script) as url, open_agent(spec.format(url=url), suite_at(root)) as agent:
        return await ask(agent, QUESTION, attempts=attempts, timeout_seconds=seconds, backoff=QUICK)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("spec", SPECS)
def test_a_reply_carries_text_usage_model_and_latency(spec: str, tmp_path: Path) -> None:
    reply = asyncio.run(once(Script(says("It is on its way.")), spec, tmp_path))
    assert (reply.text, reply.model, reply.handover) == ("It is on its way.", "tiny-1", False)
    assert reply.usage == Usage(input_tokens=7, output_tokens=5)
    assert reply.latency is not None
    assert 0 < reply.latency < 5


def test_only_a_streamed_reply_has_a_time_to_first_token(tmp_path: Path) -> None:
    streamed = asyncio.run(once(Script(says()), SPECS[1], tmp_path))
    whole_one = asyncio.run(once(Script(says()), SPECS[0], tmp_path))
    assert streamed.first_token is not None
    assert streamed.latency is not None
    assert 0 < streamed.first_token <= streamed.latency
    assert whole_one.first_token is None


@pytest.mark.parametrize("spec", SPECS)
def test_the_agent_is_sent_the_prompt_the_history_with_its_tool_results_and_the_tools(
    spec: str, tmp_path: Path
) -> None:
    tool = {"type": "function", "function": {"name": "get_order", "parameters": {"type": "object", "properties": {}}}}
    script = Script(says())
    question = Conversation(**{name: getattr(QUESTION, name) for name in QUESTION.__slots__} | {"tools": (tool,)})
    asyncio.run(once(script, spec, tmp_path, question))
    [body] = script.bodies
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert body["messages"][-1]["content"] == "Where is my refund?"
    assert body["tools"] == [tool]


@pytest.mark.parametrize("spec", SPECS)
def test_calls_that_the_endpoint_carried_out_keep_their_results(spec: str, tmp_path: Path) -> None:
    log = [
        {"name": "get_order", "arguments": {"order": "H-1"}, "ok": True, "result": {"total": "9.00"}},
        {"name": "refund", "arguments": {"order": "H-1"}, "ok": False, "result": "too late"},
    ]
    reply = asyncio.run(once(Script(says("Too late.", tool_log=log)), spec, tmp_path))
    assert reply.tool_calls == (
        ToolCall(name="get_order", arguments={"order": "H-1"}, ok=True, result={"total": "9.00"}),
        ToolCall(name="refund", arguments={"order": "H-1"}, ok=False, result="too late"),
    )
    assert not reply.handover


@pytest.mark.parametrize("spec", SPECS)
def test_a_call_that_nobody_carried_out_is_kept_as_not_done(spec: str, tmp_path: Path) -> None:
    calls = [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "refund", "arguments": '{"order": "H-1"}'}}
    ]
    reply = asyncio.run(once(Script(says(None, tool_calls=calls)), spec, tmp_path))
    assert reply.tool_calls == (ToolCall(name="refund", arguments={"order": "H-1"}, ok=False),)
    assert (reply.text, reply.handover) == ("", False)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize(
    ("message", "handed_over"),
    [
        ({"tool_log": [{"name": "hand_over", "arguments": {}, "ok": True, "result": None}]}, True),
        ({"tool_log": [{"name": "hand_over", "arguments": {}, "ok": False, "result": "closed"}]}, False),
        ({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "hand_over", "arguments": ""}}]}, True),
        ({"handover": True}, True),
        ({}, False),
    ],
)
def test_a_handover_is_a_successful_call_of_its_tool_or_the_endpoints_flag(
    spec: str, message: dict[str, Any], handed_over: bool, tmp_path: Path
) -> None:
    assert asyncio.run(once(Script(says("A colleague will help.", **message)), spec, tmp_path)).handover is handed_over


EVERY_FAILURE = {
    "http_429": (status(429), True),
    "http_5xx": (status(503), True),
    "http_4xx": (status(400, '{"error": {"message": "no such model"}}'), False),
    "http_3xx": (status(307, location="http://127.0.0.1:1/elsewhere"), False),
    "malformed": (whole('{"choices": [{"mess', ['{"choices": [{"del']), True),
    "stream_cut": (broken_off, True),
    "empty": (says("  "), True),
}


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("kind", EVERY_FAILURE)
def test_every_failure_has_its_name_and_says_whether_asking_again_can_help(
    kind: str, spec: str, tmp_path: Path
) -> None:
    answer, retryable = EVERY_FAILURE[kind]
    with pytest.raises(AgentFailure) as raised:
        asyncio.run(once(Script(answer), spec, tmp_path))
    assert (raised.value.kind, raised.value.retryable) == (kind, retryable)
    assert "127.0.0.1" in str(raised.value), "the message names the endpoint"


@pytest.mark.parametrize("spec", SPECS)
def test_an_endpoint_that_is_not_there_is_refused(spec: str, tmp_path: Path) -> None:
    async def asked() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
            async with open_agent(spec.format(url=url), suite_at(tmp_path)) as agent:
                await agent.reply(QUESTION)

    with pytest.raises(AgentFailure, match="cannot be reached") as raised:
        asyncio.run(asked())
    assert (raised.value.kind, raised.value.retryable) == ("refused", True)


@pytest.mark.parametrize("spec", SPECS)
def test_an_answer_that_is_no_chat_completion_is_malformed(spec: str, tmp_path: Path) -> None:
    for body in (
        '{"hello": 1}',
        '{"choices": []}',
        "<html>Welcome</html>",
        '{"choices": [{"message": {"content": 7}}]}',
    ):
        with pytest.raises(AgentFailure) as raised:
            asyncio.run(once(Script(whole(body, [])), spec, tmp_path))
        assert raised.value.kind == "malformed", body


def test_a_stream_that_ends_early_without_breaking_is_cut_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(AgentFailure) as raised:
        asyncio.run(once(Script(says("Half an ans", finish=None)), SPECS[1], tmp_path))
    assert raised.value.kind == "stream_cut"


def test_an_error_inside_a_stream_is_the_endpoints_failure(tmp_path: Path) -> None:
    event = '{"error": {"message": "overloaded", "type": "server_error"}}'
    with pytest.raises(AgentFailure, match="overloaded") as raised:
        asyncio.run(once(Script(whole("{}", [event])), SPECS[1], tmp_path))
    assert (raised.value.kind, raised.value.retryable) == ("http_5xx", True)


@pytest.mark.parametrize("spec", SPECS)
def test_a_hanging_endpoint_costs_its_attempts_and_no_more(spec: str, tmp_path: Path) -> None:
    script = Script(never)
    found = asyncio.run(until(script, spec, tmp_path, attempts=2, seconds=0.1))
    assert isinstance(found, Failure)
    assert (found.kind, found.attempts, len(script.bodies)) == ("timeout", 2, 2)


@pytest.mark.parametrize("spec", SPECS)
def test_what_passes_is_asked_again_until_it_is_answered(spec: str, tmp_path: Path) -> None:
    script = Script(status(500), broken_off, says("Here it is."))
    found = asyncio.run(until(script, spec, tmp_path))
    assert isinstance(found, Reply)
    assert (found.text, len(script.bodies)) == ("Here it is.", 3)


@pytest.mark.parametrize("spec", SPECS)
def test_attempts_are_counted_and_a_refusal_is_not_repeated(spec: str, tmp_path: Path) -> None:
    for answer, kind, attempts in ((status(500), "http_5xx", 4), (status(404), "http_4xx", 1)):
        script = Script(answer)
        found = asyncio.run(until(script, spec, tmp_path))
        assert isinstance(found, Failure)
        assert (found.kind, found.attempts, len(script.bodies)) == (kind, attempts, attempts)


@pytest.mark.parametrize("spec", SPECS)
def test_retry_after_is_honoured_and_is_no_part_of_the_latency(spec: str, tmp_path: Path) -> None:
    async def timed() -> tuple[Reply | Failure, float]:
        begun = asyncio.get_running_loop().time()
        found = await until(Script(status(429, Retry_After="0.3"), says()), spec, tmp_path)
        return found, asyncio.get_running_loop().time() - begun

    found, taken = asyncio.run(timed())
    assert isinstance(found, Reply)
    assert found.latency is not None
    assert taken >= 0.3
    assert found.latency < 0.3


def test_an_endpoint_that_asks_for_an_hour_is_not_waited_for(tmp_path: Path) -> None:
    script = Script(status(429, Retry_After="3600"))
    found = asyncio.run(until(script, SPECS[0], tmp_path))
    assert isinstance(found, Failure)
    assert (found.kind, found.attempts) == ("http_429", 1)


@pytest.mark.parametrize("spec", SPECS)
def test_a_key_goes_to_the_endpoint_and_never_into_a_message(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret-value")
    script = Script(status(401, '{"error": {"message": "Incorrect API key provided: very-secret-value"}}'))
    found = asyncio.run(until(script, spec, tmp_path))
    assert isinstance(found, Failure)
    assert script.headers[0]["Authorization"] == "Bearer very-secret-value"
    assert "Incorrect API key provided: ***" in found.message


ACME = {
    "url": "{url}/chat",
    "headers": {"X-Token": "${ACME_TOKEN}"},
    "body": {
        "conversation": "{{ session }}",
        "messages": "{{ messages }}",
        "question": "Customer says: {{ text }}",
        "customer": "{{ customer }}",
        "options": ["{{ language }}", 1, True],
    },
    "reply": {
        "text": "answer.text",
        "tool_calls": "answer.actions",
        "handover": "answer.status == 'human'",
        "input_tokens": "cost.input",
        "output_tokens": "cost.output",
    },
}


def acme(url: str) -> dict[str, dict[str, Any]]:
    return {"acme": {**ACME, "url": f"{url}/chat"}}


async def ask_acme(script: Script, root: Path) -> Reply:
    async with serving(script) as url, open_agent("http:acme", suite_at(root, acme(url))) as agent:
        return await agent.reply(QUESTION)


def test_a_described_endpoint_gets_its_own_body_and_gives_its_own_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "acme-secret")
    answer = {"text": "Soon.", "status": "human", "actions": [{"name": "note", "arguments": {"a": 1}, "result": "ok"}]}
    script = Script(whole(json.dumps({"answer": answer, "cost": {"input": 3, "output": 4}}), []))
    reply = asyncio.run(ask_acme(script, tmp_path))
    assert script.headers[0]["X-Token"] == "acme-secret"
    assert script.bodies[0] == {
        "conversation": "s-1",
        "messages": QUESTION.messages(),
        "question": "Customer says: Where is my refund?",
        "options": ["en", 1, True],
    }, "a placeholder may be a structure, and one without a value leaves its key out"
    assert (reply.text, reply.handover, reply.usage) == ("Soon.", True, Usage(input_tokens=3, output_tokens=4))
    assert reply.tool_calls == (ToolCall(name="note", arguments={"a": 1}, result="ok"),)


def test_a_described_endpoint_that_answers_otherwise_is_malformed_or_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "acme-secret")
    bodies = {"not json": "malformed", '{"answer": {"text": {"a": 1}}}': "malformed", '{"answer": null}': "empty"}
    for body, kind in bodies.items():
        with pytest.raises(AgentFailure) as raised:
            asyncio.run(ask_acme(Script(whole(body, [])), tmp_path))
        assert raised.value.kind == kind, body


def test_a_named_agent_may_use_the_preset_with_a_key_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDIDATE_KEY", "candidate-secret")

    async def asked(script: Script) -> Reply:
        async with serving(script) as url:
            table = {"preset": "openai-chat", "url": url, "model": "small", "key_env": "CANDIDATE_KEY"}
            async with open_agent("http:fast", suite_at(tmp_path, {"fast": table})) as agent:
                return await agent.reply(QUESTION)

    script = Script(says("Yes."))
    assert asyncio.run(asked(script)).text == "Yes."
    assert script.bodies[0]["model"] == "small"
    assert script.headers[0]["Authorization"] == "Bearer candidate-secret"
