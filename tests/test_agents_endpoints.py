"""Described endpoints and presets over real HTTP: streams, sessions that the server hands out, published wires."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from chatparity.agents import Agent, open_agent
from chatparity.agents.streams import Events
from chatparity.errors import AgentFailure, ChatparityError, UsageError
from chatparity.exchange import Conversation, Reply, Usage
from chatparity.replay.loop import replay
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable
from chatparity.transcript import ToolCall, Turn

Answer = Callable[[web.Request, Any], Awaitable[web.StreamResponse]]


class Server:
    """A server on a free port; what it was asked is kept."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.peers: list[Any] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_post("/{path:.*}", self._take)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        assert request.transport is not None
        self.peers.append(request.transport.get_extra_info("peername"))
        self.requests.append((request.path_qs, dict(request.headers), body))
        return await self._answer(request, body)


def gives(data: Any) -> Answer:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        return web.json_response(data)

    return answer


def streams(*pieces: str, pause: float = 0.0, then_waits: float = 0.0) -> Answer:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await asyncio.sleep(pause)
            await response.write(piece.encode())
        await asyncio.sleep(then_waits)
        await response.write_eof()
        return response

    return answer


def saying(text: str, session: str = "s-1", **more: Any) -> Conversation:
    turn = Turn(speaker="customer", text=text)
    return Conversation(id="en-1", turn=1, trial=0, language="en", history=(turn,), session=session, **more)


@asynccontextmanager
async def opened(table: dict[str, Any]) -> AsyncIterator[Agent]:
    settings = Settings(suite=SuiteTable(name="test"), agent=AgentTable(), agents={"it": table})
    async with open_agent("http:it", Suite(root=Path(), shipped=Path(), settings=settings)) as agent:
        yield agent


def ask(server: Server, table: dict[str, Any], *questions: Conversation, path: str = "") -> list[Reply]:
    """Ask one after the other, over one agent."""

    async def asked() -> list[Reply]:
        async with server.serving() as url, opened({"url": url + path, **table}) as agent:
            return [await agent.reply(question) for question in questions or (saying("Hello"),)]

    return asyncio.run(asked())


STREAM = {
    "stream": "sse",
    "body": {"q": "{{ text }}"},
    "reply": {
        "text": "delta",
        "end": "done",
        "tool_calls": "calls",
        "handover": "human",
        "error": "error.message",
        "input_tokens": "used.read",
        "output_tokens": "used.written",
    },
}
EVENTS = (
    {"delta": "It "},
    {"delta": "came.", "calls": [{"name": "note", "result": 1}]},
    {"human": True},
    {"used": {"read": 3, "written": 4}, "done": True},
)


@pytest.mark.parametrize(
    ("stream", "pieces"),
    [
        ("sse", [": hello\n\n", *(f"event: x\ndata: {json.dumps(event)}\n\n" for event in EVENTS)]),
        ("sse", [f"data:{json.dumps(event)}\r\n\r\n" for event in EVENTS]),
        ("sse", ["".join(f"data: {json.dumps(event)}\n\n" for event in EVENTS).rstrip("\n")]),
        ("ndjson", [json.dumps(event) + "\n" for event in EVENTS]),
        ("ndjson", ["\n".join(json.dumps(event) for event in EVENTS)]),
    ],
)
def test_a_stream_is_put_together_from_its_events(stream: str, pieces: list[str]) -> None:
    [reply] = ask(Server(streams(*pieces)), {**STREAM, "stream": stream})
    assert (reply.text, reply.handover, reply.usage) == ("It came.", True, Usage(input_tokens=3, output_tokens=4))
    assert reply.tool_calls == (ToolCall(name="note", result=1),)


