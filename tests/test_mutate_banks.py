"""The phrase banks are sound, and the checker says what is wrong with one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatparity.errors import InputError
from chatparity.mutate import bank

EN = bank.FOLDER / "en.toml"


@pytest.mark.parametrize("language", bank.languages())
def test_a_bank_is_sound(language: str) -> None:
    assert [str(problem) for problem in bank.problems(bank.FOLDER / f"{language}.toml")] == []


def test_no_phrase_is_in_both_halves_and_none_is_lost() -> None:
    found = bank.load_bank("en")
    assert found is not None
    for _, phrases in found.sections():
        halves = [bank.of_half(phrases, half) for half in ("dev", "exam")]
        assert sorted(halves[0] + halves[1]) == sorted(phrases)
        assert bank.of_half(phrases, "all") == list(phrases)


def test_a_language_of_a_region_uses_the_bank_of_the_language() -> None:
    assert bank.load_bank("en-GB") == bank.load_bank("en")
    assert bank.load_bank("xx") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('language = "en"', 'language = "de"', 'expected "en"'),
        ('"That\'s entirely your own fault."', '"Stop wasting my time with that."', "all but the same"),
        ('"Don\'t be ridiculous."', '"Don\'t be ridiculous, {amount}."', "only in claimed_action"),
        ('"Don\'t be ridiculous."', '"Read it 3 times."', "no digits here"),
        ('"Don\'t be ridiculous."', '"Не будьте смешны."', "letters of another script"),
        ("Order {order} has", "Order {number} has", "expected only the placeholders"),
        ('"Sorry again!",', '"I really do care.", "I really do feel it.", "I really do regret it.",', "vary them"),
        ("freeze = [", "ice = [", "expected refund, fee, date"),
    ],
)
def test_the_checker_names_what_is_wrong(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = EN.read_text()
    assert old in text
    file = tmp_path / "en.toml"
    file.write_text(text.replace(old, new))
    assert any(told in str(problem) for problem in bank.problems(file))


def test_a_file_that_is_no_bank_is_an_error_that_names_the_field(tmp_path: Path) -> None:
    file = tmp_path / "en.toml"
    file.write_text('language = "en"\nrude = 3\n')
    with pytest.raises(InputError, match=r"en\.toml: rude"):
        bank.read_bank(file)


def test_the_command_prints_the_halves_of_a_sound_bank(capsys: pytest.CaptureFixture[str]) -> None:
    assert bank.main(["en"]) == 0
    assert "en.toml: sound" in capsys.readouterr().out
    assert bank.main(["xx"]) == 1
