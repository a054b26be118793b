"""Whatever stands in a record's place, an importer reads it or says what is wrong: it never crashes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatparity.errors import InputError, Problem
from chatparity.importers import FORMATS, import_file

CHAT = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
CALL = {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}
PARTS = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}, {"type": "tool_call_response", "id": "1"}]}]
RECORDS: dict[str, dict[str, Any]] = {
    "openai-chat": {
        "id": "a",
        "messages": [CHAT[0], CALL, {"role": "tool", "tool_call_id": "1", "content": "r"}],
        "choices": [{"message": CHAT[1]}],
        "metadata": {"language": "en"},
        "created": 1,
        "tools": [1],
    },
    "sharegpt": {
        "id": "a",
        "system": "s",
        "conversations": [{"from": "human", "value": "h"}, {"from": "function_call", "value": '{"name": "f"}'}],
    },
    "zendesk": {
        "id": 1,
        "requester_id": 1,
        "status": "open",
        "via": {"channel": "web"},
        "tags": ["a"],
        "satisfaction_rating": {"score": "good"},
        "users": [{"id": 1, "role": "end-user"}],
        "comments": [
            {"author_id": 1, "body": "b", "public": True, "created_at": "2026-01-01", "attachments": [{}]},
            {"author": {"id": 2, "role": "agent"}, "html_body": "<p>x", "public": True},
        ],
    },
    "intercom": {
        "id": "1",
        "created_at": 1,
        "source": {"type": "email", "body": "<p>h", "author": {"type": "user", "id": "u"}},
        "conversation_parts": {"conversation_parts": [{"part_type": "x", "body": "b", "author": {"type": "admin"}}]},
        "tags": {"tags": [{"name": "x"}]},
        "contacts": {"contacts": [{"id": "1"}]},
        "conversation_rating": {"rating": 3},
    },
    "langfuse": {
        "id": "t",
        "sessionId": "s",
        "timestamp": "2026-01-01",
        "metadata": {"language": "en"},
        "scores": [{}],
        "observations": [{"type": "GENERATION", "startTime": 1, "input": {"messages": CHAT[:1]}, "output": CHAT[1]}],
    },
    "otel": {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "a", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}}]},
                "scopeSpans": [
                    {
                        "spans": [
                            {
                                "traceId": "t",
                                "spanId": "s",
                                "startTimeUnixNano": "1",
                                "attributes": [
                                    {"key": "gen_ai.input.messages", "value": {"stringValue": json.dumps(PARTS)}}
                                ],
                                "events": [{"name": "gen_ai.choice", "attributes": {"index": 0, "message": "{}"}}],
                            }
                        ]
                    }
                ],
            }
        ]
    },
    "tau-bench": {
        "task_id": 1,
        "trial": 0,
        "reward": 1,
        "info": {"task": {"actions": [{"name": "a", "kwargs": {}}]}},
        "traj": [CHAT[0], {**CALL, "content": None}, CHAT[1]],
    },
}
ODD: list[Any] = [None, 3, -1.5, -9e10, 1e300, True, "", '"', "NaN", [], {}, [None], [3], [[]], [{}], {"a": None}]


def oddly(value: Any) -> Iterator[Any]:
    """Yield a value with each of its parts, and itself, replaced by each odd one; JSON inside texts as well."""
    yield from ODD
    if isinstance(value, dict):
        for key in value:
            yield from ({**value, key: odd} for odd in oddly(value[key]))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from ([*value[:place], odd, *value[place + 1 :]] for odd in oddly(one))
    elif isinstance(value, str) and value[:1] in ("[", "{"):
        yield from (json.dumps(odd) for odd in oddly(json.loads(value)))


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"csv"}))
def test_an_odd_value_anywhere_is_read_or_is_a_problem_with_its_place(form: str, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    read = 0
    broken: list[Problem] = []
    for record in oddly(RECORDS[form]):
        path.write_text(json.dumps([record]))
        try:
            read += len(list(import_file(form, path, language="en").transcripts))
        except InputError as error:
            broken.extend(error.problems)
    assert read > 10
    assert len(broken) > 10
    assert [one for one in broken if not (str(one).startswith(str(path)) and one.message)] == []


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"csv"}))
@pytest.mark.parametrize("name", ["export.json", "export.jsonl"])
def test_json_that_is_nested_without_end_is_a_problem_of_its_record(form: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    good = json.dumps(RECORDS[form])
    deep = good[:-1] + f', "x": {"[" * 100_000}{"]" * 100_000}}}'
    path.write_text(f"{good}\n{deep}\n" if name.endswith("l") else f"[{good},{deep}]")
    with pytest.raises(InputError) as raised:
        list(import_file(form, path, language="en").transcripts)
    assert "recursion" in str(raised.value)


def test_tool_arguments_nested_without_end_are_no_arguments(tmp_path: Path) -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": "[" * 100_000}}
    messages = [CHAT[0], {"role": "assistant", "tool_calls": [call]}, CHAT[1]]
    path = tmp_path / "export.jsonl"
    path.write_text(json.dumps({"messages": messages}))
    with pytest.raises(InputError, match="expected a JSON object as arguments of f"):
        list(import_file("openai-chat", path, language="en").transcripts)


@pytest.mark.parametrize("odd", ["nan", "inf", "1e999"])
def test_a_number_that_is_none_is_a_problem_and_not_silently_nothing(odd: str, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(f"conversation,speaker,text,handle_seconds\n1,customer,Hi,{odd}\n1,agent,Hello,\n")
    with pytest.raises(InputError, match=f'handle_seconds: expected a number, got "{odd}"'):
        list(import_file("csv", path, language="en").transcripts)
