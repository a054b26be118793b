"""What customers wrote before, in clusters, so that what is like none of them can be told: a message of a new kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatparity.errors import InputError, Problem, UsageError
from chatparity.jsonl import scan
from chatparity.likeness import clusters, letters
from chatparity.points import points_of
from chatparity.run.folder import RunFolder
from chatparity.sample.design import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So many messages are learned from, drawn by their random numbers, with a cluster for EACH of them, at most CLUSTERS.
MOST, EACH, CLUSTERS = 20_000, 20, 200
# A message is new where it is further from every cluster than this share of the messages that were seen.
KNOWN = 0.98
LEAST = 50


class Seen:
    """Clusters of messages that were seen, by their letters, as `chatparity failures` clusters what fails."""

    def __init__(self, messages: Iterable[str], seed: int = 0) -> None:
        """Learn the clusters. Raises UsageError for fewer messages than can be told apart."""
        import heapq

        numbered = ((number(seed, ("seen", place)), one) for place, one in enumerate(messages) if one.strip())
        texts = [one for _, one in heapq.nsmallest(MOST, numbered)]
        if len(texts) < LEAST:
            raise UsageError(f"--seen: expected at least {LEAST} messages of customers, got {len(texts)}")
        half = len(texts) // 2
        self._vectors: Any = letters()
        learned = self._vectors.fit_transform(texts[:half])
        count = min(max(len(texts) // EACH, 2), CLUSTERS)
        self._clusters: Any = clusters(count, seed).fit(learned)
        # What is far is told by messages that no cluster was made of.
        self._edge = float(sorted(self._distances(texts[half:]))[int(KNOWN * (len(texts) - half))])
        self.messages = len(texts)

    def is_new(self, message: str) -> bool:
        """Say whether a message is further from every cluster than nearly all that were seen; an empty one is not."""
        return bool(message.strip()) and float(self._distances([message])[0]) > self._edge

    def _distances(self, texts: list[str]) -> NDArray[Any]:
        found: NDArray[Any] = self._clusters.transform(self._vectors.transform(texts)).min(axis=1)
        return found


def seen_in(path: Path, seed: int = 0) -> Seen:
    """Learn from what customers wrote in transcripts, or in those of a run.

    Raises UsageError where there are none, InputError for invalid lines.
    """
    run = RunFolder(path)
    return Seen(_messages([run.transcripts_file if run.exists() else path]), seed)


def _messages(paths: Sequence[Path]) -> Iterator[str]:
    for _, _, item in scan(paths, compact=True):
        if isinstance(item, Problem):
            raise InputError([item])
        yield from (point.customer_text for point in points_of(item))
