"""What lies before whom on the page right now, so that two people who judge at the same time do not judge the same."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

# Who left the page open and went away holds an item no longer than this.
SECONDS = 30 * 60.0


class Held:
    """The item that each reviewer of this server has before them, one each, until they go on or stay away too long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._by: dict[str, tuple[str, float]] = {}

    def take(self, rater: str, item: str | None) -> None:
        """Put an item before a reviewer, in the place of the one before; None: nothing."""
        with self.lock:
            if item is None:
                self._by.pop(rater, None)
            else:
                self._by[rater] = (item, self._clock())

    def by_others(self, rater: str) -> Counter[str]:
        """Return how many people but `rater` have each item before them."""
        with self.lock:
            since = self._clock() - SECONDS
            return Counter(item for who, (item, at) in self._by.items() if who != rater and at > since)
