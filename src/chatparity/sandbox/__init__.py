"""The sandbox: a deterministic, rule-based support agent with a real SQLite shop behind it, served over HTTP."""

from __future__ import annotations

from chatparity.sandbox.server import serve

__all__ = ["serve"]
