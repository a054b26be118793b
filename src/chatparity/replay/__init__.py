"""Replay: recorded conversations put before an agent again, teacher-forced or free-running."""

from __future__ import annotations

from chatparity.replay.attempts import Backoff
from chatparity.replay.loop import check_mode, replay
from chatparity.replay.seen import as_seen, plan
from chatparity.replay.tools import RecordedCalls, ToolAnswerer

__all__ = ["Backoff", "RecordedCalls", "ToolAnswerer", "as_seen", "check_mode", "plan", "replay"]
