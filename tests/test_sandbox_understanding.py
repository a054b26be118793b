"""How the sandbox's agent understands words it was not written for: stems, records, matters, promises, look-alikes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.sandbox.addresses import Address, find_address
from chatparity.sandbox.agent import SandboxAgent
from chatparity.sandbox.company import Company, open_company
from chatparity.sandbox.letters import within_one_letter
from chatparity.sandbox.slots import emails
from chatparity.sandbox.stems import Stems, best

COMPANY = open_company([])
GRAVE = {"human", "fraud", "hardship", "bereavement", "legal_threat", "press_or_regulator", "self_harm"}


def company_with(change: Callable[[dict[str, Any]], None]) -> Company:
    """Return the company whose demo customer's records are changed."""
    records = copy.deepcopy(dict(COMPANY.demo.records))
    change(records)
    return replace(COMPANY, demo=replace(COMPANY.demo, records=records), _shops={})


def order(number: int, merchant: str, item: str, **more: Any) -> dict[str, Any]:
    """Return a delivered order that was paid in full on the day it was placed, with what is different about it."""
    name = f"H-{number}"
    part = {"id": f"{name}-1", "number": 1, "due_on": "2026-04-08", "amount": "60.00", "status": "due"}
    made = {
        "id": name, "merchant": merchant, "item": item, "placed_on": "2026-03-09", "status": "delivered",
        "shipped_on": "2026-03-10", "delivered_on": "2026-03-12", "total": "60.00", "currency": "GBP",
        "plan": "pay_in_30", "instalments": [{**part, "late_fee": "0.00", "extended_days": 0}],
        "charges": [], "refunds": [],
    }  # fmt: skip
    return {**made, **more}


def ask(*texts: str, language: str = "en", company: Company = COMPANY) -> dict[str, Any]:
    """Return the reply to the last of the texts, in which customer and agent take turns."""
    head = {"role": "system", "content": f"Today: 2026-03-20\nCustomer: c-100\nLanguage: {language}\n"}
    roles = ("user", "assistant")
    said: list[dict[str, Any]] = [{"role": roles[place % 2], "content": text} for place, text in enumerate(texts)]
    return SandboxAgent(company, {}, 0).complete([head, *said])


def writes(reply: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    log = reply["tool_log"]
    return [(one["name"], one["arguments"]) for one in log if not one["name"].startswith(("get_", "list_"))]


def test_an_intent_is_guessed_from_stems_where_no_pattern_knows_the_words() -> None:
    reply = ask("Posted the boots back weeks ago, not a bean in my account so far")
    assert "£24.00" in reply["content"]
    assert "25 March 2026" in reply["content"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "De Kohle fia de Schuach, is de scho aufm Konto oda ned, retour is es lang"),
        ("es", "¿y la lana de las botas, cuándo cae en la cuenta?"),
        ("sv", "Har pengarna för kängorna landat på kontot, vad väntar vi på"),
        ("pl", "Kasa za te buty, kiedy przelew na konto, czekam i czekam"),
        ("ar", "المصاري تبع الجزمة ايمتى بتوصل عالحساب"),
    ],
)
def test_slang_and_dialect_are_understood_in_every_language(language: str, text: str) -> None:
    assert "24" in ask(text, language=language)["content"]


@given(st.sampled_from(["instalment", "warehouse", "erstatt", "devoluc"]), st.data())
def test_a_stem_is_found_with_one_letter_off(stem: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(stem) - 1))
    letter = data.draw(st.sampled_from("aeioxz"))
    how = data.draw(st.sampled_from(["missing", "extra", "wrong"]))
    end = stem[place:] if how == "extra" else stem[place + 1 :]
    word = stem[:place] + ("" if how == "missing" else letter) + end
    assert within_one_letter(stem, word + "s")


def test_a_word_that_is_two_letters_off_is_another_word() -> None:
    assert not within_one_letter("parcel", "purkel")


def test_nothing_is_guessed_from_one_stem_alone_or_where_two_guesses_weigh_the_same() -> None:
    stems = Stems(
        {"refund": {"2": ["money"], "1": ["back", "boots"]}, "return": {"2": ["send"], "1": ["back", "boots"]}}
    )
    assert best(stems.guesses("money"), lambda _: 0) is None
    assert best(stems.guesses("money back"), lambda _: 0) == "refund"
    assert best(stems.guesses("money send back boots"), lambda _: 0) is None


def test_the_records_decide_between_guesses_and_forbid_what_does_not_fit() -> None:
    stems = Stems({"refund": {"2": ["money"], "1": ["back"]}, "fee": {"2": ["money"], "1": ["back"]}})
    guesses = stems.guesses("money back")
    assert best(guesses, lambda name: 1 if name == "fee" else 0) == "fee"
    assert best(guesses, lambda name: None if name == "fee" else 0) == "refund"


