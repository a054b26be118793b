"""Resolution by rule: was the customer's matter settled, by what was due to be done and by their closing words."""

from __future__ import annotations

from collections.abc import Sequence

from chatparity.checks.calls import calls_in, calls_of, describe, matched, succeeded
from chatparity.checks.lexicon import languages
from chatparity.checks.statements import Statement, said_groups
from chatparity.grading import Evidence, Exchange, Metric, Point, Score, grader


def closing_words(point: Point) -> tuple[Statement, ...]:
    """Return what the customer's last words say of their matter: `solved` or `unsolved`."""
    return said_groups(point.customer_text, point.language, "closing")


@grader(
    dimension="resolution",
    languages=languages(),
    level="conversation",
    metrics=[Metric("solved")],
)
def resolution(conversation: Sequence[Exchange]) -> Score:
    """Say whether the matter was settled within the conversation, as far as its end shows.

    Labelled actions that were not done leave it unsettled, whatever was said. Else the customer's last words decide:
    content passes; displeasure fails where the message before was displeased as well, for the answer between did not
    help; else it abstains, as where a person took over. Of content and displeasure in one message the later one counts.
    Not seen: whether the customer came back (the recorded
    outcome belongs to whoever answered then), whether content is feigned, and in a replay of recorded turns the last
    words are those said to the recorded agent.
    """
    last = conversation[-1]
    expected = last.labels.actions or ()
    done = succeeded([*calls_in(last.history), *calls_of(exchange.reply for exchange in conversation)])
    missing = matched(done, expected)[0]
    if missing:
        return Score.failed(f"not done: {', '.join(map(describe, missing))}", outcome="not_done")
    if any(exchange.reply.handover for exchange in conversation):
        return Score.abstained("a person has taken over: what became of it is not in this conversation")
    words = closing_words(last.point)
    if not words:
        return Score.abstained("the customer's last words do not tell")
    final = words[-1]
    place = f"turn:{len(last.history) - 1}"
    span = [Evidence(text=final.text, start=final.start, end=final.end, where=place)] if _is_one(last) else []
    if final.families[0] == "solved":
        return Score.passed(f'the customer is content: "{final.text}"', value=0.9, evidence=span, outcome="solved")
    before = [said_groups(turn.text, last.language, "closing") for turn in last.history if turn.speaker == "customer"]
    if len(before) < 2 or not before[-2] or before[-2][-1].families[0] != "unsolved":
        return Score.abstained("the customer was not content before the last answer, and what that did is not known")
    return Score.failed(f'the customer is still not content: "{final.text}"', evidence=span, outcome="unsolved")


def _is_one(last: Exchange) -> bool:
    """Say whether the customer's last words are one turn, so that a place in them is a place in it."""
    return bool(last.history) and last.point.customer_text == last.history[-1].text
