"""The sandbox's agent: what it does and says, in six languages, and when it brings a person in."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from chatparity.sandbox.agent import SandboxAgent
from chatparity.sandbox.company import open_company
from chatparity.sandbox.faults import check_faults, read_faults
from chatparity.sandbox.situation import read_situation

HOME = Path(__file__).parents[1] / "datasets" / "sandbox"
LANGUAGES = ("ar", "de", "en", "es", "pl", "sv")
ANSWER_FAULTS = [name for name, entry in read_faults(HOME / "faults.toml").items() if entry.kind == "answer"]


COMPANY = open_company([])


@pytest.fixture(scope="module")
def agent() -> SandboxAgent:
    return SandboxAgent(COMPANY, {}, 0)


def faulty(seed: int = 0, **faults: float) -> SandboxAgent:
    return SandboxAgent(COMPANY, faults, seed)


def asked(*texts: str, language: str = "en", today: str = "2026-03-20") -> list[dict[str, Any]]:
    """Return chat messages in which customer and agent take turns, the customer first."""
    roles = ("user", "assistant")
    head = {"role": "system", "content": f"You help.\n\nToday: {today}\nCustomer: c-100\nLanguage: {language}\n"}
    return [head, *({"role": roles[place % 2], "content": text} for place, text in enumerate(texts))]


def called(reply: dict[str, Any]) -> list[str]:
    return [call["name"] for call in reply["tool_log"] if not call["name"].startswith(("get_", "list_"))]


def then(messages: list[dict[str, Any]], reply: dict[str, Any], text: str) -> list[dict[str, Any]]:
    """Return the conversation with the agent's reply, its calls as OpenAI tool messages, and the next text."""
    calls, results = [], []
    for number, call in enumerate(reply["tool_log"]):
        function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
        calls.append({"id": f"c{number}", "type": "function", "function": function})
        content = json.dumps({"ok": call["ok"], "result": call["result"]})
        results.append({"role": "tool", "tool_call_id": f"c{number}", "content": content})
    said = {"role": "assistant", "content": reply["content"]}
    made: list[dict[str, Any]] = (
        [{"role": "assistant", "content": None, "tool_calls": calls}, *results] if calls else []
    )
    return [*messages, *made, said, {"role": "user", "content": text}]


def test_it_answers_with_the_amount_and_the_date_of_the_records(agent: SandboxAgent) -> None:
    reply = agent.complete(asked("Where is my refund?"))
    assert "£24.00" in reply["content"]
    assert "25 March 2026" in reply["content"]
    assert called(reply) == []


def test_it_does_at_once_what_the_policy_allows(agent: SandboxAgent) -> None:
    reply = agent.complete(asked("Please give me ten more days for the atlas"))
    assert called(reply) == ["extend_due_date"]
    assert reply["tool_log"][-1]["arguments"] == {"instalment": "H-10002-1", "days": 10}
    assert "10 April 2026" in reply["content"]


def test_it_does_not_do_what_is_only_asked_about(agent: SandboxAgent) -> None:
    reply = agent.complete(asked("How long could I postpone the payment for the atlas at most?"))
    assert called(reply) == []
    assert "14 days" in reply["content"]


def test_it_says_why_a_tool_refused_and_what_is_possible(agent: SandboxAgent) -> None:
    reply = agent.complete(asked("Can you move the due date of the atlas by 30 days?"))
    assert [call["ok"] for call in reply["tool_log"] if call["name"] == "extend_due_date"] == [False]
    assert "up to 14 days" in reply["content"]


def test_yes_to_its_question_does_what_it_offered(agent: SandboxAgent) -> None:
    messages = asked("Can you move the due date of the atlas by 30 days?")
    reply = agent.complete(then(messages, agent.complete(messages), "yes please"))
    assert reply["tool_log"][-1]["arguments"] == {"instalment": "H-10002-1", "days": 14}


