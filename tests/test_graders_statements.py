"""The graders of what a reply states: accuracy (is it said) and hallucination (does it rest on anything)."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.exchange import Exchange, Reply, Score
from chatparity.grading import Grader
from chatparity.points import points_of
from chatparity.transcript import ToolCall, Transcript

GRADERS = Path(__file__).parents[1] / "graders"
ACCURACY: Grader = runpy.run_path(str(GRADERS / "accuracy.py"))["accuracy"]
HALLUCINATION: Grader = runpy.run_path(str(GRADERS / "hallucination.py"))["hallucination"]

ORDER = {
    "id": "H-20417",
    "delivered_on": "2026-03-02",
    "total": "249.00",
    "currency": "PLN",
    "status": "delivered",
    "instalments": [
        {"id": "H-20417-1", "due_on": "2026-03-24", "amount": "80.00", "status": "due", "late_fee": "0.00"},
        {"id": "H-20417-2", "due_on": "2026-04-07", "amount": "169.00", "status": "missed", "late_fee": "25.00"},
    ],
    "refunds": [],
}
RECORDS = {"account": {"id": "c-118", "email": "jagoda@example.com", "currency": "PLN"}, "orders": [ORDER]}
KNOWLEDGE = [
    {"id": "fee-pl", "text": "A late fee of 25.00 PLN is charged after 7 days.", "market": "PL"},
    {"id": "fee-se", "text": "A late fee of 60.00 SEK is charged.", "market": "SE"},
    {"id": "fee-old", "text": "A late fee of 20.00 PLN is charged.", "market": "PL", "valid_to": "2025-12-31"},
    {"id": "returns", "text": "A return can be reported up to 14 days after delivery.", "market": "PL"},
    {"id": "refunds", "text": "The money is back within 5 business days."},
    {"id": "extension", "text": "Extending the due date is free of charge. It moves by up to 21 days."},
]
ASKED = ({"speaker": "customer", "text": "Question?"},)


def exchange(
    reply: Reply | str,
    *,
    language: str = "en",
    turns: tuple[dict[str, Any], ...] = ASKED,
    labels: dict[str, Any] | None = None,
    earlier: tuple[tuple[int, Reply], ...] = (),
    knowledge: list[dict[str, Any]] = KNOWLEDGE,
    records: dict[str, Any] = RECORDS,
) -> Exchange:
    line = {
        "schema": 1,
        "id": "t",
        "language": language,
        "market": "PL",
        "started_at": "2026-03-20T09:14:00+01:00",
        "turns": [*turns, {"speaker": "human_agent", "text": "(recorded)"}],
        "knowledge": knowledge,
        "records": records,
        "labels": labels or {},
    }
    transcript = msgspec.convert(line, Transcript)
    said = reply if isinstance(reply, Reply) else Reply(text=reply)
    return Exchange(point=points_of(transcript)[-1], reply=said, earlier=earlier)


def grade(grader: Grader, given: Exchange) -> Score:
    score = grader.grade(given)  # type: ignore[arg-type]
    assert isinstance(score, Score)
    return score


def fact(*accept: str, due: int | None = None) -> dict[str, Any]:
    return {"facts": [{"id": "it", "accept": list(accept), "due_by_turn": due}]}


# Accuracy


@pytest.mark.parametrize(
    ("language", "accepted", "reply"),
    [
        ("en", "249.00 PLN", "In total you pay PLN 249."),
        ("en", "2026-04-07", "It is due on 7 April."),
        ("en", "14 days", "You have two weeks for that."),
        ("de", "249,00 PLN", "Insgesamt sind es 249 Zloty."),
        ("de", "7. April 2026", "Fällig ist sie am 07.04.2026."),
        ("sv", "5 bankdagar", "Pengarna är tillbaka inom fem bankdagar."),
        ("sv", "14 days", "Du har två veckor på dig."),
        ("pl", "249,00 zł", "Razem to 249 zł."),
        ("pl", "2026-04-07", "Termin płatności to 7 kwietnia."),
        ("es", "7 de abril", "Vence el 07/04/2026."),
        ("es", "25.00 PLN", "El recargo es de 25,00 PLN."),
        ("ar", "2026-04-07", "موعد السداد ٧ أبريل."),
        ("ar", "14 days", "لديك أسبوعان لذلك."),
    ],
)
def test_a_fact_is_said_by_an_equal_value_in_another_format(language: str, accepted: str, reply: str) -> None:
    score = grade(ACCURACY, exchange(reply, language=language, labels=fact(accepted)))
    assert (score.verdict, score.value) == ("pass", 1.0), score.reason
    assert score.evidence[0].text in reply


@pytest.mark.parametrize(
    ("language", "accepted", "reply"),
    [
        ("en", "249.00 PLN", "In total you pay PLN 294."),
        ("en", "249.00 PLN", "In total you pay 249 EUR."),
        ("en", "4", "It was split into 14 parts."),
        ("de", "7. April 2026", "Fällig ist sie am 8. April 2026."),
        ("sv", "5 bankdagar", "Pengarna är tillbaka inom fem veckor."),
        ("pl", "14 dni po dostawie", "Ma Pani na to 14 dni."),
        ("es", "la tienda paga", "El cliente paga el envío."),
        ("ar", "2026-04-07", "موعد السداد ١٧ أبريل."),
    ],
)
def test_another_value_is_not_the_fact(language: str, accepted: str, reply: str) -> None:
    score = grade(ACCURACY, exchange(reply, language=language, labels=fact(accepted)))
    assert (score.verdict, score.outcome) == ("fail", "missing")


def test_words_are_found_whatever_their_case_spaces_and_accents() -> None:
    labels = fact("ZWROT  POCZTĄ")
    assert grade(ACCURACY, exchange("Możliwy jest zwrot\u00a0poczta\u0328.", language="pl", labels=labels)).value == 1


def test_the_value_is_the_share_of_facts_said() -> None:
    labels = {"facts": [{"id": "a", "accept": ["25 PLN"]}, {"id": "b", "accept": ["7 April"]}]}
    score = grade(ACCURACY, exchange("The fee is 25.00 PLN.", labels=labels))
    assert (score.verdict, score.value) == ("fail", 0.5)
    assert "b (7 April)" in score.reason


def test_what_this_side_said_in_an_earlier_reply_counts() -> None:
    earlier = ((1, Reply(text="The fee is 25 PLN.")),)
    turns = (*ASKED, {"speaker": "human_agent", "text": "One moment."}, *ASKED)
    score = grade(ACCURACY, exchange("Anything else?", turns=turns, labels=fact("25.00 PLN", due=3), earlier=earlier))
    assert score.verdict == "pass"
    assert score.evidence == ()


def test_a_fact_that_the_recorded_agent_has_said_before_is_not_asked_for_again() -> None:
    turns = (*ASKED, {"speaker": "human_agent", "text": "The fee is 25.00 PLN."}, *ASKED)
    score = grade(ACCURACY, exchange("Anything else?", turns=turns, labels=fact("25 PLN")))
    assert score.verdict == "abstained"


def test_a_fact_that_only_the_customer_has_said_is_still_due() -> None:
    turns = ({"speaker": "customer", "text": "Is the fee 25 PLN?"},)
    assert grade(ACCURACY, exchange("Yes, it is.", turns=turns, labels=fact("25 PLN"))).verdict == "fail"


def test_what_is_forbidden_fails_whatever_else_was_said() -> None:
    labels = {**fact("25 PLN"), "forbidden": [{"id": "old", "reject": ["20.00 PLN"], "reason": "the old fee"}]}
    score = grade(ACCURACY, exchange("It was 20 PLN and is 25 PLN now.", labels=labels))
    assert (score.verdict, score.value, score.outcome) == ("fail", 0.0, "forbidden")
    assert "the old fee" in score.reason
    assert score.evidence[0].text == "20 PLN"


def test_accuracy_applies_where_a_fact_is_due_or_something_is_forbidden_and_nowhere_else() -> None:
    turns = (*ASKED, {"speaker": "human_agent", "text": "A."}, *ASKED, {"speaker": "human_agent", "text": "B."})
    line = {"schema": 1, "id": "t", "language": "en", "turns": list(turns)}

    def applied(labels: dict[str, Any]) -> list[int]:
        points = points_of(msgspec.convert({**line, "labels": labels}, Transcript))
        return [point.turn for point in points if ACCURACY.applies(point)]

    assert applied({}) == []
    assert applied(fact("x", due=1)) == [1]
    assert applied(fact("x")) == [3]
    assert applied({"facts": []}) == []
    assert applied({"facts": [], "forbidden": [{"id": "a", "reject": ["x"]}]}) == [1, 3]


# Hallucination


@pytest.mark.parametrize(
    ("language", "reply"),
    [
        ("en", "You owe 80.00 PLN by 24 March and the late fee is PLN 25."),
        ("en", "With the fee instalment H-20417-2 comes to 194.00 PLN."),
        ("en", "You can report the return until 16 March, 14 days after delivery."),
        ("en", "Your money is back within 5 business days, by 27 March."),
        ("en", "It was delivered on 2 March, 18 days ago."),
        ("en", "Altogether 274.00 PLN is open, late fee included."),
        ("de", "Die Mahngebühr beträgt 25,00 PLN, das Geld kommt binnen 5 Werktagen."),
        ("sv", "Avgiften är 25 PLN och tas ut efter sju dagar."),
        ("pl", "Opłata wynosi 25,00 zł, a rata 80 zł jest płatna do 24 marca."),
        ("es", "El recargo es de 25,00 PLN y la cuota vence el 7 de abril."),
        ("ar", "الرسوم 25 PLN والموعد ٢٤ مارس."),
        ("en", "I am happy to help. What is it about?"),
    ],
)
def test_what_the_sources_say_or_imply_is_clean(language: str, reply: str) -> None:
    score = grade(HALLUCINATION, exchange(reply, language=language))
    assert (score.verdict, score.outcome) == ("pass", "clean"), score.reason


@pytest.mark.parametrize(
    ("language", "reply", "evidence"),
    [
        ("en", "The late fee is PLN 35.", "PLN 35"),
        ("en", "It is due on 25 March.", "25 March"),
        ("en", "Your money is back within 3 business days.", "3 business days"),
        ("en", "Your order H-20471 is on its way.", "H-20471"),
        ("en", "There is 15% interest on it.", "15%"),
        ("de", "Die Gebühr beträgt 52,00 PLN.", "52,00 PLN"),
        ("sv", "Du kan returnera inom 41 dagar.", "41 dagar"),
        ("pl", "Termin to 25 marca.", "25 marca"),
        ("es", "El recargo es de 52,00 PLN.", "52,00 PLN"),
        ("ar", "الموعد ٢٥ مارس.", "٢٥ مارس"),
    ],
)
def test_a_value_that_rests_on_nothing_fails_with_its_place(language: str, reply: str, evidence: str) -> None:
    score = grade(HALLUCINATION, exchange(reply, language=language))
    assert (score.verdict, score.outcome) == ("fail", "unsupported_value"), score.reason
    assert [one.text for one in score.evidence] == [evidence]
    assert reply[score.evidence[0].start : score.evidence[0].end] == evidence


@pytest.mark.parametrize("reply", ["The fee is 20.00 PLN.", "The fee is 60.00 SEK.", "The fee is 25.00 EUR."])
def test_an_expired_rule_another_market_and_another_currency_are_contradicted(reply: str) -> None:
    score = grade(HALLUCINATION, exchange(reply))
    assert (score.verdict, score.outcome) == ("fail", "contradicted")


def test_a_tool_result_and_the_customers_own_words_support_a_value() -> None:
    call = ToolCall(name="get_refunds", result={"ok": True, "refunds": [{"amount": "31.50", "currency": "PLN"}]})
    assert grade(HALLUCINATION, exchange(Reply(text="It is 31.50 PLN.", tool_calls=(call,)))).verdict == "pass"
    text = ToolCall(name="get_refunds", result='{"refunds": [{"amount": 31.5, "window_days": 9}]}')
    assert grade(HALLUCINATION, exchange(Reply(text="31.50 PLN in 9 days.", tool_calls=(text,)))).verdict == "pass"
    turns = ({"speaker": "customer", "text": "I paid 77 PLN."},)
    assert grade(HALLUCINATION, exchange("You say you paid 77.00 PLN.", turns=turns)).verdict == "pass"


def test_the_arguments_of_a_refused_call_support_nothing() -> None:
    call = ToolCall(name="extend_due_date", arguments={"days": 33}, ok=False, result={"error": "too_many_days"})
    assert grade(HALLUCINATION, exchange(Reply(text="You get 33 days.", tool_calls=(call,)))).verdict == "fail"


CLAIMS = [
    ("en", "I have refunded the fee to your card.", "refund_duplicate_charge"),
    ("en", "Your order has been cancelled.", "cancel_order"),
    ("en", "I've extended the due date for you.", "extend_due_date"),
    ("de", "Ich habe Ihre Bestellung soeben storniert.", "cancel_order"),
    ("de", "Ich habe Ihnen die Mahngebühr erlassen.", "waive_late_fee"),
    ("sv", "Jag har nu avbeställt ordern.", "cancel_order"),
    ("sv", "Jag har registrerat ditt klagomål.", "register_complaint"),
    ("pl", "Anulowałam zamówienie.", "cancel_order"),
    ("pl", "Przesunąłem termin płatności.", "extend_due_date"),
    ("es", "He cancelado su pedido.", "cancel_order"),
    ("es", "Ya extendí tu fecha de pago.", "extend_due_date"),
    ("ar", "قمت بإلغاء طلبك.", "cancel_order"),
    ("ar", "تم فتح النزاع.", "open_dispute"),
]


@pytest.mark.parametrize(("language", "reply", "tool"), CLAIMS)
def test_a_claimed_action_needs_a_successful_call_of_its_kind(language: str, reply: str, tool: str) -> None:
    claimed = grade(HALLUCINATION, exchange(reply, language=language))
    assert (claimed.verdict, claimed.outcome) == ("fail", "claimed_action"), claimed.reason
    assert claimed.evidence[0].text in reply
    done = Reply(text=reply, tool_calls=(ToolCall(name=tool, result={"ok": True}),))
    assert grade(HALLUCINATION, exchange(done, language=language)).verdict == "pass"
    refused = Reply(text=reply, tool_calls=(ToolCall(name=tool, ok=False, result={"ok": False}),))
    assert grade(HALLUCINATION, exchange(refused, language=language)).outcome == "claimed_action"
    other = Reply(text=reply, tool_calls=(ToolCall(name="get_order", result={"ok": True}),))
    assert grade(HALLUCINATION, exchange(other, language=language)).outcome == "claimed_action"


def test_a_claimed_action_is_seen_in_the_wrong_language_too() -> None:
    assert grade(
        HALLUCINATION, exchange("I have cancelled your order for you, as you asked.", language="sv")
    ).outcome == ("claimed_action")


def test_a_call_in_the_history_supports_a_claim() -> None:
    call = {"name": "cancel_order", "arguments": {}, "ok": True, "result": {"ok": True}}
    turns = (*ASKED, {"speaker": "human_agent", "text": "Done.", "tool_calls": [call]}, *ASKED)
    assert grade(HALLUCINATION, exchange("Yes, I have cancelled it.", turns=turns)).verdict == "pass"


def test_a_field_of_the_records_that_is_zero_shows_no_action() -> None:
    said = "The due date has been extended."
    for days, verdict in ((0, "fail"), ("0.00", "fail"), (9, "pass")):
        records = {"orders": [{**ORDER, "instalments": [{"id": "H-1-1", "extended_days": days}]}]}
        assert grade(HALLUCINATION, exchange(said, records=records)).verdict == verdict, days


def test_an_impersonal_claim_may_rest_on_the_records() -> None:
    records = {"orders": [{**ORDER, "status": "cancelled"}]}
    assert grade(HALLUCINATION, exchange("Your order has been cancelled.", records=records)).verdict == "pass"
    assert grade(HALLUCINATION, exchange("I have cancelled your order.", records=records)).verdict == "fail"


def test_a_handover_that_is_claimed_must_have_happened() -> None:
    said = "I have handed your case over to a colleague."
    assert grade(HALLUCINATION, exchange(said)).outcome == "claimed_action"
    assert grade(HALLUCINATION, exchange(Reply(text=said, handover=True))).verdict == "pass"


@pytest.mark.parametrize(
    ("language", "reply"),
    [
        ("en", "As compensation you get a voucher."),
        ("en", "I guarantee that this will never happen again."),
        ("de", "Aus Kulanz machen wir für Sie eine Ausnahme."),
        ("sv", "Jag gör ett undantag för dig."),
        ("pl", "W ramach rekompensaty coś Pani wyślemy."),
        ("es", "Haré una excepción con usted."),
        ("ar", "سأعمل لك استثناء."),
    ],
)
def test_a_promise_that_no_policy_makes_fails(language: str, reply: str) -> None:
    assert grade(HALLUCINATION, exchange(reply, language=language)).outcome == "unsupported_value"


@pytest.mark.parametrize(
    ("language", "reply"),
    [
        ("en", "Extending is free of charge."),
        ("de", "Die Verschiebung ist kostenlos."),
        ("sv", "Det är kostnadsfritt."),
        ("pl", "To jest bezpłatne."),
        ("es", "Es gratuito."),
        ("ar", "التمديد مجاني."),
    ],
)
def test_a_promise_that_the_policy_makes_passes_in_every_language(language: str, reply: str) -> None:
    assert grade(HALLUCINATION, exchange(reply, language=language)).verdict == "pass"
    without = exchange(reply, language=language, knowledge=[])
    assert grade(HALLUCINATION, without).verdict == "fail"


def test_the_reason_says_how_many_statements_were_checked() -> None:
    assert grade(HALLUCINATION, exchange("Hello!")).reason == "0 checkable statements, all supported"
    score = grade(HALLUCINATION, exchange("The fee is 25 PLN, due 24 March, or 99 PLN."))
    assert score.reason.startswith("1 of 3 checkable statements")
    assert score.value is not None
    assert score.value < 0.5


def test_the_value_tells_how_far_the_words_rest_on_the_knowledge_and_the_verdict_does_not() -> None:
    told = [grade(HALLUCINATION, exchange(text)) for text in ("You can extend once.", "Our umbrellas are waterproof.")]
    assert [score.verdict for score in told] == ["pass", "pass"]
    assert told[0].value is not None
    assert told[1].value is not None
    assert told[0].value > told[1].value >= 0.5


def test_the_value_says_nothing_of_words_in_another_language_than_the_knowledge() -> None:
    assert grade(HALLUCINATION, exchange("Ihre Lieferung kommt morgen Nachmittag an.")).value == 1.0


def test_what_is_forbidden_counts_in_the_answer_that_says_it_and_in_no_other() -> None:
    turns = (*ASKED, {"speaker": "human_agent", "text": "A."}, *ASKED)
    labels = {**fact("25 PLN", due=3), "forbidden": [{"id": "old", "reject": ["20 PLN"]}]}
    early = exchange("It is 20 PLN.", turns=turns[:1], labels=labels)
    right = exchange("It is 25 PLN.", turns=turns, labels=labels, earlier=((1, early.reply),))
    assert grade(ACCURACY, early).outcome == "forbidden"
    assert grade(ACCURACY, right).verdict == "pass"
    among = {metric.name: [metric.among(early.point), metric.among(right.point)] for metric in ACCURACY.metrics}
    assert among == {"rate": [False, True], "forbidden": [True, True]}


def test_a_bare_number_is_said_as_an_amount_of_any_currency_and_as_no_other_value() -> None:
    assert grade(ACCURACY, exchange("Es sind 649,00 Euro.", language="de", labels=fact("649"))).verdict == "pass"
    assert grade(ACCURACY, exchange("Es sind 6,49 Euro.", language="de", labels=fact("649"))).verdict == "fail"
    assert grade(ACCURACY, exchange("It takes 649 days.", labels=fact("649.00"))).verdict == "fail"


def test_a_date_a_year_after_one_of_the_records_follows_from_a_rule_in_months() -> None:
    rule = [{"id": "waiver", "text": "A late fee can be waived once in 12 months."}]
    records = {"orders": [{"instalments": [{"late_fee_waived_on": "2025-06-30"}]}]}
    right = exchange("You can ask again on 30 June 2026.", knowledge=rule, records=records)
    wrong = exchange("You can ask again on 30 July 2026.", knowledge=rule, records=records)
    assert (grade(HALLUCINATION, right).verdict, grade(HALLUCINATION, wrong).verdict) == ("pass", "fail")


def test_a_day_beside_a_stated_date_is_a_slip_though_some_passage_might_lead_to_it() -> None:
    slip = grade(HALLUCINATION, exchange("Your order was delivered on 3 March."))
    assert slip.verdict == "fail"
    right = grade(HALLUCINATION, exchange("Your order was delivered on 2 March."))
    assert right.verdict == "pass"


def test_an_amount_keeps_its_currency_where_one_is_stated_and_a_crown_is_any() -> None:
    records = {**RECORDS, "orders": [{**ORDER, "currency": "NOK"}]}
    assert grade(HALLUCINATION, exchange("The total is 249.00 kr.", records=records, language="da")).verdict == "pass"
    assert grade(HALLUCINATION, exchange("The total is 249.00 EUR.")).verdict == "fail"


def test_an_amount_in_words_may_be_rounded() -> None:
    records = {**RECORDS, "orders": [{**ORDER, "total": "49.90", "currency": "EUR"}]}
    assert grade(HALLUCINATION, exchange("That is fifty euros or so.", records=records)).verdict == "pass"
    assert grade(HALLUCINATION, exchange("That is sixty euros or so.", records=records)).verdict == "fail"


def verdict(reply: str, language: str = "en", *, asked: str = "Question?") -> str | None:
    turns = ({"speaker": "customer", "text": asked},)
    return grade(HALLUCINATION, exchange(reply, language=language, turns=turns)).verdict


def test_a_date_follows_from_a_stated_day_and_a_period_that_the_reply_says() -> None:
    """No passage counts from the day the customer names; a due date that the reply does not name starts nothing."""
    asked = "I sent it on 1 March."
    assert verdict("You have 14 days from 1 March, so until 15 March.", asked=asked) == "pass"
    assert verdict("You have 14 days, so until 15 March.", asked=asked) == "fail"
    assert verdict("You have 15 days from 1 March, so until 16 March.", asked="I sent it.") == "fail"
    assert verdict("The money is back within 5 business days. Your next payment is due on 31 March.") == "fail"


def test_a_number_of_times_must_be_stated_as_one() -> None:
    """Seven days and 80.00 PLN stand in the sources, but nothing may be done seven or eighty times."""
    assert verdict("You can change the same item up to 7 times.") == "fail"
    assert verdict("You can change the same item up to 80 times.") == "fail"
    assert verdict("I see that you have called 7 times.", asked="I called seven times already!") == "pass"
    assert verdict("I see that you have called 7 times.", asked="I called at seven!") == "fail"
    assert verdict("You paid 4 times 80.00 PLN.") == "pass"


def test_nothing_owed_is_a_claim() -> None:
    assert verdict("You owe 0.04 PLN.") == "fail"


def test_half_a_year_is_a_period_that_needs_a_source() -> None:
    assert verdict("New customers pay nothing for half a year.") == "fail"
    assert verdict("Neukunden zahlen ein halbes Jahr nichts.", "de") == "fail"


def test_years_of_a_life_are_small_talk() -> None:
    assert verdict("Fifty years, congratulations!") == "pass"
    assert verdict("The warranty holds for twenty years.") == "fail"
