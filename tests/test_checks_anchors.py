"""Phrases are found by their anchors as one expression of all patterns finds them, in every language's sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatparity.checks.anchors import Anchors, Phrases, Section
from chatparity.checks.lexicon import Lexicon, languages, lexicon
from chatparity.checks.phrases import compiled, needed_words
from chatparity.checks.statements import OF_CUSTOMERS
from chatparity.checks.text import bare, fold

SECTIONS = ("promise", "rude", "courtesy", "handover", "asks", "distress", "cheer", "request", "closing", "address")


def groups_of(words: Lexicon) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the patterns of each group, and whether they are matched on texts with accents."""
    for section in SECTIONS:
        for group in getattr(words, section).values():
            yield group.say, section not in OF_CUSTOMERS
    for family in words.claim:
        for impersonal in (False, True):
            yield words.claim_patterns(family, impersonal=impersonal), True


def sentences_of(words: Lexicon) -> list[str]:
    found: list[str] = []
    for section in (*SECTIONS, "claim"):
        for group in getattr(words, section).values():
            found += [*group.examples, *getattr(group, "not_", ())]
    return found


# One of each script and kind of writing; the others take longer than a developer wants to wait.
QUICK = {"ar", "de", "el", "he", "hi", "ja", "ko", "ru"}
LANGUAGES = [one if one in QUICK else pytest.param(one, marks=pytest.mark.slow) for one in languages()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_anchors_lose_nothing_and_add_nothing(language: str) -> None:
    words = lexicon(language)
    sentences = sentences_of(words)[::3]
    told = [fold(" ".join(sentences[begin : begin + 20])).text for begin in range(0, len(sentences), 20)]
    compared = 0
    for patterns, accents in groups_of(words):
        whole, found = words.expression(patterns, accents=accents), words.phrases(patterns, accents=accents)
        assert (whole is None) == (found is None)
        if whole is None or found is None:
            continue
        for text in filter(None, told):
            read = text if accents else bare(text)
            expected = [match.span() for match in whole.finditer(read)]
            assert [match.span() for match in found.finditer(read)] == expected, patterns
            compared += len(expected)
    assert compared > 50


def phrases(patterns: tuple[str, ...], anchors: Anchors) -> Phrases:
    def compile_(some: tuple[str, ...]) -> object:
        return compiled(some)

    return Phrases(patterns, anchors, compile_)  # type: ignore[arg-type]


WORDS = st.sampled_from(
    ["a", "ab", "abc", "b*", "*c", "[a]", "(a|b)", "(a|bc)*", "(|a) b", "a … b", "[a b] c", "dell'(a|b)"]
)
PATTERNS = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=5, unique=True)
TEXTS = st.lists(st.sampled_from(["a", "b", "c", "ab", "abc", "bc", "dell'a", "x", ",", "."]), max_size=12).map(
    " ".join
)


@given(PATTERNS, TEXTS)
def test_any_patterns_are_found_alike(patterns: list[str], text: str) -> None:
    whole = compiled(tuple(patterns))
    assert whole is not None
    assume(whole.search("") is None)
    expected = [match.span() for match in whole.finditer(text)]
    assert [match.span() for match in phrases(tuple(patterns), Anchors(anywhere=False)).finditer(text)] == expected


def test_a_group_that_comes_later_is_found_in_a_text_seen_before() -> None:
    anchors = Anchors(anywhere=False)
    assert [match.group() for match in phrases(("good",), anchors).finditer("a good day")] == ["good"]
    assert [match.group() for match in phrases(("day",), anchors).finditer("a good day")] == ["day"]


def test_what_a_pattern_needs_is_what_it_cannot_lack() -> None:
    assert needed_words("i have [just] refunded") == [[{"refunded"}, {"have"}, {"i"}]]
    assert needed_words("(i have|we had) … refund*") == [[{"refund"}, {"have"}, {"i"}], [{"refund"}, {"had"}, {"we"}]]
    assert needed_words("(i|we) refund (it|this)") == [[{"refund"}, {"it", "this"}, {"i", "we"}]]
    assert needed_words("[please] (|do) *ing") == []
    assert needed_words("dell'(ordine|acquisto)") == [[{"dell'"}]]


def test_where_the_ways_would_be_many_one_set_tells_the_fewer() -> None:
    many = "|".join(f"a{number} b{number}" for number in range(40))
    ways = needed_words(f"(x y|v w) ({many})")
    assert len(ways) == 40
    assert all({"x", "v"} in way for way in ways)
    assert {"a7"} in ways[7]
    assert {"b7"} in ways[7]


def test_a_section_finds_what_its_groups_find_in_their_order() -> None:
    anchors = Anchors(anywhere=False)
    groups = [(words[0], phrases(words, anchors)) for words in (("good", "day"), ("night",), ("a good",))]
    told = "a good day and a good evening"
    found = [(name, match.span()) for name, match in Section(groups).finditer(told)]
    assert found == [(name, match.span()) for name, group in groups for match in group.finditer(told)]
    assert [name for name, _ in found] == ["good", "good", "good", "a good", "a good"]
    assert list(Section[str](()).finditer(told)) == []
