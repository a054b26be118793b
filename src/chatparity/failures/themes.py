"""Failing replies in clusters of what is alike, language by language: the themes of a failure map.

What is compared is the passage at fault and, with less weight, the customer's message. Languages are
kept apart: two languages share hardly a word, so that clusters over all of them would be the languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatparity.likeness import clusters, letters

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A theme is of at least so many conversations; what is less alike than LEAST to the middle of its theme is in none.
CONVERSATIONS, LEAST = 3, 0.35
# There is a cluster for EACH so many texts, at most MOST_THEMES a language: more than that nobody reads.
EACH, MOST_THEMES = 4, 40
LEARNED = 8_000
# What the request weighs beside the passage at fault.
REQUEST = 0.5
BATCH = 4_096


@dataclass(frozen=True)
class Text:
    """What is compared of one failing reply: the conversation it counts towards, the request and the passage."""

    cluster: str
    request: str
    passage: str


@dataclass(frozen=True)
class Theme:
    """A theme: the places of its texts, the most typical first."""

    members: tuple[int, ...]


def themes_of(texts: Sequence[Text], seed: int) -> list[Theme]:
    """Return the themes of texts of one language, the largest first; what is like nothing else is in none.

    K-means, as `chatparity sample` seeks novelty, with a cluster for EACH so many texts, at most MOST_THEMES, learned
    from at most LEARNED texts. A text stays in its cluster where the cosine of it and the sum of the others is at least
    LEAST. The order of the texts must be given: same texts, order and seed, same themes.
    """
    said = [place for place, one in enumerate(texts) if one.request.strip() or one.passage.strip()]
    if len(said) < len(texts):
        inside = themes_of([texts[place] for place in said], seed)
        return [Theme(tuple(said[place] for place in one.members)) for one in inside]
    if len({one.cluster for one in texts}) < CONVERSATIONS:
        return []
    step = -(-len(texts) // LEARNED)
    learned = texts[::step]
    vectors = letters()
    vectors.fit([text for one in learned for text in (one.request, one.passage)])
    middle = _Middles.of(_rows(vectors, learned), seed)
    found: dict[int, list[tuple[float, int]]] = {}
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        for place, (nearest, how) in enumerate(middle.nearest(_rows(vectors, part), start, step), start):
            if how >= LEAST:
                found.setdefault(nearest, []).append((-round(how, 9), place))
    kept = [Theme(tuple(place for _, place in sorted(one))) for one in found.values()]
    kept = [one for one in kept if len({texts[place].cluster for place in one.members}) >= CONVERSATIONS]
    return sorted(kept, key=lambda one: (-len(one.members), min(one.members)))


@dataclass(frozen=True)
class _Middles:
    """The middles of clusters: the sum of the rows of each, shape (clusters, features), and which rows are in it."""

    sums: NDArray[Any]
    labels: NDArray[Any]

    @classmethod
    def of(cls, rows: Any, seed: int) -> _Middles:
        """Learn clusters from rows of length 1."""
        import numpy as np
        from scipy.sparse import csr_array
        from threadpoolctl import threadpool_limits

        size: int = rows.shape[0]
        count = min(max(round(size / EACH), 1), MOST_THEMES)
        # One thread: sums in the same order on every machine, and other work keeps its core.
        with threadpool_limits(limits=1):
            labels = clusters(count, seed).fit_predict(rows)
        inside = csr_array((np.ones(size), (labels, np.arange(size))), shape=(count, size))
        return cls((inside @ rows).toarray(), labels)

    def nearest(self, rows: Any, start: int, step: int) -> Iterator[tuple[int, float]]:
        """Yield for each row, the first being text `start`, its cluster and how like it is to the others in it.

        Every `step`th text is one that the clusters were learned from, and stays where it is.
        """
        import numpy as np

        products = rows @ self.sums.T
        squares = (self.sums**2).sum(axis=1)
        cosines = products / np.sqrt(np.maximum(squares, 1e-12))
        for number, (product, cosine) in enumerate(zip(products, cosines, strict=True), start):
            if number % step:
                own = int(cosine.argmax())
                yield own, float(cosine[own])
                continue
            own = int(self.labels[number // step])
            others = squares[own] - 2 * product[own] + 1
            yield own, float((product[own] - 1) / np.sqrt(others)) if others > 1e-9 else 0.0


def _rows(vectors: Any, texts: Sequence[Text]) -> Any:
    """Return a row of length 1 a text, the passage at fault and with less weight the request; all 0 where both are."""
    from sklearn.preprocessing import normalize

    requests = vectors.transform([one.request for one in texts])
    return normalize(REQUEST * requests + vectors.transform([one.passage for one in texts]))
