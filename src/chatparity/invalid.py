"""What a decoder says is wrong, as a person reads it: the field, and what was expected there."""

from __future__ import annotations

import re
from typing import Any

import msgspec

DEEP = "nested too deeply to be read"


def field_and_message(error: msgspec.ValidationError, kind: Any, *, known_keys: bool = True) -> tuple[str, str]:
    """Return where in the data an error lies (`turns[0].speaker`, or "" for the whole) and what was expected there.

    `kind` is the type that was decoded: it tells which values and, with `known_keys`, which keys there are.
    """
    message, _, place = str(error).partition(" - at `$")
    field = place.rstrip("`").lstrip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", message, re.DOTALL)
    if unknown and known_keys:
        inside = _type_at(kind, field)
        keys = [one.encode_name for one in inside.fields] if isinstance(inside, msgspec.inspect.StructType) else []
        return ".".join(filter(None, (field, unknown[1]))), f"unknown key: expected only {', '.join(keys)}"
    if message.startswith("Invalid enum value"):
        inside = _type_at(kind, field)
        values = inside.values if isinstance(inside, msgspec.inspect.LiteralType) else []
        allowed = ", ".join(f'"{one}"' for one in values)
        message = f"expected one of {allowed}, got {message.removeprefix('Invalid enum value ')}"
    return field, message[:1].lower() + message[1:]


def _type_at(kind: Any, field: str) -> msgspec.inspect.Type:
    """Return the type of a field such as `turns[0].speaker` of `kind`, without the None it may be."""
    inside = _present(msgspec.inspect.type_info(kind))
    for part in re.findall(r"\w+|\[", re.sub(r"\[[^]]*\]", "[", field)):
        if isinstance(inside, msgspec.inspect.StructType):
            inside = next(one.type for one in inside.fields if one.encode_name == part)
        elif isinstance(inside, msgspec.inspect.VarTupleType):
            inside = inside.item_type
        elif isinstance(inside, msgspec.inspect.DictType):
            inside = inside.value_type
        inside = _present(inside)
    return inside


def _present(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """Return the type a value has when it is not None."""
    if isinstance(kind, msgspec.inspect.UnionType):
        return next(one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType))
    return kind
