"""Each lexicon keeps the promises written in it: its examples are found, its look-alikes are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatparity.checks.lexicon import languages, lexicon, shared
from chatparity.checks.phrases import compiled, fill, translate
from chatparity.checks.statements import claimed_actions, promises, said_groups
from chatparity.checks.text import bare, fold
from chatparity.checks.tone import forms_of_address, rudeness

SECTIONS = ("claim", "promise", "rude", "courtesy", "handover", "asks", "distress", "cheer", "request", "closing")
# Groups that a language may do without for now: what they find is then not seen in it.
OPTIONAL = {"matter"}
COMPLETE = [language for language in languages() if lexicon(language).asks]


def entries() -> Iterator[tuple[str, str, str, str, bool]]:
    for language in languages():
        words = lexicon(language)
        for section in (*SECTIONS, "address"):
            for name, group in getattr(words, section).items():
                for sentence in group.examples:
                    yield language, section, name, sentence, True
                for sentence in group.no:
                    yield language, section, name, sentence, False


ENTRIES = list(entries())


def found(language: str, section: str, sentence: str) -> set[str]:
    if section == "claim":
        statements = claimed_actions(sentence, language)
    elif section == "promise":
        statements = promises(sentence, language)
    elif section == "rude":
        statements = rudeness(sentence, language)
    elif section == "address":
        statements = forms_of_address(sentence, language)
    else:
        statements = said_groups(sentence, language, section)
    return {family for statement in statements for family in statement.families}


@pytest.mark.parametrize("section", [*SECTIONS, "address"])
@pytest.mark.parametrize("language", languages())
def test_a_lexicon_finds_its_examples_and_not_its_look_alikes(language: str, section: str) -> None:
    wrong = [
        f"{'not found' if expected else 'found'} by {name}: {sentence}"
        for tongue, part, name, sentence, expected in ENTRIES
        if (tongue, part) == (language, section) and (name in found(language, section, sentence)) is not expected
    ]
    assert wrong == []


@pytest.mark.parametrize("section", [*SECTIONS, "address"])
@pytest.mark.parametrize("language", languages())
def test_every_pattern_can_be_read(language: str, section: str) -> None:
    """A pattern is read only where it may stand in a text: what is wrong with one would show late."""
    words = lexicon(language)
    wrong: list[str] = []
    for name, group in getattr(words, section).items():
        for pattern in (*group.say, *getattr(group, "did", ()), *getattr(group, "done", ())):
            try:
                translate(fill(pattern, {**words.words, "verb": ("_",)}))
            except ValueError as error:
                wrong.append(f"lexicons/{language}.toml, [{section}.{name}]: {error}")
    assert wrong == []


@pytest.mark.parametrize("language", COMPLETE)
def test_every_language_knows_the_same_families_and_has_an_example_and_a_look_alike_for_each(language: str) -> None:
    words, english = lexicon(language), lexicon("en")
    for section in SECTIONS:
        known = set(getattr(english, section))
        assert known - OPTIONAL <= set(getattr(words, section)) <= known
        for name, group in getattr(words, section).items():
            assert group.examples, f"{language}.{section}.{name} has no example"
            assert group.no or section == "courtesy", f"{language}.{section}.{name} has no look-alike"


def test_every_claimed_action_and_every_promise_has_what_supports_it() -> None:
    assert set(lexicon("en").claim) == set(shared().action)
    assert set(lexicon("en").promise) == set(shared().promise)


def test_a_language_without_a_file_has_an_empty_lexicon_and_no_claims() -> None:
    assert lexicon("ca").claim == {}
    assert claimed_actions("He retornat els diners.", "ca") == ()


def test_a_region_uses_the_lexicon_of_its_language() -> None:
    assert lexicon("es-MX") is not None
    assert claimed_actions("Ya cancelé tu compra.", "es-MX")[0].families == ("cancel",)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("i have [just|already] refunded", "i have refunded", True),
        ("i have [just|already] refunded", "i have just refunded", True),
        ("i have [just|already] refunded", "i have never refunded", False),
        ("ich habe … erstattet", "ich habe ihnen den betrag erstattet", True),
        ("ich habe … erstattet", "ich habe. erstattet", False),
        ("[please] hold on", "hold on", True),
        ("anulowa* zamówieni*", "anulowałam zamówienie", True),
        ("refund(ed|s)", "refunds", True),
        ("refund(ed|s)", "refund", False),
        ("a [b] [c] d", "a d", True),
        ("[a] [b] c", "c", True),
        ("[a] [b] c", "a c", True),
        ("[a] [b] c", "b c", True),
        ("x … [a] [b] c", "x y c", True),
        ("x … [a] [b] c", "x c", True),
        ("x … [a] [b] c", "x a b c", True),
        ("x … [a] [b] c", "xc", False),
        ("a [b] [c] d", "a b c d", True),
        ("a [b] [c] d", "abcd", False),
    ],
)
def test_the_pattern_language_means_what_it_says(pattern: str, text: str, expected: bool) -> None:
    expression = compiled((pattern,))
    assert expression is not None
    assert (expression.search(fold(text).text) is not None) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("返金 しました", "昨日返金しましたので", True),
        ("返金 … しました", "返金のお手続きをしました", True),
        ("返金 … しました", "返金。いたしました", False),
        ("(人|担当者) と 話*", "担当者と話したい", True),
    ],
)
def test_where_no_spaces_are_written_a_pattern_is_found_anywhere(pattern: str, text: str, expected: bool) -> None:
    expression = compiled((pattern,), unspaced=True)
    assert expression is not None
    assert (expression.search(fold(text).text) is not None) is expected


def test_a_vowel_sign_of_devanagari_belongs_to_its_word() -> None:
    expression, stem = compiled(("कर",)), compiled(("कर*",))
    assert expression is not None
    assert stem is not None
    assert expression.search("करें") is None
    assert stem.search("करें").group() == "करें"  # type: ignore[union-attr]


def test_accents_that_customers_leave_out_make_no_difference_where_that_is_asked() -> None:
    expression = compiled(("un employé", "człowiek"), accents=False)
    assert expression is not None
    assert expression.search(bare(fold("UN EMPLOYE").text)) is not None
    assert expression.search(bare(fold("czlowiek").text)) is not None


@pytest.mark.parametrize("pattern", ["a (b", "a b)", "a [b)", "(a|b]"])
def test_a_bracket_left_open_is_an_error_that_shows_the_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match="bracket"):
        translate(pattern)


def test_an_unknown_name_in_a_pattern_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no words named 'persn' .*person"):
        fill("talk to {persn}", {"person": ("a human",)})


@pytest.mark.parametrize("text", ["Ich weiß, daß ﬁnal ist", "e\u0301te\u0301", "مُحَمَّد ٢٥", "a\u200fb\u00a0c"])
def test_a_place_in_the_folded_text_leads_back_to_the_original(text: str) -> None:
    form = fold(text)
    for start in range(len(form.text)):
        begin, end = form.span(start, start + 1)
        assert 0 <= begin < end <= len(text)
        assert fold(text[begin:end]).text.startswith(form.text[start]) or form.text[start] in fold(text[begin:end]).text
    assert form.span(0, len(form.text))[0] == 0