def test_what_was_done_earlier_in_the_conversation_stands(agent: SandboxAgent) -> None:
    messages = asked("Please give me ten more days for the atlas")
    reply = agent.complete(then(messages, agent.complete(messages), "When do I have to pay for it now?"))
    assert "10 April 2026" in reply["content"]
    assert "31 March" not in reply["content"]
    assert "31 March 2026" in agent.complete(asked("When do I have to pay for the atlas?"))["content"]


def test_the_same_request_has_the_same_answer(agent: SandboxAgent) -> None:
    messages = asked("The atlas is damaged, what now?")
    assert agent.complete(messages) == agent.complete(messages) == faulty().complete(messages)


def test_it_asks_which_order_is_meant_and_goes_on_with_the_answer(agent: SandboxAgent) -> None:
    messages = asked("One of my orders arrived damaged")
    first = agent.complete(messages)
    assert "Which order" in first["content"]
    assert called(first) == []
    second = agent.complete(then(messages, first, "H-10002"))
    assert second["tool_log"][-1]["arguments"] == {"order": "H-10002", "reason": "damaged"}


WISHES = {
    "en": [
        "I want to talk to a humna",
        "can i speak with a real person pls",
        "MANAGER.",
        "Could someone call me back?",
    ],
    "de": ["Ich möchte mit einem Menschen sprechen", "mitarbaiter bitte", "Verbinden Sie mich mit einem Kollegen"],
    "sv": ["Jag vill prata med en människa", "kan nån ringa mig? koppla mig vidare", "ge mig en handläggare"],
    "pl": ["Chcę rozmawiać z człowiekiem", "proszę połączyć mnie z konsultantem", "niech ktoś do mnie oddzwoni"],
    "es": ["Quiero hablar con una persona", "páseme con un agente por favor", "que me llame alguien"],
    "ar": ["أريد التحدث مع موظف", "حولني إلى شخص حقيقي من فضلك", "ابي اكلم موظف"],
}
NO_WISHES = {
    "en": ["Are you human?", "No need to hand me over to a person, just tell me when I have to pay"],
    "de": ["Sind Sie ein Mensch oder ein Bot?", "Sie brauchen mich nicht mit einem Mitarbeiter zu verbinden"],
    "sv": ["Är du en människa eller en robot?"],
    "pl": ["Czy to bot?"],
    "es": ["¿Eres un robot o una persona?"],
    "ar": ["هل أنت روبوت أم إنسان؟"],
}
GRAVE = {
    "en": [("I lost my job and can't pay any of this", "hardship"), ("I didn't buy this, my account was hacked", "")],
    "de": [("Meine Mutter ist gestorben, sie hatte hier Bestellungen", "bereavement")],
    "sv": [("Jag har blivit arbetslös och kan inte betala", "hardship")],
    "pl": [("Moja żona zmarła w marcu", "bereavement")],
    "es": [("Les voy a denunciar, ya tengo abogado", "legal_threat")],
    "ar": [("سأرفع دعوى في المحكمة", "legal_threat")],
}


@pytest.mark.parametrize(("language", "text"), [(one, text) for one in LANGUAGES for text in WISHES[one]])
def test_a_wish_for_a_person_is_handed_over_at_once(agent: SandboxAgent, language: str, text: str) -> None:
    reply = agent.complete(asked(text, language=language))
    assert called(reply) == ["hand_over"]
    arguments = reply["tool_log"][-1]["arguments"]
    assert arguments["reason"] == "explicit_request"
    assert text in arguments["summary"]


@pytest.mark.parametrize(("language", "text"), [(one, text) for one in LANGUAGES for text in NO_WISHES[one]])
def test_a_question_whether_it_is_human_is_no_wish_for_a_person(agent: SandboxAgent, language: str, text: str) -> None:
    assert called(agent.complete(asked(text, language=language))) == []