def test_a_stream_shows_the_time_to_its_first_words_and_ends_with_its_last_event() -> None:
    events = [f"data: {json.dumps(event)}\n\n" for event in ({"delta": ""}, *EVENTS)]
    [reply] = ask(Server(streams(*events, pause=0.03, then_waits=0.6)), STREAM)
    assert reply.first_token is not None
    assert reply.latency is not None
    assert 0.06 <= reply.first_token <= reply.latency - 0.05
    assert reply.latency < 0.6, "what the server does after the last event is not waited for"


def test_a_marker_ends_a_stream_and_two_replies_share_a_connection() -> None:
    table = {"stream": "sse", "marker": "END", "body": {}, "reply": {"text": "t"}}
    server = Server(streams('data: {"t": "Hi"}\n\n', "data: END\n\n", then_waits=0.01))
    replies = ask(server, table, saying("a"), saying("b"))
    assert [reply.text for reply in replies] == ["Hi", "Hi"]
    assert server.peers[0] == server.peers[1]


@pytest.mark.parametrize(
    ("pieces", "kind", "words"),
    [
        (['data: {"delta": "Half"}\n\n'], "stream_cut", ["'done'"]),
        (["data: {\n\n"], "malformed", ["expected JSON"]),
        (["nothing to see"], "malformed", ["server-sent events"]),
        (['data: {"error": {"message": "no credit"}}\n\n'], "agent_error", ["no credit"]),
        (
            ['data: {"message": "x", "done": true}\n\n'],
            "empty",
            ["reply.text = 'delta' found nothing", "message, done"],
        ),
        (['data: {"delta": {"a": 1}}\n\n'], "malformed", ["reply.text = 'delta'", "the keys delta"]),
    ],
)
def test_what_is_wrong_with_a_stream_has_its_name(pieces: list[str], kind: str, words: list[str]) -> None:
    with pytest.raises(AgentFailure) as raised:
        ask(Server(streams(*pieces)), STREAM)
    assert raised.value.kind == kind
    assert [word for word in words if word not in str(raised.value)] == [], str(raised.value)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff"), min_size=1)), st.data())
