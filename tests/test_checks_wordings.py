"""Each file of wording keeps the promises written in it, and every word of it is read as what it says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chatparity.checks import wording as module
from chatparity.checks.facts import find_values
from chatparity.checks.finder import finder_of
from chatparity.checks.text import folded
from chatparity.checks.values import Value, duration
from chatparity.checks.wording import Wording, forms, worded_languages, wording
from chatparity.errors import InputError

ON = dt.date(2026, 3, 20)
NAMES = "ar bg bs cs da de el en es et fi fr he hi hr hu id it ja ko lt lv nb nl pl pt ro ru sk sl sq sv tr uk zh"
LANGUAGES = NAMES.split()
EXAMPLES = [(one, text) for one in worded_languages() for text in wording(one).examples]
UNSPACED = ("ja", "ko", "zh")


def key(expected: str) -> tuple[str, object, str]:
    """Return the key of a value as examples write it: 5.20 GBP, 3 day, 5 %, 3 times, 18:00, 2026-04-03, H-1 id."""
    amount, _, unit = expected.rpartition(" ")
    if not amount:
        return ("time", expected, "") if ":" in expected else ("date", dt.date.fromisoformat(expected), "")
    if unit == "id":
        return ("id", amount, "")
    if unit == "%":
        return ("percent", Decimal(amount), "")
    if unit == "times":
        return ("number", Decimal(amount), "times")
    return ("amount", Decimal(amount), unit) if unit.isupper() else ("duration", *duration(int(amount), unit))


def found(text: str, language: str) -> list[Value]:
    return [one for one in find_values(text, language, None, ON) if one.kind != "number" or one.unit]


def test_all_35_languages_have_a_file() -> None:
    assert list(worded_languages()) == LANGUAGES
    assert [wording(one).language for one in LANGUAGES] == LANGUAGES


@pytest.mark.parametrize(("language", "text"), EXAMPLES)
def test_an_example_says_what_its_file_says(language: str, text: str) -> None:
    assert [one.key for one in found(text, language)] == [key(one) for one in wording(language).examples[text]]


def entries(words: Wording) -> Iterator[tuple[str, list[str]]]:
    """Yield each entry of a file and the forms of its words."""
    for name in words.__struct_fields__:
        value = getattr(words, name)
        if name in ("language", "name", "prefix", "examples", "joins", "ones_first", "bare_cents"):
            continue
        if name == "clock":
            yield from ((f"clock.{one}", forms(getattr(value, one))) for one in value.__struct_fields__)
        elif name in ("units", "currencies"):
            yield from ((f"{name}.{one}", forms(given)) for one, given in value.items())
        elif name == "date_marks":
            yield from ((f"date_marks.{one}", forms(one.split("|"))) for one in value)
        else:
            yield name, forms(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_of_a_file_has_an_example(language: str) -> None:
    words = wording(language)
    texts = " ".join(folded(text) for text in words.examples)
    missing = [name for name, given in entries(words) if given and not any(form in texts for form in given)]
    assert missing == []
    assert [] in [list(one) for one in words.examples.values()], "no sentence in which nothing is found"


def between(number: str, word: str, language: str) -> str:
    return f"{number}{word}" if language in UNSPACED else f"{number} {word}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_for_a_currency_a_unit_or_a_month_is_read_as_what_it_says(language: str) -> None:
    words, finder = wording(language), finder_of(language, None)
    wrong: list[str] = []
    for word, code in words.currency_words().items():
        expected = ("amount", Decimal(7), finder.currency_words[word])
        wrong += [f"7 {word} {code}"] if expected not in keys(between("7", word, language), language) else []
    for word, unit in words.unit_words().items():
        expected_unit = ("duration", *duration(3, unit))
        wrong += [f"3 {word}"] if expected_unit not in keys(between("3", word, language), language) else []
    for word, month in words.month_words().items():
        wrong += [f"5 {word}"] if ("date", dt.date(2026, month, 5), "") not in keys(f"5 {word} 2026", language) else []
    for word, meaning in words.fixed_words().items():
        count, unit = meaning.split()
        wrong += [word] if ("duration", *duration(int(count), unit)) not in keys(word, language) else []
    for word, shift in words.relative_words().items():
        wrong += [word] if ("date", ON + dt.timedelta(shift), "") not in keys(word, language) else []
    assert wrong == []


def keys(text: str, language: str) -> list[object]:
    return [one.key for one in found(text, language)]


@pytest.mark.parametrize("language", [one for one in LANGUAGES if wording(one).numbers])
def test_every_number_in_words_counts_days(language: str) -> None:
    words, finder = wording(language), finder_of(language, None)
    unit = "개월" if language == "ko" else "週間" if language == "ja" else next(iter(finder.units))
    meant = finder.units[unit]
    for word, count in words.counts().items():
        text = between(word, unit, language)
        assert keys(text, language) == [("duration", *duration(count, meant))], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_expression_of_a_file_compiles_and_no_word_is_empty(language: str) -> None:
    words = wording(language)
    re.compile(words.prefix)
    assert [name for name, given in entries(words) if any(not form.strip() for form in given)] == []


def test_a_word_may_be_written_with_its_forms() -> None:
    assert forms(["(working|bank) day(|s)"]) == ["working day", "working days", "bank day", "bank days"]


def test_a_misspelt_entry_is_an_error_that_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path
    (root / "wordings").mkdir()
    (root / "wordings" / "xx.toml").write_text('language = "xx"\npercnt = ["%"]\n')
    monkeypatch.setattr(module, "files", lambda _: root)
    wording.cache_clear()
    with pytest.raises(InputError, match=r"xx\.toml.*percnt"):
        wording("xx")
    wording.cache_clear()


def test_a_language_without_a_file_is_read_by_what_cldr_knows() -> None:
    assert wording("ca") == Wording(language="ca")
    said = found("5 dies, 12 de març de 2026, 12,50 €", "ca")
    assert [one.kind for one in said] == ["duration", "date", "amount"]