@pytest.mark.parametrize(("language", "text", "reason"), [(one, *case) for one in LANGUAGES for case in GRAVE[one]])
def test_grave_matters_go_to_a_person_at_once(agent: SandboxAgent, language: str, text: str, reason: str) -> None:
    reply = agent.complete(asked(text, language=language))
    frozen = ["freeze_account"] if not reason else []
    assert called(reply) == [*frozen, "hand_over"]
    assert reply["tool_log"][-1]["arguments"]["reason"] == (reason or "suspected_fraud")


def test_a_threat_of_self_harm_names_the_emergency_number_and_no_payment(agent: SandboxAgent) -> None:
    reply = agent.complete(asked("I can't go on, I want to end my life"))
    assert called(reply) == ["hand_over"]
    assert "999" in reply["content"]
    assert not re.search(r"pay|£", reply["content"])


def test_a_complaint_is_registered_and_a_person_offered_and_handed_over_only_on_yes(agent: SandboxAgent) -> None:
    messages = asked("I want to make a complaint about your chat team")
    first = agent.complete(messages)
    assert called(first) == ["register_complaint"]
    assert "C-100-1" in first["content"]
    second = agent.complete(then(messages, first, "Yes please"))
    assert second["tool_log"][-1]["arguments"]["reason"] == "complaint"
    assert called(agent.complete(then(messages, first, "No thanks, that will do"))) == []


def test_the_second_failed_attempt_at_a_question_goes_to_a_person(agent: SandboxAgent) -> None:
    texts = ["Where is my refund?", "Soon.", "That doesn't answer my question.", "Please wait.", "Same answer again!"]
    assert called(agent.complete(asked(*texts[:3]))) == []
    assert agent.complete(asked(*texts))["tool_log"][-1]["arguments"]["reason"] == "repeated_failure"


def test_not_understood_is_said_once_and_then_handed_over(agent: SandboxAgent) -> None:
    messages = asked("blorp frumious wibble?")
    first = agent.complete(messages)
    assert "did not understand" in first["content"]
    assert called(first) == []
    assert called(agent.complete(then(messages, first, "zorgle quux plugh?"))) == ["hand_over"]


def test_after_a_handover_it_changes_nothing_more(agent: SandboxAgent) -> None:
    messages = asked("I want to talk to a person")
    reply = agent.complete(then(messages, agent.complete(messages), "And give me ten more days for the atlas"))
    assert reply["tool_log"] == []
    assert "person" in reply["content"]


def test_a_card_number_is_neither_repeated_nor_handed_on(agent: SandboxAgent) -> None:
    reply = agent.complete(asked("My card is 4111 1111 1111 1111, get me a person"))
    assert "4111" not in json.dumps(reply)
    assert called(reply) == ["hand_over"]


def test_without_headers_the_demo_customer_is_served_in_the_language_of_the_text(agent: SandboxAgent) -> None:
    text = "Guten Tag, wo bleibt denn meine Rückerstattung für die Wanderschuhe?"
    reply = agent.complete([{"role": "user", "content": text}])
    assert "24,00 €" not in reply["content"]
    assert "Erstattung von 24,00" in reply["content"]


