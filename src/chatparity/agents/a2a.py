"""The Agent2Agent protocol in its JSON-RPC binding, as a table: a message out; a message, a task or a stream back.

Versions 1.0 (a2a-protocol.org/v1.0.0/specification, sections 3 and 9) and 0.3 (section 7). The context id that the
agent hands out is kept, the task id only while the task waits for input: a task that has come to its end takes no more
messages. What an agent says while it works ("one moment") is no part of its reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chatparity.agents.reading import Paths

_DONE = ("COMPLETED", "INPUT_REQUIRED")
_BAD = ("FAILED", "REJECTED", "CANCELED", "AUTH_REQUIRED")
# An answer that came whole with these will never be finished.
_UNDER_WAY = ("SUBMITTED", "WORKING")


@dataclass(frozen=True)
class _Version:
    """What one version calls things: methods, and where in an answer its kinds of result stand."""

    methods: tuple[str, str]
    message: str
    task: str
    update: str
    artifact: str
    is_message: str
    upper: bool

    def states(self, names: Sequence[str]) -> list[str]:
        """Return states as this version writes them."""
        return [f"TASK_STATE_{name}" if self.upper else name.lower().replace("_", "-") for name in names]


# In 0.3 every kind of result is `result` itself.
VERSIONS = {
    "1.0": _Version(
        methods=("SendMessage", "SendStreamingMessage"),
        message="result.message",
        task="result.task",
        update="result.statusUpdate",
        artifact="result.artifactUpdate",
        is_message="result.message",
        upper=True,
    ),
    "0.3": _Version(
        methods=("message/send", "message/stream"),
        message="result",
        task="result",
        update="result",
        artifact="result",
        is_message="result.kind == 'message'",
        upper=False,
    ),
}


def request(version: str, *, streamed: bool) -> dict[str, Any]:
    """Return the body of a request."""
    names = VERSIONS[version]
    message: dict[str, Any] = {
        "messageId": "{{ request }}",
        "contextId": "{{ (server_session or {}).get('context') }}",
        "taskId": "{{ (server_session or {}).get('task') or none }}",
    }
    if names.upper:
        message |= {"role": "ROLE_USER", "parts": [{"text": "{{ text }}"}]}
    else:
        message |= {"kind": "message", "role": "user", "parts": [{"kind": "text", "text": "{{ text }}"}]}
    params: dict[str, Any] = {"message": message}
    if not names.upper and not streamed:
        params["configuration"] = {"blocking": True}
    return {"jsonrpc": "2.0", "id": "{{ request }}", "method": names.methods[streamed], "params": params}


def answer(version: str, *, streamed: bool) -> Paths:
    """Return where the reply stands in an answer, or in each event of a stream."""
    names = VERSIONS[version]
    [waits] = names.states(["INPUT_REQUIRED"])
    status = f"({names.task}.status || {names.update}.status)"
    state = f"{status}.state"
    context = " || ".join(dict.fromkeys(f"{one}.contextId" for one in (names.message, names.task, names.update)))
    task = " || ".join([f"{names.task}.id", f"{names.update}.taskId"])
    flags = [f"{status}.message.metadata", *(f"{one}.metadata" for one in (names.message, names.task, names.update))]
    bad = _literal(names.states(_BAD if streamed else (*_BAD, *_UNDER_WAY)))
    done = f"contains({_literal(names.states(_DONE))}, {state})"
    return Paths(
        text=_pieces(names, status, done) if streamed else _whole(names),
        handover=" || ".join(dict.fromkeys(f"{one}.handover" for one in flags)),
        session=f"{{context: {context}, task: {state} == '{waits}' && ({task}) || `null`}}",
        error=(
            f"error.message || (contains({bad}, {state}) && join(': ', [{state}, {status}.message.parts[0].text][?@]))"
        ),
        end=f"{names.is_message} || {done}" if streamed else None,
    )


def _whole(names: _Version) -> str:
    """Return the text of a whole answer: artifacts first, then what is said about them, each on a line of its own."""
    said = f"[[{names.message}.parts], {names.task}.artifacts[*].parts || `[]`, [{names.task}.status.message.parts]][]"
    return f"join('\n', {said} | [?@].join('', [].text) | [?@])"


def _pieces(names: _Version, status: str, done: str) -> str:
    """Return the text of one event: pieces of an artifact that go on are joined, everything else begins a line."""
    artifact = f"{names.artifact}.artifact"
    parts = [
        f"{names.message}.parts[].text",
        f"{artifact} && !{names.artifact}.append && '\n'",
        f"{artifact}.parts[].text",
        f"{done} && {names.task}.artifacts[].['\n', parts[].text][][]",
        f"{done} && {status}.message && ['\n', {status}.message.parts[].text][]",
    ]
    return f"join('', [{', '.join(parts)}][] | [?type(@) == 'string'])"


def _literal(values: Sequence[str]) -> str:
    """Return a list as JMESPath writes it."""
    return f"`{msgspec.json.encode(values).decode()}`"
