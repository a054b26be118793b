"""Presets: endpoints whose wire is published, as the tables that one could have written for them.

openai-chat    any OpenAI-compatible server: `url` ends before `/chat/completions`
azure-openai   Azure OpenAI: `url` is the resource's address, `model` the deployment
rasa           Rasa's REST channel: `url` is the server's address
a2a            an agent of the Agent2Agent protocol 1.0 (or 0.3) over JSON-RPC: `url` is its endpoint
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from chatparity.agents.masking import from_environment, key_for
from chatparity.agents.reading import Paths
from chatparity.agents.template import EndpointTable
from chatparity.errors import UsageError

OPENAI = ("openai-chat", "azure-openai")
OPENAI_URL = "https://api.openai.com/v1"
AZURE_VERSION = "2024-10-21"
AZURE_KEY = "AZURE_OPENAI_API_KEY"
RASA_PATH = "/webhooks/rest/webhook"
_UNFINISHED = ("FAILED", "REJECTED", "CANCELED", "AUTH_REQUIRED", "SUBMITTED", "WORKING")


def openai_address(table: EndpointTable, source: str) -> tuple[str, dict[str, str]]:
    """Return where an OpenAI preset posts to, and the header with its key. Raises UsageError for what is missing."""
    if table.preset != "azure-openai":
        url = (table.url or OPENAI_URL).rstrip("/")
        key = key_for(url, table.key_env, needed_by=source)
        return f"{url}/chat/completions", {"Authorization": f"Bearer {key}"} if key else {}
    url = _needed(table, "url", source, "https://NAME.openai.azure.com").rstrip("/")
    if "/openai/deployments/" not in url:
        url += f"/openai/deployments/{_needed(table, 'model', source, 'the name of the deployment')}"
    key = from_environment(table.key_env or AZURE_KEY, needed_by=f"{source}: key_env")
    return f"{url}/chat/completions?api-version={table.api_version or AZURE_VERSION}", {"api-key": key}


def written_out(table: EndpointTable, source: str) -> EndpointTable:
    """Return the table of the preset `rasa` or `a2a`, with what the user's own table says beyond it.

    Raises UsageError for a preset that does not exist, and for a table that lacks what it needs.
    """
    if table.preset not in _TABLES:
        raise UsageError(f"{source}: preset: expected {', '.join(PRESETS)}, got {table.preset!r}")
    if table.body is not None or table.stream is not None:
        raise UsageError(f"{source}: preset {table.preset} has its own body and is not streamed: remove those keys")
    preset = _TABLES[table.preset](table, source)
    own = {name: value for name, value in msgspec.structs.asdict(table.reply or Paths()).items() if value is not None}
    return msgspec.structs.replace(
        preset,
        preset=None,
        key_env=table.key_env,
        headers={**preset.headers, **table.headers},
        extra=table.extra,
        reply=msgspec.structs.replace(preset.reply or Paths(), **own),
        keeps_session=True,
    )


def _rasa(table: EndpointTable, source: str) -> EndpointTable:
    """Return Rasa's REST channel (RestInput): the sender's id is the session; the answer is a list of messages."""
    url = _needed(table, "url", source, "http://127.0.0.1:5005").rstrip("/")
    return EndpointTable(
        url=url if url.endswith("/webhook") else url + RASA_PATH,
        body={"sender": "{{ session }}", "message": "{{ text }}"},
        reply=Paths(text="join('\n', [].text)", handover="[?custom.handover]"),
    )


def _a2a(table: EndpointTable, source: str) -> EndpointTable:
    """Return the Agent2Agent protocol in its JSON-RPC binding: a message out, a message or a task back.

    The context id that the agent hands out is kept, the task id only while the task waits for input: a task that has
    come to its end takes no more messages.
    """
    versions: dict[str, Callable[[], tuple[dict[str, Any], Paths]]] = {"1.0": _a2a_1_0, "0.3": _a2a_0_3}
    version = table.api_version or "1.0"
    if version not in versions:
        raise UsageError(f"{source}: api_version: expected {' or '.join(versions)}, got {version!r}")
    body, reply = versions[version]()
    return EndpointTable(
        url=_needed(table, "url", source, "the address of the agent's JSON-RPC endpoint"),
        headers={"A2A-Version": version},
        body=body,
        reply=reply,
    )


def _a2a_1_0() -> tuple[dict[str, Any], Paths]:
    message = {**_ids(), "role": "ROLE_USER", "parts": [{"text": "{{ text }}"}]}
    waits, states = "TASK_STATE_INPUT_REQUIRED", [f"TASK_STATE_{state}" for state in _UNFINISHED]
    return _rpc("SendMessage", {"message": message}), _answer("result.message", "result.task", waits, states)


def _a2a_0_3() -> tuple[dict[str, Any], Paths]:
    message = {**_ids(), "kind": "message", "role": "user", "parts": [{"kind": "text", "text": "{{ text }}"}]}
    states = [state.lower().replace("_", "-") for state in _UNFINISHED]
    body = _rpc("message/send", {"message": message, "configuration": {"blocking": True}})
    return body, _answer("result", "result", "input-required", states)


def _ids() -> dict[str, str]:
    """Return the ids of a message: its own, and those that the agent handed out."""
    return {
        "messageId": "{{ request }}",
        "contextId": "{{ (server_session or {}).get('context') }}",
        "taskId": "{{ (server_session or {}).get('task') or none }}",
    }


def _rpc(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "{{ request }}", "method": method, "params": params}


def _answer(message: str, task: str, waits: str, unfinished: list[str]) -> Paths:
    """Return where the reply stands when the agent answers with `message` or with `task`."""
    # In 0.3 both are `result` itself: its contextId is then named twice, which does no harm.
    state = f"{task}.status.state"
    bad = msgspec.json.encode(unfinished).decode()
    return Paths(
        text=f"join('\n', [{message}.parts, {task}.status.message.parts, {task}.artifacts[].parts[]][].text)",
        handover=f"{message}.metadata.handover || {task}.metadata.handover",
        session=(
            f"{{context: {message}.contextId || {task}.contextId, task: {state} == '{waits}' && {task}.id || `null`}}"
        ),
        error=(
            "error.message || "
            f"(contains(`{bad}`, {state}) && join(': ', [{state}, {task}.status.message.parts[0].text][?@]))"
        ),
    )


def _needed(table: EndpointTable, key: str, source: str, what: str) -> str:
    value: str | None = getattr(table, key)
    if not value:
        raise UsageError(f"{source}: {key} is missing: preset {table.preset} needs it: {what}")
    return value


_TABLES: dict[str, Callable[[EndpointTable, str], EndpointTable]] = {"rasa": _rasa, "a2a": _a2a}
PRESETS = (*OPENAI, *_TABLES)