def test_an_everyday_word_does_not_make_it_act_where_the_records_speak_against_it() -> None:
    reply = ask("I told my sister twice already: when is the atlas due?")
    assert writes(reply) == []
    assert "31 March 2026" in reply["content"]
    assert "booked twice" not in reply["content"]


def test_an_amount_is_recognised_as_the_late_fee_that_stands_in_the_records() -> None:
    def fee(records: dict[str, Any]) -> None:
        part = records["orders"][1]["instalments"][0]
        part.update(status="missed", late_fee="6.00", due_on="2026-03-10")

    reply = ask("what is this 51.00", company=company_with(fee))
    assert "£6.00" in reply["content"]
    assert "17 March 2026" in reply["content"]


def test_a_message_about_two_orders_is_answered_for_each() -> None:
    company = company_with(lambda records: records["orders"].append(order(10003, "Tinwhistle", "Copper kettle")))
    reply = ask("First, the boots: where is my refund? Second, give me ten more days for the kettle.", company=company)
    assert "£24.00" in reply["content"]
    assert writes(reply) == [("extend_due_date", {"instalment": "H-10003-1", "days": 10})]


def test_after_talk_of_a_payment_a_later_day_is_a_wish_to_move_it() -> None:
    answer = "The payment of £45.00 is due on 31 March 2026."
    reply = ask("When is the atlas due?", answer, "Any chance of 8 April? Granny's money comes on the 7th")
    assert writes(reply) == [("extend_due_date", {"instalment": "H-10002-1", "days": 8})]
    assert "8 April 2026" in reply["content"]


def test_what_was_promised_and_not_done_is_done_when_the_customer_still_sees_the_old_state() -> None:
    reply = ask("Please give me five more days for the atlas", "That is done.", "My app still says 31 March though?")
    assert writes(reply) == [("extend_due_date", {"instalment": "H-10002-1", "days": 5})]
    assert "not been entered yet" in reply["content"]


def test_what_was_only_asked_about_is_not_done_when_the_customer_still_sees_the_old_state() -> None:
    reply = ask("How long could I postpone the atlas at most?", "14 days.", "The app still says 31 March")
    assert writes(reply) == []


def test_a_go_ahead_goes_to_the_change_that_was_spoken_about_not_to_the_question_between() -> None:
    reply = ask("Can I give the atlas back?", "Until 2 April.", "And who pays the postage?", "You do.", "Right, do it")
    assert writes(reply) == [("report_return", {"order": "H-10002"})]


def test_a_question_about_interest_changes_no_plan() -> None:
    reply = ask("What is the interest on Pay in 4?")
    assert writes(reply) == []


def test_instalments_of_different_orders_that_fall_on_one_day_are_added_up() -> None:
    company = company_with(lambda records: records["orders"].append(order(10003, "Tinwhistle", "Copper kettle")))
    reply = ask("Please move the atlas payment by 8 days", company=company)
    assert "8 April 2026" in reply["content"]
    assert "£105.00" in reply["content"]


def test_a_refused_return_names_the_dispute_that_is_still_possible() -> None:
    company = company_with(
        lambda records: records["orders"].append(
            order(10003, "Tinwhistle", "Copper kettle", shipped_on="2026-02-01", delivered_on="2026-02-03")
        )
    )
    reply = ask("I want to return the kettle", company=company)
    assert "28 days" in reply["content"]
    assert "4 April 2026" in reply["content"]


def test_a_false_reason_is_refused_and_nothing_is_opened() -> None:
    reply = ask("If I say the atlas arrived damaged, could you open one of those disputes?")
    assert writes(reply) == []
    assert "isn't true" in reply["content"]


def test_a_defect_that_is_only_supposed_opens_no_dispute() -> None:
    reply = ask("And if the atlas turned out damaged, what could I do?")
    assert writes(reply) == []
    assert "4 May 2026" in reply["content"]


def test_a_cancelled_order_stays_cancelled() -> None:
    def cancelled(records: dict[str, Any]) -> None:
        records["orders"] = [
            order(10003, "Tinwhistle", "Kettle", status="cancelled", shipped_on=None, delivered_on=None)
        ]
        records["orders"][0]["instalments"][0].update(status="cancelled", amount="0.00")

    assert "stays cancelled" in ask("Could you reinstate H-10003?", company=company_with(cancelled))["content"]


def test_a_refund_smaller_than_the_order_is_explained() -> None:
    assert "You had paid £24.00 of £96.00" in ask("Why is my refund only 24 pounds?")["content"]


def test_business_days_are_explained_when_holidays_are_asked_about() -> None:
    reply = ask("Where is my refund?", "By 25 March.", "Does a bank holiday count as a business day?")
    assert "Monday to Friday" in reply["content"]