def test_events_are_the_same_however_the_bytes_are_cut(texts: list[str], data: st.DataObject) -> None:
    whole = "".join(f"data: {text}\n\n" for text in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    events = Events("sse")
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += events.feed(whole[start:end])
    assert [one.decode() for one in [*found, *events.rest()]] == texts


def hands_out(*, always: bool) -> Answer:
    """Give each conversation an id in the first answer (or in all of them) and count its messages by that id."""
    counts: dict[str, int] = {}

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        new = "conversation" not in body
        key = f"server-{len(counts)}" if new else body["conversation"]
        counts[key] = counts.get(key, 0) + 1
        found = {"answer": f"message {counts[key]}"}
        return web.json_response({**found, "id": key} if new or always else found)

    return answer


SESSION = {
    "keeps_session": True,
    "headers": {"X-Conversation": "{{ server_session }}", "X-Ours": "a-{{ session }}"},
    "body": {"conversation": "{{ server_session }}", "message": "{{ text }}"},
    "reply": {"text": "answer", "session": "id"},
}


@pytest.mark.parametrize("always", [True, False])
def test_the_session_id_that_the_server_hands_out_goes_back_in_later_turns(always: bool) -> None:
    server = Server(hands_out(always=always))
    replies = ask(server, SESSION, saying("a", "s-1"), saying("b", "s-2"), saying("c", "s-1"), saying("d", "s-1"))
    assert [reply.text for reply in replies] == ["message 1", "message 1", "message 2", "message 3"]
    assert [body.get("conversation") for _, _, body in server.requests] == [None, None, "server-0", "server-0"]
    headers = [headers for _, headers, _ in server.requests]
    assert [one.get("X-Conversation") for one in headers] == [None, None, "server-0", "server-0"]
    assert [one["X-Ours"] for one in headers] == ["a-s-1", "a-s-2", "a-s-1", "a-s-1"]


def test_a_server_that_hands_out_no_id_is_found_out_at_once() -> None:
    with pytest.raises(AgentFailure, match=r"reply\.session found nothing") as raised:
        ask(Server(gives({"answer": "Hello"})), SESSION)
    assert raised.value.kind == "malformed"


def test_an_endpoint_that_keeps_the_session_is_not_shown_a_recorded_history() -> None:
    async def forced() -> None:
        async with opened({"url": "http://127.0.0.1:9", **SESSION}) as agent:
            suite = Suite(root=Path(), shipped=Path(), settings=Settings(suite=SuiteTable(name="test")))
            await replay(agent, [], settings=suite, mode="teacher_forced", done={}, sink=lambda record: None)

    with pytest.raises(UsageError, match="free_running"):
        asyncio.run(forced())


def test_a_secret_in_a_templated_header_is_never_read_as_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODD_TOKEN", "{{ text }}-token")
    monkeypatch.setenv("OTHER_TOKEN", "never-sent")
    table = {**SESSION, "headers": {"Authorization": "Bearer ${ODD_TOKEN} {{ language }}", "X-Text": "{{ text }}"}}
    server = Server(gives({"answer": "Hello", "id": "1"}))
    ask(server, table, saying("${OTHER_TOKEN}"))
    assert server.requests[0][1]["Authorization"] == "Bearer {{ text }}-token en"
    assert server.requests[0][1]["X-Text"] == "${OTHER_TOKEN}"


def test_a_text_that_no_header_can_hold_is_not_sent() -> None:
    server = Server(gives({"answer": "Hello", "id": "1"}))
    with pytest.raises(AgentFailure, match="a header cannot hold"):
        ask(server, {**SESSION, "headers": {"X-Text": "{{ text }}"}}, saying("a\r\nX-Admin: yes"))
    assert server.requests == []


COMPLETION = {"choices": [{"message": {"content": "Hi."}, "finish_reason": "stop"}], "model": "tiny"}


def test_extra_goes_into_the_body_of_an_openai_compatible_server() -> None:
    server = Server(gives(COMPLETION))
    table = {"preset": "openai-chat", "model": "qwen", "extra": {"max_tokens": 5, "user": "{{ customer }}"}}
    [reply] = ask(server, {**table, "headers": {"X-Team": "qa"}}, saying("Hello", customer="c-1"), path="/v1")
    path, headers, body = server.requests[0]
    assert (path, headers["X-Team"], reply.text) == ("/v1/chat/completions", "qa", "Hi.")
    assert (body["model"], body["max_tokens"], body["user"]) == ("qwen", 5, "c-1")
    assert "stream" not in body


def chunk(finish: str | None = None, **delta: Any) -> str:
    return f"data: {json.dumps({'model': 'tiny', 'choices': [{'delta': delta, 'finish_reason': finish}]})}\n\n"


def test_an_openai_compatible_server_can_be_streamed_from_a_table() -> None:
    call = {"index": 0, "function": {"name": "refund", "arguments": '{"order": '}}
    server = Server(
        streams(
            chunk(role="assistant"),
            chunk(content="Hi "),
            chunk(content="there."),
            chunk(tool_calls=[call]),
            chunk(tool_calls=[{"index": 0, "function": {"arguments": '"H-1"}'}}], finish="tool_calls"),
            f"data: {json.dumps({'choices': [], 'usage': {'prompt_tokens': 3, 'completion_tokens': 4}})}\n\n",
            "data: [DONE]\n\n",
            pause=0.01,
        )
    )
    [reply] = ask(server, {"preset": "openai-chat", "stream": "sse"})
    assert server.requests[0][2]["stream"] is True
    assert (reply.text, reply.model, reply.usage) == ("Hi there.", "tiny", Usage(input_tokens=3, output_tokens=4))
    assert reply.tool_calls == (ToolCall(name="refund", arguments={"order": "H-1"}, ok=False),)
    assert reply.first_token is not None
    assert reply.latency is not None
    assert 0.02 <= reply.first_token < reply.latency


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        ([chunk(content="Half")], "stream_cut"),
        (["data: nonsense\n\n"], "malformed"),
        (['data: {"error": {"message": "overloaded"}}\n\n'], "agent_error"),
    ],
)
def test_a_streamed_completion_that_is_not_whole_is_no_reply(pieces: Sequence[str], kind: str) -> None:
    with pytest.raises(AgentFailure) as raised:
        ask(Server(streams(*pieces)), {"preset": "openai-chat", "stream": "sse"})
    assert raised.value.kind == kind


