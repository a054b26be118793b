"""Manner over several turns: the form of address is kept, cheer is kept from distress, nothing is asked twice."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.checks.manner import Form, address_of, slips
from chatparity.exchange import Exchange, Reply, Score
from chatparity.points import points_of
from chatparity.transcript import Labels, Transcript

POLITENESS = runpy.run_path(str(Path(__file__).parents[1] / "graders" / "politeness.py"))["politeness"]
FORMAL, FAMILIAR = "Вы можете оплатить до пятницы.", "Ты можешь оплатить до пятницы."


def exchange(
    reply: str, *, customer: list[str], agent: list[str], language: str = "en", market: str | None = None
) -> Exchange:
    """Return a reply after a conversation in which customer and agent took turns, the customer first."""
    turns: list[dict[str, Any]] = []
    for said, answered in zip(customer, [*agent, "(recorded)"], strict=True):
        turns += [{"speaker": "customer", "text": said}, {"speaker": "ai_agent", "text": answered}]
    line = {"schema": 1, "id": "t", "language": language, "market": market, "turns": turns}
    return Exchange(point=points_of(msgspec.convert(line, Transcript))[-1], reply=Reply(text=reply))


def kinds(found: Exchange, language: str, expected: Form | None = None) -> list[str]:
    return [one.kind for one in slips(found, language, expected)]


def russian(reply: str, before: list[str], customer: str = "Добрый день") -> Exchange:
    return exchange(reply, customer=[customer] * (len(before) + 1), agent=before, language="ru")


@pytest.mark.parametrize(
    ("reply", "before", "expected", "found"),
    [
        (FAMILIAR, [FORMAL], None, ["address"]),
        (FORMAL, [FAMILIAR], None, ["address"]),
        (FORMAL, [FORMAL], None, []),
        (FAMILIAR, [], None, []),
        (FAMILIAR, [], "formal", ["address"]),
        ("Твой заказ в пути.", [], "formal", ["address"]),
        (FORMAL, [FAMILIAR], "formal", []),
        ("Заказ в пути.", [FORMAL], None, []),
    ],
)
def test_the_form_of_address_is_kept(reply: str, before: list[str], expected: Form | None, found: list[str]) -> None:
    assert kinds(russian(reply, before), "ru", expected) == found


def test_a_familiar_form_that_the_customer_used_first_is_an_answer_in_kind() -> None:
    assert kinds(russian(FAMILIAR, [], "Ты можешь помочь?"), "ru", "formal") == []
    assert kinds(russian(FAMILIAR, [FORMAL], "Ты можешь помочь?"), "ru", "formal") == ["address"]


def test_in_arabic_the_singular_is_a_slip_only_after_the_polite_plural() -> None:
    plural, singular = "طلبكم في الطريق.", "طلبك في الطريق."
    first = exchange(singular, customer=["مرحبا"], agent=[], language="ar")
    assert kinds(first, "ar", "formal") == []
    later = exchange(singular, customer=["مرحبا"] * 2, agent=[plural], language="ar")
    assert kinds(later, "ar", "formal") == ["address"]


def test_a_text_with_both_forms_alike_has_none() -> None:
    assert address_of("Ты или вы?", "ru") is None


def test_cheer_is_a_slip_only_after_distress() -> None:
    sad, glad = "My mother passed away in March.", "I bought new shoes."
    assert kinds(exchange("Awesome, thanks!", customer=[sad], agent=[]), "en") == ["cheer"]
    assert kinds(exchange("Awesome, thanks!", customer=[glad], agent=[]), "en") == []


def test_the_third_apology_in_a_row_is_a_loop() -> None:
    sorry = "I am sorry about that."
    assert kinds(exchange(sorry, customer=["Well?"] * 3, agent=[sorry] * 2), "en") == ["apology_loop"]
    assert kinds(exchange(sorry, customer=["Well?"] * 3, agent=["It is on its way.", sorry]), "en") == []


def test_apologies_are_counted_by_sentences_over_three_answers() -> None:
    sorry, plain = "I am sorry about that.", "It is on its way."
    twice = f"{sorry} It arrives on Friday. Please accept my apologies."
    assert kinds(exchange(twice, customer=["Well?"] * 3, agent=[sorry, plain]), "en") == ["apology_loop"]
    assert kinds(exchange(twice, customer=["Well?"] * 3, agent=[plain, plain]), "en") == []
    assert kinds(exchange(plain, customer=["Well?"] * 3, agent=[sorry, twice]), "en") == []
    one_sentence = "I am sorry, my apologies."
    assert kinds(exchange(one_sentence, customer=["Well?"] * 2, agent=[sorry]), "en") == []


def test_three_apologies_in_one_answer_are_a_loop_and_are_said_to_be_in_one() -> None:
    thrice = "I am sorry that it is late. My apologies for the label. Please accept my apologies again."
    (found,) = slips(exchange(thrice, customer=["Well?"], agent=[]), "en", None)
    assert (found.kind, found.why) == ("apology_loop", "3 apologies in one answer")


def test_a_bright_emoji_or_a_labelled_sorrow_is_enough() -> None:
    sad = exchange("All done 🎉", customer=["My mother passed away in March."], agent=[])
    assert kinds(sad, "en") == ["cheer"]
    told = exchange("All done 🎉", customer=["It is about my mother's account."], agent=[])
    assert kinds(told, "en") == []
    labels = msgspec.convert({"escalation": [{"turn": 1, "expect": "now", "reason": "bereavement"}]}, Labels)
    assert kinds(replace(told, point=replace(told.point, labels=labels)), "en") == ["cheer"]


def test_asking_for_what_was_said_already_is_a_slip() -> None:
    ask = "Could you give me your order number?"
    assert kinds(exchange(ask, customer=["My order H-20417 is late."], agent=[]), "en") == ["asked_again"]
    assert kinds(exchange(ask, customer=["My order is late."], agent=[]), "en") == []


def test_asking_what_it_is_about_is_asking_again_in_any_answer_but_the_first() -> None:
    ask, about = "Please describe your problem.", "My order is late."
    assert kinds(exchange(ask, customer=[about], agent=[]), "en") == []
    assert kinds(exchange(ask, customer=[about, "Well?"], agent=["I see."]), "en") == ["asked_again"]


def grade(found: Exchange) -> Score:
    score = POLITENESS.grade(found)
    assert isinstance(score, Score)
    return score


def test_the_grader_fails_a_switch_and_asking_again() -> None:
    assert grade(russian(FAMILIAR, [FORMAL])).outcome == "address"
    ask = grade(exchange("Could you give me your order number?", customer=["H-20417 is late."], agent=[]))
    assert (ask.verdict, ask.outcome) == ("fail", "asked_again")
    plain = grade(exchange("Could you give me your order number?", customer=["It is late."], agent=[]))
    assert ask.value is not None
    assert plain.value is not None
    assert ask.value < plain.value


def test_the_markets_of_the_suite_tell_which_form_is_expected_first() -> None:
    first = exchange(FAMILIAR, customer=["Добрый день"], agent=[], language="ru", market="KZ")
    known = exchange(FAMILIAR, customer=["Добрый день"], agent=[], language="ru", market="DE")
    assert grade(first).outcome == "polite"
    assert grade(known).outcome == "address"
