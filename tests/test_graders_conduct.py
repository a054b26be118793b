"""The graders of how a reply is said: politeness and language."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.checks.identify import same_language
from chatparity.checks.language import detect
from chatparity.exchange import Exchange, Reply, Score
from chatparity.grading import Grader
from chatparity.points import points_of
from chatparity.transcript import Transcript

GRADERS = Path(__file__).parents[1] / "graders"
POLITENESS: Grader = runpy.run_path(str(GRADERS / "politeness.py"))["politeness"]
LANGUAGE: Grader = runpy.run_path(str(GRADERS / "language.py"))["language"]

GOOD = {
    "en": "Good morning! Thank you for waiting. I've checked your order and everything is in place now.",
    "de": "Guten Tag, danke für Ihre Geduld. Ich habe Ihre Bestellung geprüft, es ist alles in Ordnung.",
    "sv": "Hej! Tack för att du väntade. Jag har kollat din beställning och allt ser bra ut nu.",
    "pl": "Dzień dobry, dziękuję za cierpliwość. Sprawdziłam zamówienie i wszystko jest już w porządku.",
    "es": "Buenos días, gracias por su paciencia. He revisado el pedido y todo está en orden.",
    "ar": "صباح الخير، شكرًا على صبرك. راجعت طلبك وكل شيء على ما يرام الآن.",
}


def grade(grader: Grader, text: str, language: str, records: dict[str, Any] | None = None) -> Score:
    line = {
        "schema": 1,
        "id": "t",
        "language": language,
        "records": records or {},
        "turns": [{"speaker": "customer", "text": "?"}],
    }
    point = points_of(msgspec.convert(line, Transcript))[0]
    score = grader.grade(Exchange(point=point, reply=Reply(text=text)))  # type: ignore[arg-type]
    assert isinstance(score, Score)
    return score


@pytest.mark.parametrize(("language", "text"), GOOD.items())
def test_a_friendly_reply_is_polite_and_worth_more_than_a_curt_one(language: str, text: str) -> None:
    friendly, curt = grade(POLITENESS, text, language), grade(POLITENESS, "H-20417: 24.03.", language)
    assert friendly.verdict == curt.verdict == "pass"
    assert friendly.value is not None
    assert curt.value is not None
    assert friendly.value > curt.value


@pytest.mark.parametrize(
    ("language", "text", "outcome"),
    [
        ("en", "Well, you should have read the email we sent you.", "blame"),
        ("en", "Frankly, that's not my problem.", "dismissal"),
        ("en", "You must PAY THIS BILL NOW please", "shouting"),
        ("de", "Da sind Sie doch selbst schuld, wenn Sie nicht zahlen.", "blame"),
        ("de", "Jetzt beruhigen Sie sich erst einmal.", "command"),
        ("sv", "Det där är faktiskt inte mitt problem.", "dismissal"),
        ("sv", "Hur många gånger ska jag behöva förklara det?", "command"),
        ("pl", "Trzeba było zapłacić na czas.", "blame"),
        ("pl", "Proszę nie zawracać mi głowy.", "dismissal"),
        ("es", "Eso le pasa por no leer el correo.", "blame"),
        ("es", "A ver, cálmese.", "command"),
        ("ar", "كان عليك أن تقرأ الرسالة.", "blame"),
        ("ar", "بصراحة هذه ليست مشكلتي.", "dismissal"),
    ],
)
def test_a_rude_reply_fails_with_its_kind_and_place(language: str, text: str, outcome: str) -> None:
    score = grade(POLITENESS, text, language)
    assert (score.verdict, score.outcome) == ("fail", outcome), score.reason
    assert text[score.evidence[0].start : score.evidence[0].end] == score.evidence[0].text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Please don't worry, that is not your fault."),
        ("en", 'You wrote "this is not my problem", and I understand that.'),
        ("en", "Your IBAN and the PIN are safe with us."),
        ("de", "Das ist nicht Ihre Schuld."),
        ("sv", "Det är absolut inte ditt fel."),
        ("pl", "To nie jest Pani wina."),
        ("es", "No es culpa suya, tranquilo."),
        ("ar", "هذا ليس خطأك."),
        ("en", "Congratulations! Great to hear that!"),
    ],
)
def test_a_comforting_or_quoting_reply_is_not_rude(language: str, text: str) -> None:
    assert grade(POLITENESS, text, language).verdict == "pass"


def test_a_rude_reply_is_rude_in_the_wrong_language_too() -> None:
    text = "Das ist wirklich nicht mein Problem, da sind Sie selbst schuld."
    assert grade(POLITENESS, text, "ar").verdict == "fail"
    assert grade(LANGUAGE, text, "ar").verdict == "fail"


def test_a_reply_without_text_is_neither_polite_nor_rude() -> None:
    assert grade(POLITENESS, "  ", "en").verdict == "abstained"


@pytest.mark.parametrize("expected", GOOD)
@pytest.mark.parametrize(("language", "text"), GOOD.items())
def test_a_reply_passes_in_its_own_language_and_fails_in_another(language: str, text: str, expected: str) -> None:
    score = grade(LANGUAGE, text, expected)
    assert score.verdict == ("pass" if language == expected else "fail"), score.reason


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "OK."), ("pl", "249,00 zł"), ("de", "H-20417"), ("ar", "H-20417, 249.00 AED"), ("sv", "")],
)
def test_what_is_too_short_to_tell_abstains(language: str, text: str) -> None:
    assert grade(LANGUAGE, text, language).verdict == "abstained"


def test_names_from_the_records_do_not_count_as_english() -> None:
    records = {"orders": [{"item": "Wireless noise cancelling headphones with carrying case", "merchant": "Copperjay"}]}
    text = "Twoje zamówienie Wireless noise cancelling headphones with carrying case jest w drodze, dziękuję."
    assert grade(LANGUAGE, text, "pl", records).verdict == "pass"


def test_a_reply_in_another_script_fails_even_when_it_is_short() -> None:
    assert grade(LANGUAGE, "Sure, no problem!", "ar").outcome == "other"
    assert grade(LANGUAGE, "بكل سرور، تفضل", "en").outcome == "other"


def test_control_characters_do_not_break_the_detector() -> None:
    noisy = "\x00\x1b[31m" + GOOD["de"] + "\ufffe\u200f\x07"
    assert grade(LANGUAGE, noisy, "de").verdict == "pass"


@pytest.mark.parametrize(
    ("one", "other"), [("nb", "no"), ("nn-NO", "nb"), ("hr", "bs"), ("es-MX", "es"), ("pt-BR", "pt")]
)
def test_languages_that_cannot_be_told_apart_are_the_same(one: str, other: str) -> None:
    assert same_language(one, other)
    assert not same_language(one, "fr")


@pytest.mark.parametrize("language", ["und", "und-Latn"])
def test_where_the_language_of_a_conversation_is_not_known_a_reply_abstains(language: str) -> None:
    score = grade(LANGUAGE, GOOD["de"], language)
    assert (score.verdict, "not known" in score.reason) == ("abstained", True)


@pytest.mark.parametrize("language", ["ckb", "yue", "cnr", "fil", "jv", "zz"])
def test_a_language_that_the_detector_has_no_name_for_is_no_error(language: str) -> None:
    assert grade(LANGUAGE, GOOD["de"], language).outcome == "other"


def test_norwegian_is_not_held_against_norwegian() -> None:
    text = "Hei, takk for at du ventet. Jeg har sett på bestillingen din, og alt er i orden nå."
    assert same_language(detect(text, "nb").code or "", "no")
