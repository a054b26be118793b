"""Presets: endpoints whose wire is published, as the tables that one could have written for them.

openai-chat    any OpenAI-compatible server: `url` ends before `/chat/completions`
azure-openai   Azure OpenAI: `url` is the resource's address, `model` the deployment
rasa           Rasa's REST channel: `url` is the server's address
a2a            an agent of the Agent2Agent protocol 1.0 (or 0.3) over JSON-RPC, whole or streamed: `url` is its endpoint
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chatparity.agents import a2a
from chatparity.agents.masking import from_environment, key_for
from chatparity.agents.reading import Paths
from chatparity.agents.template import EndpointTable
from chatparity.errors import UsageError

OPENAI = ("openai-chat", "azure-openai")
OPENAI_URL = "https://api.openai.com/v1"
AZURE_VERSION = "2024-10-21"
AZURE_KEY = "AZURE_OPENAI_API_KEY"
RASA_PATH = "/webhooks/rest/webhook"


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
    streams = ("sse",) if table.preset == "a2a" else ()
    if table.body is not None or (table.stream is not None and table.stream not in streams):
        how = "streams sse" if streams else "is not streamed"
        raise UsageError(f"{source}: preset {table.preset} has its own body and {how}: remove those keys")
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
    """Return an agent of the Agent2Agent protocol, whose answer comes whole or, with `stream`, in events."""
    version = table.api_version or "1.0"
    if version not in a2a.VERSIONS:
        raise UsageError(f"{source}: api_version: expected {' or '.join(a2a.VERSIONS)}, got {version!r}")
    streamed = table.stream is not None
    return EndpointTable(
        url=_needed(table, "url", source, "the address of the agent's JSON-RPC endpoint"),
        headers={"A2A-Version": version},
        body=a2a.request(version, streamed=streamed),
        reply=a2a.answer(version, streamed=streamed),
        stream=table.stream,
    )


def _needed(table: EndpointTable, key: str, source: str, what: str) -> str:
    value: str | None = getattr(table, key)
    if not value:
        raise UsageError(f"{source}: {key} is missing: preset {table.preset} needs it: {what}")
    return value


_TABLES: dict[str, Callable[[EndpointTable, str], EndpointTable]] = {"rasa": _rasa, "a2a": _a2a}
PRESETS = (*OPENAI, *_TABLES)
