"""Reads an endpoint's answer, whole or streamed, with the JMESPath expressions of its table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jmespath
import jmespath.exceptions
import msgspec

from chatparity.agents.failures import cut, malformed
from chatparity.agents.masking import excerpt
from chatparity.agents.streams import DONE
from chatparity.agents.wire import Said, text_of, usage_of
from chatparity.errors import AgentFailure, UsageError

_SHOWN_KEYS = 12
_PLAIN_KEY = re.compile("[A-Za-z_][A-Za-z0-9_]*")


class Paths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reply`: JMESPath expressions into the response, or into each event of a stream.

    `text` is the reply, or the piece of it that an event carries. `handover` hands over where it finds something true.
    `session` is the session id that the endpoint hands out. Where `waiting` finds something true, the endpoint waits
    for the results of its calls, whatever it said beside them. Where `error` finds something, the endpoint failed, and
    that is why. `end` is true of a stream's last event.
    """

    text: str | None = None
    tool_calls: str | None = None
    handover: str | None = None
    waiting: str | None = None
    session: str | None = None
    error: str | None = None
    end: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    model: str | None = None


class Reading:
    """The expressions of a table made ready to read answers with."""

    def __init__(self, paths: Paths, *, where: str, marker: str | None = None) -> None:
        """Compile them. `marker` is the data that ends a stream. Raises UsageError naming the one that is wrong."""
        self.where = where
        self.marker = marker.encode() if marker else None
        self.expressions = {
            name: expression for name in Paths.__struct_fields__ if (expression := getattr(paths, name)) is not None
        }
        self._paths = {name: self._path(name, expression) for name, expression in self.expressions.items()}

    def read(self, content: bytes) -> Said:
        """Return what a whole response says. Raises AgentFailure of kind `malformed` or `agent_error`."""
        heard = PathsHeard(self)
        heard.take(content)
        return heard.said(ended=True)

    def heard(self) -> PathsHeard:
        """Return what puts one streamed answer together."""
        return PathsHeard(self)

    def find(self, content: bytes) -> tuple[Any, dict[str, Any]]:
        """Return the decoded JSON and what each expression finds in it."""
        try:
            data = msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if not content.strip():
                raise AgentFailure("empty", f"{self.where}: the answer has no body", retryable=True) from error
            page = content.lstrip().startswith(b"<")
            why = "expected JSON, got a web page" if page else f"expected JSON: {error}"
            raise malformed(self.where, f"{why}: {excerpt(content)}") from error
        found: dict[str, Any] = {}
        for name, path in self._paths.items():
            try:
                found[name] = path.search(data)
            except jmespath.exceptions.JMESPathError as error:
                why = f"reply.{name} = {self.expressions[name]!r} fails: {_first(error)}; {shape_of(data)}"
                raise malformed(self.where, why) from error
        return data, found

    def _path(self, name: str, expression: str) -> Any:
        try:
            return jmespath.compile(expression)
        except jmespath.exceptions.JMESPathError as error:
            raise UsageError(f"{self.where}: reply.{name}: not a JMESPath: {_first(error)}: {expression!r}") from error


class PathsHeard:
    """One answer: of one event when it came whole, of many when it was streamed."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._texts: list[str] = []
        self._calls: list[Any] = []
        self._last: dict[str, Any] = {}
        self._last_shape = ""
        self._texts_at: dict[str, None] = {}
        self._found_text = False
        self.speaking = False

    def take(self, data: bytes) -> bool:
        """Add an event and say whether it was the last. Raises AgentFailure `malformed` or `agent_error`."""
        reading = self._reading
        if data in (DONE, reading.marker):
            return True
        whole, found = reading.find(data)
        if found.get("error"):
            why = found["error"]
            said = excerpt(why if isinstance(why, str) else msgspec.json.encode(why))
            raise AgentFailure("agent_error", f"{reading.where}: the endpoint says: {said}", retryable=True)
        calls = found.pop("tool_calls", None) or ()
        if not isinstance(calls, (list, tuple)):
            raise malformed(reading.where, f"expected a list at reply.tool_calls, got {calls!r}; {shape_of(whole)}")
        text = self._text(found.pop("text", None), whole)
        self._texts.append(text or "")
        self._found_text = self._found_text or text is not None
        self._calls += calls
        self.speaking = self.speaking or bool(text or calls)
        self._last |= {name: value for name, value in found.items() if value not in (None, False)}
        self._last_shape = shape_of(whole)
        if not self._found_text:
            self._texts_at |= dict.fromkeys(texts_at(whole))
        return bool(found.get("end"))

    def said(self, *, ended: bool) -> Said:
        """Return the whole. Raises AgentFailure: `stream_cut` without the end that the table tells of."""
        reading, last = self._reading, self._last
        if not ended and (reading.marker or "end" in reading.expressions):
            raise cut(reading.where, self._unended())
        model = last.get("model")
        places = ", ".join(list(self._texts_at)[:_SHOWN_KEYS])
        there = f"; it has texts at {places}" if places else ""
        note = f"reply.text = {reading.expressions.get('text')!r} found nothing; {self._last_shape}{there}"
        return Said(
            # Around a streamed reply there are the line breaks between its pieces.
            text="".join(self._texts) if len(self._texts) == 1 else "".join(self._texts).strip(),
            calls=self._calls,
            handover=bool(last.get("handover")),
            usage=usage_of(last.get("input_tokens"), last.get("output_tokens")),
            model=model if isinstance(model, str) else None,
            session=last.get("session"),
            note="" if self._found_text else note,
            waiting=bool(last.get("waiting")),
        )

    def _unended(self) -> str:
        """Return why a stream is not whole."""
        end, marker = self._reading.expressions.get("end"), self._reading.marker
        ends = [f"reply.end = {end!r} is true of no event"] if end else []
        ends += [f"no event is the marker {marker.decode()!r}"] if marker else []
        return f"{' and '.join(ends)}; in the last event, {self._last_shape or 'there is nothing'}"

    def _text(self, found: object, whole: object) -> str | None:
        """Return the text that was found, or None. Raises AgentFailure `malformed` for what is no text."""
        if found is None:
            return None
        if not isinstance(found, (str, list)):
            path = self._reading.expressions.get("text")
            why = f"reply.text = {path!r}: expected a text as the reply, got {found!r}; {shape_of(whole)}"
            raise malformed(self._reading.where, why)
        return text_of(found, where=self._reading.where)


def shape_of(data: object) -> str:
    """Return what an answer looks like from above, for a message: its top-level keys, never its content."""
    if isinstance(data, Mapping):
        keys = [str(key) for key in data]
        more = ", …" if len(keys) > _SHOWN_KEYS else ""
        return f"the answer is an object with the keys {', '.join(keys[:_SHOWN_KEYS]) or '(none)'}{more}"
    if isinstance(data, list):
        inside = (
            f", the first with the keys {', '.join(map(str, data[0]))}" if data and isinstance(data[0], dict) else ""
        )
        return f"the answer is a list of {len(data)}{inside}"
    return f"the answer is a {type(data).__name__}"


def texts_at(data: object, path: str = "") -> Iterator[str]:
    """Yield the JMESPath of each text in an answer, for a message: where it stands, never what it says."""
    if isinstance(data, str) and path:
        yield path
    elif isinstance(data, Mapping):
        for key, value in data.items():
            name = key if _PLAIN_KEY.fullmatch(str(key)) else f'"{key}"'
            yield from texts_at(value, f"{path}.{name}" if path else name)
    elif isinstance(data, list) and data:
        # One of them stands for all.
        yield from texts_at(data[0], f"{path}[0]")


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]
