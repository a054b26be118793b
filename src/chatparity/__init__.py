"""chatparity examines support agents: replay, grade, compare with people, decide with statistics.

Importing this package loads nothing from third parties; names are fetched when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatparity.exchange import Conversation, Evidence, Exchange, Point, Reply, Score
    from chatparity.grading.grader import Grader, Metric, grader
    from chatparity.jsonl import read_transcripts, write_transcripts
    from chatparity.transcript import Transcript, Turn

__version__ = "0.1.0"

_HOME = {
    "Conversation": "chatparity.exchange",
    "Evidence": "chatparity.exchange",
    "Exchange": "chatparity.exchange",
    "Point": "chatparity.exchange",
    "Reply": "chatparity.exchange",
    "Score": "chatparity.exchange",
    "Grader": "chatparity.grading",
    "Metric": "chatparity.grading",
    "grader": "chatparity.grading",
    "read_transcripts": "chatparity.jsonl",
    "write_transcripts": "chatparity.jsonl",
    "Transcript": "chatparity.transcript",
    "Turn": "chatparity.transcript",
}

__all__ = [
    "Conversation",
    "Evidence",
    "Exchange",
    "Grader",
    "Metric",
    "Point",
    "Reply",
    "Score",
    "Transcript",
    "Turn",
    "grader",
    "read_transcripts",
    "write_transcripts",
]


def __getattr__(name: str) -> object:
    """Fetch a public name from the module that defines it, on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'chatparity' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