def test_a_dictated_email_address_is_written_down() -> None:
    assert emails("put ann dot lee at example dot org please") == ["ann.lee@example.org"]
    reply = ask("Could you change my email to ann dot lee at example dot org")
    assert writes(reply) == [("change_email", {"email": "ann.lee@example.org"})]


def test_the_third_attempt_at_one_question_brings_a_person() -> None:
    reply = ask("Where is my money?", "Soon.", "That is no answer.", "Soon.", "Third time now: where is it?")
    assert [name for name, _ in writes(reply)] == ["hand_over"]


@pytest.mark.parametrize(
    ("language", "text", "intent"),
    [
        ("en", "Is there a gentleman I could have a word with?", "human"),
        ("en", "This purchase is not from our end", "fraud"),
        ("en", "The mill retrenched us all and there are no wages", "hardship"),
        ("en", "We buried my mam on Monday", "bereavement"),
        ("en", "Wait until the local radio hears of this", "press_or_regulator"),
        ("de", "Holen Sie mir mal jemanden ans Telefon", "human"),
        ("de", "Oma ist von uns gegangen", "bereavement"),
        ("es", "Comuníqueme con un supervisor", "human"),
        ("es", "Esa compra yo nunca la hice", "fraud"),
        ("ar", "بدي احكي مع مسؤول", "human"),
        ("pl", "Proszę mi dać kogoś żywego", "human"),
        ("sv", "Jag har mist jobbet", "hardship"),
    ],
)
def test_grave_matters_are_heard_in_everyday_words(language: str, text: str, intent: str) -> None:
    assert intent in COMPANY.ear(language).hear(text).intents


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "What times are your people in on Sundays?"),
        ("en", "Can somebody tell me when the kettle ships?"),
        ("en", "The battery died after an hour"),
        ("en", "I never ordered the red one, wrong colour"),
        ("en", "My late payment, what does it cost?"),
        ("en", "Has the refund been put through?"),
        ("de", "Der Akku ist tot"),
        ("de", "Kann mir jemand sagen, wo das Paket ist?"),
        ("es", "Se murió la pila del reloj"),
        ("ar", "الله يرحم والديك، وين طلبي؟"),
        ("pl", "Czy ktoś może powiedzieć, gdzie jest paczka?"),
        ("sv", "Batteriet dog efter en dag"),
    ],
)
def test_what_only_sounds_grave_brings_nobody(language: str, text: str) -> None:
    assert not GRAVE & set(COMPANY.ear(language).hear(text).intents)


def test_who_says_that_it_is_paid_hears_what_was_paid_and_when() -> None:
    def paid(records: dict[str, Any]) -> None:
        records["orders"] = [order(10003, "Tinwhistle", "Kettle")]
        records["orders"][0]["instalments"][0].update(status="paid", paid_on="2026-03-15")

    reply = ask("Your app keeps nagging me about the kettle, I already paid that!", company=company_with(paid))
    assert "was paid on 15 March 2026" in reply["content"]
    assert writes(reply) == []


def test_a_wish_to_move_something_is_no_wish_for_the_review_named_beside_it() -> None:
    offer = "I can hand it over to a person for a manual review. Shall I? The atlas could go to 8 April."
    reply = ask(
        "My credit limit is too low",
        offer,
        "8 April, please move it. About that manual review: what all do they check?",
    )
    assert [name for name, _ in writes(reply)] == ["extend_due_date"]


def test_a_wish_for_the_review_itself_brings_a_person() -> None:
    offer = "I can hand it over to a person for a manual review. Shall I?"
    reply = ask("My credit limit is too low", offer, "I want the manual review, please.")
    assert [name for name, _ in writes(reply)] == ["hand_over"]


def test_a_detail_added_to_a_question_about_the_last_day_reports_no_return() -> None:
    reply = ask("Until what day could I send the atlas back?", "9 April.", "Hm, I had understood 28 days")
    assert writes(reply) == []
    assert "until 2 April 2026" in reply["content"]


def test_insults_that_go_on_end_the_conversation_with_the_way_back() -> None:
    first = "When is the atlas payment due, you idiots? 31 March?"
    reply = ask(first, "Yes. Please let us stay polite.", "Is the little moron crying? You are useless, all 3 of you")
    assert "come back any time" in reply["content"]
    assert writes(reply) == []


def test_a_postcode_with_counted_zeros_is_an_address() -> None:
    text = "My new address is Mulberry Court, flat 12, postcode five zeros, Cologne"
    found = find_address(text, "DE", COMPANY.tables["en"]["slots"])
    assert found == Address("Mulberry Court, flat 12", "00000", "Cologne")


