"""The failure map of a run: what fails, by a taxonomy and in clusters, and what is new since a baseline."""

from __future__ import annotations

from chatparity.failures.folder import map_failures
from chatparity.failures.result import FailureMap

__all__ = ["FailureMap", "map_failures"]
