"""The tools an agent calls on the shop: shape of a call checked first, refusals in the order of the contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.sandbox.policy import Policy
from chatparity.sandbox.shop import Shop
from chatparity.sandbox.toolbox import Desk, Refused
from chatparity.sandbox.tools_account import ACCOUNT_WRITES
from chatparity.sandbox.tools_order import ORDER_WRITES
from chatparity.sandbox.tools_read import READS
from chatparity.transcript import ToolCall

_TYPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "number": float}


@dataclass(frozen=True)
class ToolList:
    """What tools.json declares: each tool's parameters, which tools write, which hand over."""

    parameters: Mapping[str, Mapping[str, Any]]
    writes: frozenset[str]
    handover: frozenset[str]


def read_tools(path: Path) -> ToolList:
    """Read tools.json. Raises UsageError or InputError when it is missing, is not JSON, or names an unknown tool."""
    try:
        table = msgspec.json.decode(path.read_bytes())
        functions = {item["function"]["name"]: item["function"]["parameters"] for item in table["tools"]}
        found = ToolList(functions, frozenset(table["writes"]), frozenset(table["handover"]))
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file: expected the tools of the sandbox") from error
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise InputError([Problem(path, None, "", f"expected tools, writes and handover: {error}")]) from error
    unknown = sorted(set(functions) - set(_DOING))
    if unknown:
        raise InputError([Problem(path, None, "tools", f"the sandbox has no tool named {', '.join(unknown)}")])
    return found


class Tools:
    """All tools over one visit to the shop, on one day. Every call is also written to the shop's own journal."""

    def __init__(self, listed: ToolList, shop: Shop, policy: Policy, today: dt.date) -> None:
        self.listed = listed
        self._desk = Desk(shop, policy, today)
        self.currency = self._desk.currency

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolCall:
        """Call a tool and return what it did or why it refused; a refused call changes nothing."""
        try:
            self._check(name, arguments)
            result = {"ok": True, **_DOING[name](self._desk, **arguments)}
        except Refused as refusal:
            result = {"ok": False, "error": refusal.code, **refusal.details}
        done = ToolCall(name=name, arguments=dict(arguments), ok=bool(result["ok"]), result=result)
        self._desk.note(done)
        return done

    def again(self, calls: Sequence[ToolCall]) -> None:
        """Carry out again the calls of the conversation so far that changed something."""
        for call in calls:
            if call.ok and (call.name in self.listed.writes or call.name in self.listed.handover):
                self.call(call.name, call.arguments)

    def _check(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Refuse what is not a tool, has not its shape, or would change something after a handover."""
        shape = self.listed.parameters.get(name)
        if shape is None:
            raise Refused("unknown_tool")
        properties = shape.get("properties", {})
        if set(arguments) - set(properties) or set(shape.get("required", ())) - set(arguments):
            raise Refused("invalid_argument")
        for key, value in arguments.items():
            wanted = _TYPES[properties[key]["type"]]
            if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
                raise Refused("invalid_argument")
        if name in self.listed.writes and self._desk.handover() is not None:
            raise Refused("handed_over")


_DOING: dict[str, Callable[..., dict[str, Any]]] = {**READS, **ORDER_WRITES, **ACCOUNT_WRITES}
