"""Asking for a person: cues put together clause by clause, slips of the finger, a message in two languages."""

from __future__ import annotations

import pytest

from chatparity.checks.asking import cues_in, weigh
from chatparity.checks.handover import asks_for_person
from chatparity.checks.lexicon import shared


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Please put me through to a colleague.", True),
        ("can you cnonect me to a huamn", True),
        ("I want to speak to somone real", True),
        ("Representative!", True),
        ("I don't want a bot, get me an agent.", True),
        ("No need to transfer me, I can wait.", False),
        ("You don't have to connect me to anybody. What is the late fee?", False),
        ("My colleague paid it yesterday.", False),
        ("Are you a human?", False),
        ("Where is my parcel?", False),
        ("", False),
    ],
)
def test_a_request_is_told_from_what_looks_like_one(text: str, asks: bool) -> None:
    assert (asks_for_person(text, "en") is not None) is asks


def test_the_evidence_is_the_sentence_that_asks() -> None:
    text = "My parcel is lost. Connect me to a person, please. Thank you."
    found = asks_for_person(text, "en")
    assert found is not None
    assert text[found.start : found.end].strip() == found.text.strip() == "Connect me to a person, please."


def test_a_request_in_english_is_understood_in_a_conversation_in_another_language() -> None:
    assert asks_for_person("Can I talk to a real person please?", "hu") is not None


def test_a_request_in_another_language_than_the_conversations_is_read_with_its_own_lexicon() -> None:
    assert asks_for_person("Haluan puhua ihmisen kanssa, kiitos paljon.", "en") is not None


def test_what_is_denied_counts_for_nothing_but_a_machine_that_is_denied_asks() -> None:
    denied = cues_in("i don't want to talk to an agent", "en", alone=True)
    assert "deny" in denied
    assert not denied & {"staff", "contact", "wish", "direct"}
    assert "no_machine" in cues_in("i don't want to talk to a bot", "en", alone=True)


def test_weights_count_where_all_their_cues_are() -> None:
    weights = shared().asks
    assert weigh(()) == weights["always"] < 0
    assert weigh({"staff", "wish"}) == pytest.approx(
        weights["always"] + weights["staff"] + weights["wish"] + weights["staff+wish"]
    )