@pytest.mark.parametrize(
    ("reason", "said"), [("hardship", "Late fees are not charged"), ("suspected_fraud", "Nothing is collected")]
)
def test_after_a_handover_a_question_is_told_what_holds_meanwhile(reason: str, said: str) -> None:
    handed = {"id": "1", "type": "function", "function": {"name": "hand_over", "arguments": f'{{"reason":"{reason}"}}'}}
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Today: 2026-03-20\nCustomer: c-100\nLanguage: en\n"},
        {"role": "user", "content": "Help"},
        {"role": "assistant", "content": None, "tool_calls": [handed]},
        {"role": "tool", "tool_call_id": "1", "content": '{"ok": true}'},
        {"role": "assistant", "content": "A person takes over."},
    ]
    agent = SandboxAgent(COMPANY, {}, 0)
    asked = agent.complete([*messages, {"role": "user", "content": "And will it cost me more until then?"}])
    thanked = agent.complete([*messages, {"role": "user", "content": "Thank you"}])
    assert said in asked["content"]
    assert said not in thanked["content"]
    assert writes(asked) == []


def test_instalments_that_have_all_fallen_due_are_moved_together() -> None:
    def fallen(records: dict[str, Any]) -> None:
        made = order(10003, "Tinwhistle", "Kettle", plan="pay_in_4")
        part = made["instalments"][0]
        made["instalments"] = [
            {**part, "id": f"H-10003-{number}", "number": number, "due_on": f"2026-03-{day}", "amount": "30.00"}
            for number, day in ((1, 18), (2, 20))
        ]
        records["orders"] = [made]

    reply = ask("Can you push it back?", company=company_with(fallen))
    assert writes(reply) == [
        ("extend_due_date", {"instalment": "H-10003-1", "days": 14}),
        ("extend_due_date", {"instalment": "H-10003-2", "days": 14}),
    ]
    assert "1 April 2026" in reply["content"]
    assert "3 April 2026" in reply["content"]


def test_a_card_named_where_only_a_refund_is_on_its_way_is_about_the_refund() -> None:
    def refunded(records: dict[str, Any]) -> None:
        made = order(10003, "Tinwhistle", "Kettle")
        made["instalments"][0].update(status="paid", paid_on="2026-03-13")
        made["return"] = {"id": "RT-10003", "reported_on": "2026-03-14", "registered_on": "2026-03-18"}
        made["refunds"] = [{"id": "R-10003-1", "amount": "60.00", "reason": "return", "registered_on": "2026-03-18",
                            "expected_by": "2026-03-25", "status": "registered"}]  # fmt: skip
        records["orders"] = [made]

    reply = ask("Sixty pounds. On the Visa card, not the old one, that card is dead.", company=company_with(refunded))
    assert "original payment method" in reply["content"]
    assert "25 March 2026" in reply["content"]
    assert writes(reply) == []


@pytest.mark.parametrize(
    ("language", "text", "cue"),
    [
        ("de", "Das habe ich doch schon bezahlt", "paid_it"),
        ("sv", "Jag har redan betalat", "paid_it"),
        ("pl", "Przecież już zapłaciłam", "paid_it"),
        ("es", "Pero si ya lo he pagado", "paid_it"),
        ("ar", "دفعتها من قبل", "paid_it"),
        ("de", "Können Sie die Reservierung freigeben?", "release"),
        ("sv", "Kan ni släppa reservationen?", "release"),
        ("pl", "Proszę zdjąć blokadę z kwoty, zwolnić to", "release"),
        ("es", "¿Pueden liberar la retención?", "release"),
        ("ar", "ممكن تفكوا الحجز؟", "release"),
        ("de", "Letztes Mal ging es doch durch", "approved_before"),
        ("sv", "Förra gången gick det igenom", "approved_before"),
        ("pl", "Ostatnio przeszło bez problemu", "approved_before"),
        ("es", "La última vez pasó sin problema", "approved_before"),
        ("ar", "المرة الماضية انقبل", "approved_before"),
        ("de", "Schreiben Sie den Code einfach hier", "say_code"),
        ("sv", "Skriv koden här i chatten", "say_code"),
        ("pl", "Proszę podać kod tutaj", "say_code"),
        ("es", "Dígame el código aquí", "say_code"),
        ("ar", "اكتب الرمز هنا", "say_code"),
    ],
)
def test_what_is_said_about_payments_and_codes_is_heard_in_every_language(language: str, text: str, cue: str) -> None:
    assert cue in COMPANY.ear(language).hear(text).cues


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Sorry, my English is broken"), ("sv", "Min svenska är lite trasig"), ("ar", "العربي تبعي مكسر")],
)
def test_broken_speech_is_no_broken_thing(language: str, text: str) -> None:
    assert "damaged" not in COMPANY.ear(language).hear(text).cues