def test_azure_is_asked_at_its_deployment_with_its_own_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-secret-key")
    server = Server(gives(COMPLETION))
    [reply] = ask(server, {"preset": "azure-openai", "model": "support-eu", "api_version": "2025-01-01"})
    path, headers, _ = server.requests[0]
    assert path == "/openai/deployments/support-eu/chat/completions?api-version=2025-01-01"
    assert (headers["api-key"], "Authorization" in headers, reply.text) == ("azure-secret-key", False, "Hi.")


def test_rasa_keeps_the_session_by_its_sender_and_its_messages_are_joined() -> None:
    messages = [{"recipient_id": "s-1", "text": "Hello."}, {"recipient_id": "s-1", "image": "http://x/y.png"}]
    server = Server(gives([*messages, {"recipient_id": "s-1", "text": "A colleague.", "custom": {"handover": True}}]))
    [reply] = ask(server, {"preset": "rasa"}, saying("A person, please"))
    assert server.requests[0][0] == "/webhooks/rest/webhook"
    assert server.requests[0][2] == {"sender": "s-1", "message": "A person, please"}
    assert (reply.text, reply.handover) == ("Hello.\nA colleague.", True)
    own = {"handover": "[?custom.action == 'human']"}
    assert not ask(server, {"preset": "rasa", "reply": own})[0].handover


def test_rasa_with_nothing_to_say_is_an_empty_reply() -> None:
    with pytest.raises(AgentFailure) as raised:
        ask(Server(gives([])), {"preset": "rasa"})
    assert raised.value.kind == "empty"


def a2a_server(version: str) -> Answer:
    """Answer by the published JSON-RPC binding: a task that asks back, then that task's artifact, then messages."""
    waits, done = ("TASK_STATE_INPUT_REQUIRED", "TASK_STATE_COMPLETED")
    if version == "0.3":
        waits, done = "input-required", "completed"

    def part(text: str) -> list[dict[str, Any]]:
        return [{"text": text}] if version == "1.0" else [{"kind": "text", "text": text}]

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        message = body["params"]["message"]
        if "contextId" not in message:
            status = {"state": waits, "message": {"parts": part("Which order?"), "role": "agent"}}
            found: dict[str, Any] = {"id": "t-1", "contextId": "c-1", "status": status}
            name = "task"
        elif "taskId" in message:
            artifacts = [{"artifactId": "a", "parts": [*part("H-1 "), {"data": {"x": 1}}, *part("is sent.")]}]
            found = {"id": "t-1", "contextId": "c-1", "status": {"state": done}, "artifacts": artifacts}
            name = "task"
        else:
            found = {"messageId": "m", "contextId": "c-1", "parts": part("Bye."), "metadata": {"handover": True}}
            name = "message"
        result = {name: found} if version == "1.0" else {"kind": name, **found}
        return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": result})

    return answer


