"""From a model's text to an answer that fits the JSON Schema it was asked for, or to what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec

_FENCED = re.compile(r"\A\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class BadAnswer(ValueError):
    """The text is no JSON, or JSON that does not fit the schema; the message is fit to be sent back to the model."""


def parsed(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON object in `text` if it fits `schema`. Raises BadAnswer saying what does not.

    A Markdown code fence around the whole answer is taken off; nothing else is guessed at.
    """
    import jsonschema

    inner = _FENCED.match(text)
    try:
        answer = msgspec.json.decode((inner[1] if inner else text).strip())
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise BadAnswer(f"not JSON: {error}") from error
    wrong = sorted(jsonschema.Draft202012Validator(schema).iter_errors(answer), key=lambda one: list(one.absolute_path))
    if wrong:
        place = ".".join(map(str, wrong[0].absolute_path)) or "the answer"
        raise BadAnswer(f"{place}: {wrong[0].message[:200]}")
    if not isinstance(answer, dict):
        raise BadAnswer(f"expected a JSON object, got {type(answer).__name__}")
    return cast("dict[str, Any]", answer)


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return `schema` as structured output wants it: every object is closed and needs all its properties."""
    return cast("dict[str, Any]", _closed(dict(schema)))


def _closed(part: Any) -> Any:
    """Close every object schema below `part`; titles and defaults, which some servers refuse, are left out."""
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    # Under `properties` and `$defs` the keys are the schema author's own names, not words of JSON Schema.
    closed = {
        key: {name: _closed(one) for name, one in value.items()} if key in ("properties", "$defs") else _closed(value)
        for key, value in part.items()
        if not (key in ("title", "default") and not isinstance(value, dict))
    }
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        closed["additionalProperties"] = False
        closed["required"] = list(closed["properties"])
    return closed
