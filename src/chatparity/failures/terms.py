"""What a cluster of texts is called: the words that tell it from everything else that is said in its language."""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# Words of two letters or more; of scripts that write no spaces, pairs of characters instead.
WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*", re.UNICODE)
DIGIT, STOPS = re.compile(r"\d"), re.compile(r"[.!?,;:()\[\]\"“”„«»…。！？،؛؟\n]+")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
# So many texts of a language are a background large enough, and fewer than FEW none; a word in more than this share of
# them names nothing.
ENOUGH, FEW, COMMON = 10_000, 20, 0.2
# Of a text so many characters are read, and of a cluster so many texts, the most typical.
LONGEST, READ = 4_000, 300
# A term is said in at least this share of the cluster's texts, and of at least so many conversations.
SHARE, TALKS = 1 / 3, 3
# Weight of the prior [1], in texts; a term must stand out by so many standard errors.
PRIOR, STANDS_OUT = 1.0, 2.0
TERMS = 4


def terms_in(text: str) -> set[str]:
    """Return the words of a text and the pairs of words that follow one another, in small letters.

    What holds a digit is left out: a number of an order or an amount names one case.
    """
    found: set[str] = set()
    for part in STOPS.split(unicodedata.normalize("NFC", text[:LONGEST]).lower()):
        words: list[str] = []
        for token in part.split():
            words += [""] if DIGIT.search(token) else [word for one in WORDS.findall(token) for word in _words(one)]
        found.update(words)
        pairs = ((one, two) for one, two in itertools.pairwise(words) if one and two)
        found.update(f"{one} {two}" for one, two in pairs if one.isascii() or not UNSPACED.search(one + two))
    found.discard("")
    return found


def _words(piece: str) -> list[str]:
    """Return a word as a list, or pairs of characters where its script writes no spaces; a letter alone is empty."""
    if UNSPACED.search(piece):
        return [piece[at : at + 2] for at in range(len(piece) - 1)]
    return [piece if len(piece) > 1 else ""]


class Background:
    """In how many texts of each language a term stands: what everybody says names no cluster.

    So no list of stop words is needed, in any language. Texts that do not fail are the background, so that a fault that
    is in every third reply is not what everybody says; failing ones only where there are fewer than FEW others.
    """

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()
        self._texts: Counter[tuple[str, bool]] = Counter()
        self._terms: dict[tuple[str, bool], Counter[str]] = {}

    def wants(self, language: str) -> bool:
        """Count a reply of a language, and say whether its text is wanted: the first ENOUGH are."""
        self._met[language] += 1
        return self._met[language] <= ENOUGH

    def add(self, language: str, text: str, *, fails: bool = False) -> None:
        """Count the terms of a text."""
        self._texts[language, fails] += 1
        self._terms.setdefault((language, fails), Counter()).update(terms_in(text))

    def telling(self, language: str, texts: Sequence[str], talks: Sequence[str]) -> tuple[str, ...]:
        """Return the terms that tell failing texts from others of their language, the most telling first, if any do.

        `talks` names the conversation of each text; the most typical texts come first. Terms come in the order of the
        log odds ratio with a prior over its standard error [1], of texts that hold them.

        [1] B. L. Monroe, M. P. Colaresi, K. M. Quinn (2008), Fightin' words: lexical feature selection and evaluation
            for identifying the content of political conflict, Political Analysis 16, 372-403, equations 16-22.
        """
        size = len(texts)
        texts, talks = texts[:READ], talks[:READ]
        here: Counter[str] = Counter()
        said_in: dict[str, set[str]] = {}
        for text, talk in zip(texts, talks, strict=True):
            for term in terms_in(text):
                here[term] += 1
                said_in.setdefault(term, set()).add(talk)
        kept = [one for one, count in here.items() if count >= SHARE * len(texts) and len(said_in[one]) >= TALKS]
        others = self._without(language, here, len(texts), size)
        scored = ((_stands_out(one, here, len(texts), others), one) for one in kept)
        # Where words are always said together, the longer term says more.
        order = sorted((-round(score, 1), -len(one), one) for score, one in scored if score >= STANDS_OUT)
        return tuple(itertools.islice(_apart(one for _, _, one in order), TERMS))

    def _without(self, language: str, here: Mapping[str, int], read: int, size: int) -> _Others:
        """Return the texts that a cluster of `size` failing ones is held against, without its own.

        `here` counts the terms of `read` of its texts.
        """
        texts, terms = self._texts[language, False], self._terms.get((language, False), Counter[str]())
        if texts >= FEW:
            return _Others(texts, {term: terms[term] for term in here})
        failing, said = self._texts[language, True], self._terms.get((language, True), Counter[str]())
        own = min(size, failing)
        rest = {term: terms[term] + max(said[term] - own * count / read, 0.0) for term, count in here.items()}
        return _Others(texts + failing - own, rest)


@dataclass(frozen=True)
class _Others:
    """The texts that a cluster is held against: how many, and how many of them hold each of its terms."""

    texts: float
    said: Mapping[str, float]


def _stands_out(term: str, here: Mapping[str, int], texts: int, others: _Others) -> float:
    """Return by how many standard errors a term is commoner in the cluster than in the others."""
    if any(others.said[word] > COMMON * others.texts for word in {term, *term.split()}):
        return 0.0
    count, outside = here[term], others.said[term]
    odds = math.log((count + PRIOR) / (max(texts - count, 0) + PRIOR))
    odds -= math.log((outside + PRIOR) / (max(others.texts - outside, 0) + PRIOR))
    return odds / math.sqrt(1 / (count + PRIOR) + 1 / (outside + PRIOR))


def _apart(terms: Iterable[str]) -> Iterable[str]:
    """Yield terms in order, leaving out what says a part of an earlier one again."""
    words: set[str] = set()
    for term in terms:
        if not set(term.split()) & words:
            words |= set(term.split())
            yield term
