"""Streamed answers: where one event ends and the next begins, in server-sent events and in JSON lines."""

from __future__ import annotations

from typing import Literal, Protocol

from chatparity.agents.wire import Said

Streaming = Literal["sse", "ndjson"]
DONE = b"[DONE]"


class Heard(Protocol):
    """Puts the events of one streamed answer together. All methods raise AgentFailure for what they cannot read."""

    speaking: bool

    def take(self, data: bytes) -> bool:
        """Add the data of an event and say whether it was the last; sets `speaking` with the first words or call."""

    def said(self, *, ended: bool) -> Said:
        """Return the whole; `ended` is whether an event said that it was the last."""


class Events:
    """Cuts the bytes of a stream into the data of its events, whatever pieces the bytes arrive in.

    `sse` is the event stream format of the HTML standard (section 9.2.6) with lines that end in LF or CRLF: lines of
    `data:` up to an empty line are one event; comments and other fields are skipped. `ndjson` is one event a line.
    """

    def __init__(self, streaming: Streaming) -> None:
        self._sse = streaming == "sse"
        self._line = b""
        self._data: list[bytes] = []
        self._begun = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the data of the events that this piece completes."""
        *lines, self._line = (self._line + piece).split(b"\n")
        return [data for line in lines if (data := self._take(line.removesuffix(b"\r")))]

    def rest(self) -> list[bytes]:
        """Return what the end of the stream completes: servers forget the last line break."""
        return [data for line in (self._line, b"") if (data := self._take(line.removesuffix(b"\r")))]

    def _take(self, line: bytes) -> bytes:
        """Return the data of the event that a line completes, or nothing."""
        if not self._begun:
            self._begun = True
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not self._sse:
            return line.strip()
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            return b""
        data, self._data = b"\n".join(self._data), []
        return data
