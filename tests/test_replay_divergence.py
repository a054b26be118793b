"""When the recorded customer no longer fits after an agent's own answer, in any language."""

from __future__ import annotations

import pytest

from chatparity.exchange import Reply
from chatparity.points import spoken
from chatparity.replay.divergence import divergence
from chatparity.transcript import ToolCall, Turn

TOOLS = ("hand_over",)
HANDED = (ToolCall(name="hand_over"),)


def after(answer: Turn | str, reply: Reply | str, message: str, *, first: str = "Hello") -> str | None:
    """Return what the check says when `reply` stands in place of `answer` before the customer's `message`."""
    recorded_answer = answer if isinstance(answer, Turn) else Turn(speaker="human_agent", text=answer)
    own = reply if isinstance(reply, Reply) else Reply(text=reply)
    opening = Turn(speaker="customer", text=first)
    following = Turn(speaker="customer", text=message)
    recorded = (opening, recorded_answer, following)
    return divergence(recorded, (opening, spoken(own), following), 1, own, handover_tools=TOOLS)


def test_an_answer_that_says_the_same_in_other_words_fits() -> None:
    recorded = "Your order H-20417 costs 249,00 zł, due on 14.03.2026. Anything else?"
    own = "It is 249 zł for order h-20417, due 2026-03-14. Is there more?"
    assert after(recorded, own, "249,00 zł by 14.03? No, thanks") is None


@pytest.mark.parametrize(
    ("answer", "reply", "words"),
    [
        (Turn(speaker="human_agent", text="A"), Reply(text="A", handover=True), "the agent handed over"),
        (Turn(speaker="human_agent", text="A", tool_calls=HANDED), Reply(text="A"), "the recorded answer handed over"),
    ],
)
def test_a_handover_on_one_side_only_is_a_divergence(answer: Turn, reply: Reply, words: str) -> None:
    found = after(answer, reply, "Thank you")
    assert found is not None
    assert found.startswith(f"after turn 1: {words}")


def test_a_handover_on_both_sides_or_one_that_failed_fits() -> None:
    both = after(Turn(speaker="human_agent", text="A", tool_calls=HANDED), Reply(text="A", handover=True), "Thanks")
    refused = Turn(speaker="human_agent", text="A", tool_calls=(ToolCall(name="hand_over", ok=False),))
    assert (both, after(refused, "A", "Thanks")) == (None, None)


@pytest.mark.parametrize(
    ("question", "answer"),
    [("Soll ich das stornieren?", "Ja, bitte"), ("هل ألغي الطلب؟", "نعم من فضلك"), ("キャンセルしますか？", "はい")],
)
def test_an_answer_to_a_question_never_asked_is_a_divergence(question: str, answer: str) -> None:
    assert after(question, "OK.", answer) == "after turn 1: the customer answers a question that the agent did not ask"
    assert after(question, question, answer) is None


def test_a_long_message_or_one_that_asks_itself_stands_without_the_question() -> None:
    assert after("Anything else?", "Done.", "Can I get that in writing?") is None
    assert (
        after("Which one?", "Done.", "The blue coat that I bought last week in your shop together with a hat.") is None
    )


def test_a_question_mark_in_a_web_address_asks_nothing() -> None:
    assert after("See https://example.com/help?topic=fees", "See our help pages.", "ok") is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("The fee of 45,00 kr is due.", "Why 45 kr, and for how long must I wait until that is settled at last?"),
        ("Your reference is MP-10004.", "Is mp 10004 or MP-10004 the right one?"),
        ("المبلغ ٢٤٩ ريال.", "لماذا 249؟"),
    ],
)
def test_a_number_that_only_the_recorded_answer_named_is_a_divergence(answer: str, message: str) -> None:
    found = after(answer, "I will look into it.", message)
    assert found is not None
    assert "which only the recorded answers had named" in found


def test_what_the_customer_or_the_agent_said_before_is_known() -> None:
    assert after("Order H-20417 is late.", "It is late.", "So H-20417 is late?", first="Where is H-20417?") is None
    assert after("It costs 249.00.", "That makes 249.", "Why 249.00?") is None
    assert after("You have 3 instalments.", "You have some.", "Why 3?") is None, "one digit proves nothing"
    assert after("It is late.", "It is late.", "My phone is 0195 555?") is None, "the customer's own news"
