"""What goes over the wire, kept for a person to look at: an agent that is opened with a Trace fills it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Trace:
    """The last request of an agent and the raw answer to it, with every secret still in them: mask before showing.

    `where` says how and whom it asked, `head` is the answer's first line (`HTTP 200`), `status` its HTTP status.
    `session` is the session id that the endpoint handed out, whatever JSON value that is.
    """

    where: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    head: str = ""
    status: int | None = None
    answer: bytes = b""
    session: Any = None

    def sent(self, where: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Note a request that goes out; what an earlier one left is forgotten."""
        self.where, self.headers, self.body = where, headers or {}, body
        self.head, self.status, self.answer, self.session = "", None, b"", None

    def began(self, head: str, status: int | None = None) -> None:
        """Note that an answer begins."""
        self.head, self.status = head, status

    def heard(self, piece: bytes) -> None:
        """Add a piece of the raw answer."""
        self.answer += piece