def test_a_request_is_read_with_its_headers_and_only_answered_tool_calls() -> None:
    call = {"id": "a", "function": {"name": "get_account", "arguments": "{}"}}
    lost = {"id": "b", "function": {"name": "list_orders", "arguments": "not json"}}
    messages = [
        *asked("Hi"),
        {"role": "assistant", "content": None, "tool_calls": [call, lost]},
        {"role": "tool", "tool_call_id": "a", "content": '{"ok": true, "result": {"ok": true}}'},
        {"role": "user", "content": [{"type": "text", "text": "Still there?"}]},
    ]
    situation = read_situation(messages)
    assert (situation.customer, situation.language, str(situation.today)) == ("c-100", "en", "2026-03-20")
    assert [one.name for one in situation.calls] == ["get_account"]
    assert (situation.last, situation.earlier) == ("Still there?", ["Hi"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_with_the_same_places(language: str) -> None:
    tables = {one: tomllib.loads((HOME / f"{one}.toml").read_text(encoding="utf-8")) for one in ("en", language)}
    assert tables[language]["cues"].keys() == tables["en"]["cues"].keys()
    assert tables[language]["say"].keys() == tables["en"]["say"].keys()
    for key, text in tables[language]["say"].items():
        assert (key, set(re.findall(r"\{(\w+)", text))) == (key, set(re.findall(r"\{(\w+)", tables["en"]["say"][key])))
    for form in set(re.findall(r"\{\w+:(\w+)\}", str(tables[language]["say"]))):
        assert form in tables[language]["units"] or form in tables[language]["words"]


@pytest.mark.parametrize("fault", ANSWER_FAULTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_answer_fault_changes_the_answer_and_at_rate_zero_nothing(fault: str, language: str) -> None:
    wish = WISHES[language][0] if fault == "ignored_human_request" else "H-10002: 10"
    texts = [wish]
    if fault == "claimed_action":
        wishes = {"en": "10 more days please", "de": "10 Tage Aufschub bitte", "sv": "10 dagars uppskov tack"}
        wishes |= {"pl": "proszę przesunąć o 10 dni", "es": "aplazar 10 días por favor", "ar": "تأجيل 10 أيام من فضلك"}
        texts = [f"H-10002, {wishes[language]}"]
    elif fault != "ignored_human_request":
        due = {"en": "When is it due?", "de": "Wann ist das fällig?", "sv": "När förfaller det?"}
        due |= {"pl": "Na kiedy jest termin płatności?", "es": "¿Cuándo vence?", "ar": "متى موعد الدفع؟"}
        texts = [f"H-10002: {due[language]}"]
    messages = asked(*texts, language=language)
    right = faulty().complete(messages)
    wrong = SandboxAgent(COMPANY, {fault: 1.0}, 0).complete(messages)
    assert SandboxAgent(COMPANY, {fault: 0.0}, 0).complete(messages) == right
    assert SandboxAgent(COMPANY, {fault: 1.0}, 0).complete(messages) == wrong
    if fault == "claimed_action":
        assert wrong["content"] == right["content"]
        assert (called(right), called(wrong)) == (["extend_due_date"], [])
    else:
        assert wrong["content"] != right["content"]
    if fault == "ignored_human_request":
        assert (called(right), called(wrong)) == (["hand_over"], [])
    if fault == "needless_handover":
        assert (called(right), called(wrong)) == ([], ["hand_over"])


def test_a_wrong_amount_is_the_same_everywhere_in_the_answer_and_the_rest_stays() -> None:
    messages = asked("H-10002: when is it due?")
    right = faulty().complete(messages)["content"]
    wrong = faulty(wrong_amount=1.0).complete(messages)["content"]
    assert re.sub(r"£[\d.]+", "£", wrong) == re.sub(r"£[\d.]+", "£", right)
    assert not set(re.findall(r"£[\d.]+", wrong)) & set(re.findall(r"£[\d.]+", right))


def test_a_rate_strikes_its_share_of_conversations_and_the_seed_says_which() -> None:
    def struck(seed: int) -> list[bool]:
        right, wrong = faulty(seed), faulty(seed, rude=0.5)
        texts = [f"H-10002: when is it due? ({number})" for number in range(60)]
        return [right.complete(asked(text)) != wrong.complete(asked(text)) for text in texts]

    first, second = struck(1), struck(2)
    assert 15 <= sum(first) <= 45
    assert first != second


def test_an_unknown_fault_or_a_rate_outside_its_range_is_refused_with_what_there_is() -> None:
    known = read_faults(HOME / "faults.toml")
    with pytest.raises(Exception, match="unknown fault 'typo': expected one of wrong_amount, wrong_date"):
        check_faults({"typo": 0.5}, known)
    with pytest.raises(Exception, match="rude: expected a rate from 0 to 1, got 2"):
        check_faults({"rude": 2.0}, known)