@pytest.mark.parametrize(
    ("version", "method", "role"), [("1.0", "SendMessage", "ROLE_USER"), ("0.3", "message/send", "user")]
)
def test_an_a2a_agent_keeps_its_context_and_its_task_while_that_waits(version: str, method: str, role: str) -> None:
    server = Server(a2a_server(version))
    questions = [saying("Where is it?"), saying("H-1"), saying("Thanks")]
    replies = ask(server, {"preset": "a2a", "api_version": version}, *questions)
    assert [reply.text for reply in replies] == ["Which order?", "H-1 is sent.", "Bye."]
    assert [reply.handover for reply in replies] == [False, False, True]
    sent = [body["params"]["message"] for _, _, body in server.requests]
    assert [one.get("contextId") for one in sent] == [None, "c-1", "c-1"]
    assert [one.get("taskId") for one in sent] == [None, "t-1", None]
    assert len({one["messageId"] for one in sent}) == 3
    assert {(body["method"], body["params"]["message"]["role"]) for _, _, body in server.requests} == {(method, role)}
    assert {headers["A2A-Version"] for _, headers, _ in server.requests} == {version}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": {"code": -32009, "message": "version not supported"}}, ["version not supported"]),
        (
            {
                "result": {
                    "task": {
                        "id": "t",
                        "status": {"state": "TASK_STATE_FAILED", "message": {"parts": [{"text": "no"}]}},
                    }
                }
            },
            ["TASK_STATE_FAILED: no"],
        ),
        ({"result": {"task": {"id": "t", "status": {"state": "TASK_STATE_WORKING"}}}}, ["TASK_STATE_WORKING"]),
    ],
)
def test_an_a2a_agent_that_says_it_failed_has_failed(answer: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(AgentFailure) as raised:
        ask(Server(gives({"jsonrpc": "2.0", "id": "1", **answer})), {"preset": "a2a"})
    assert raised.value.kind == "agent_error"
    assert [word for word in words if word not in str(raised.value)] == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"preset": "telepathy"}, ["openai-chat, azure-openai, rasa, a2a", "telepathy"]),
        ({"preset": "rasa"}, ["url is missing"]),
        ({"preset": "a2a", "url": "http://h/", "api_version": "2.0"}, ["1.0 or 0.3", "2.0"]),
        ({"preset": "azure-openai", "url": "https://h"}, ["model is missing"]),
        ({"preset": "azure-openai", "url": "https://h", "model": "m"}, ["AZURE_OPENAI_API_KEY"]),
        ({"preset": "rasa", "url": "http://h", "body": {}}, ["own body"]),
        ({"preset": "openai-chat", "url": "http://h", "reply": {"text": "a"}}, ["own body and reply", "extra"]),
        ({"url": "http://h", "body": {}, "reply": {"handover": "a"}}, ["reply.text is missing"]),
        ({"url": "http://h", "body": {}, "reply": {"text": "a", "session": "b"}}, ["keeps_session = true"]),
        ({"url": "http://h", "body": {}, "reply": {"text": "a", "end": "b"}}, ['stream = "sse"']),
        ({"url": "http://h", "body": {}, "reply": {"text": "a"}, "stream": "xml"}, ["agents.it.stream", "xml"]),
        ({"url": "http://h", "body": {}, "reply": {"text": "a"}, "headers": {"X": "{{ a"}}, ["headers.X", "template"]),
    ],
)
def test_a_table_that_cannot_be_used_says_what_is_wrong(
    table: dict[str, Any], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_OPENAI_API_KEY", raising=False)

    async def tried() -> None:
        async with opened(table):
            pass

    with pytest.raises(ChatparityError) as raised:
        asyncio.run(tried())
    assert raised.value.exit_code == 2
    assert [word for word in words if word not in str(raised.value)] == [], str(raised.value)


def test_a_preset_can_be_named_without_a_table() -> None:
    async def asked(server: Server) -> Reply:
        settings = Settings(suite=SuiteTable(name="test"))
        async with (
            server.serving() as url,
            open_agent(f"http:rasa@{url}", Suite(root=Path(), shipped=Path(), settings=settings)) as agent,
        ):
            return await agent.reply(saying("Hi"))

    assert asyncio.run(asked(Server(gives([{"text": "Hello."}])))).text == "Hello."
