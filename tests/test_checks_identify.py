"""The language of a text: told by script and detectors, abstained from where it cannot be told."""

from __future__ import annotations

import pytest

from chatparity.checks.identify import identify, pycld2_says, same_language
from chatparity.checks.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Twoja paczka dotrze do nas jutro po południu.", "pl"),
        ("Pakken din er på vei og kommer fram i morgen ettermiddag.", "nb"),
        ("Din pakke er på vej og kommer frem i morgen eftermiddag.", "da"),
        ("ご注文の商品は明日お届けします。", "ja"),
        ("您的包裹明天下午送达。", "zh"),
        ("המשלוח שלך יגיע מחר", "he"),
        ("Το δέμα σας φτάνει αύριο.", "el"),
        ("Vaš paket stiže sutra poslije podne.", "hr"),
        ("Votre colis arrive demain après-midi.", "fr"),
    ],
)
def test_a_sentence_is_told_without_knowing_what_to_expect(text: str, language: str) -> None:
    told = identify(text).code
    assert told is not None
    assert same_language(told, language), told


@pytest.mark.parametrize("text", ["", "12345", "!!!", "ok", "Anna Berg"])
def test_what_tells_nothing_is_not_told(text: str) -> None:
    found = identify(text)
    assert found.code is None
    assert found.why


@pytest.mark.parametrize("text", ["bad \x00 \x1b text about your parcel", "half a \ud83d smile in a sentence"])
def test_unprintable_characters_are_no_error(text: str) -> None:
    identify(text)


def test_where_the_first_detector_is_unsure_a_second_that_agrees_decides() -> None:
    assert pycld2_says("nowa faktura").code is None
    assert identify("nowa faktura").code == "pl"
    assert identify("dobra faktura").code is None


def test_a_short_text_is_not_taken_for_a_small_neighbour_of_its_language() -> None:
    assert pycld2_says("fattura pagata").code == "co"
    assert identify("fattura pagata").code == "it"


def test_a_short_reply_in_chinese_letters_is_long_enough_to_tell() -> None:
    assert detect("您的包裹明天下午送达", "en").code == "zh"
    assert detect("退款已经处理完成", "ja").code == "zh"


def test_a_longer_text_without_a_ukrainian_letter_is_not_told_as_ukrainian() -> None:
    """py3langid is sure that the Russian one is Ukrainian, and pycld2 cannot tell."""
    russian = "На ту же карту, Visa с цифрами на конце. Чек ждать не надо. Всего Вам доброго, Роза!"
    assert identify(russian).code is None
    assert identify("На ту ж картку, з цифрами 4051 наприкінці. Чекати на чек не треба, усе гаразд.").code == "uk"
