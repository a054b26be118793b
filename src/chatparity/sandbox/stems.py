"""What a text may be about where no pattern says it: stems of words that speak for an intent, weighed and added up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from chatparity.sandbox.letters import fold, within_one_letter

ENOUGH = 3
ENOUGH_TO_ACT = 4
_ACTS = frozenset({
    "cancel", "deletion", "dispute", "extend", "login_code", "missing", "plan_change", "return",
})  # fmt: skip
_LEAST = 2
_LEAST_FUZZY = 5
_WORD = re.compile(r"[^\W\d_]+")


class Stems:
    """The stems of a language by intent: those listed under "2" weigh two, those under "1" one.

    A stem is found where a word begins with it, or, if it has five letters or more, where the word's beginning is one
    letter off. Each stem counts once. An intent is guessed only with a weight of `ENOUGH`, one that changes something
    only with `ENOUGH_TO_ACT`; the records add to the weight.
    """

    def __init__(self, table: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self._stems = {
            intent: [(fold(stem).lower(), int(weight)) for weight, stems in weights.items() for stem in stems]
            for intent, weights in table.items()
        }

    @property
    def intents(self) -> frozenset[str]:
        """Return the intents that can be guessed."""
        return frozenset(self._stems)

    def guesses(self, folded: str) -> list[tuple[int, str]]:
        """Return weight and intent of what a folded text may be about, the heaviest first."""
        words = list(dict.fromkeys(_WORD.findall(folded)))
        found = [
            (sum(weight for stem, weight in stems if _said(stem, words)), name) for name, stems in self._stems.items()
        ]
        return sorted(((weight, name) for weight, name in found if weight >= _LEAST), reverse=True)


def best(
    guesses: Sequence[tuple[int, str]], evidence: Callable[[str], int | None], *, enough: int = ENOUGH
) -> str | None:
    """Return the heaviest guess together with what the records speak for it, or None.

    `evidence` gives the weight that the records add to an intent, None where they do not fit it. None is also the
    answer where two guesses weigh the same, or none weighs `enough`.
    """
    found = []
    for weight, name in guesses:
        more = evidence(name)
        if more is not None and weight + more >= (ENOUGH_TO_ACT if name in _ACTS else enough):
            found.append((weight + more, name))
    found.sort(reverse=True)
    if not found or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    return found[0][1]


def _said(stem: str, words: Sequence[str]) -> bool:
    if any(word.startswith(stem) for word in words):
        return True
    if len(stem) < _LEAST_FUZZY:
        return False
    return any(word[0] == stem[0] and within_one_letter(stem, word) for word in words if len(word) >= len(stem) - 1)
