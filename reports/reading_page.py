"""The page of some conversations as they stand in the data: every message, and beside each answer its labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatparity.audit.reading import Read, Reading
from chatparity.splits import split_of
from chatparity.transcript import (
    AnswerLabel,
    EscalationLabel,
    ExpectedAction,
    Labels,
    Outcome,
    Transcript,
    Turn,
    answer_turns,
)

from .talk import Bubble, Call, Passage, bubble, knowledge_of, records_of, rendered, written
from .words import Names

WHO = {"customer": "Customer", "human_agent": "Agent, a person", "ai_agent": "Agent, an AI", "tool": "System"}
EXPECTED = {"none": "no person needed", "offer": "offer a person", "now": "hand over to a person"}
SHOWN_FORMS = 2


@dataclass(frozen=True)
class Term:
    """One label in words, or as a tool call; `bad` where it says that the recorded answer is not right.

    Of several forms the first stand there, and `more` unfolds below them; each may run from right to left.
    """

    name: str
    forms: tuple[str, ...] = ()
    call: Call | None = None
    bad: bool = False
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One message and, where it is an answer, its labels."""

    bubble: Bubble
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Conversation:
    """One conversation of the page."""

    id: str
    facts: str
    where: str
    language: str
    language_name: str
    rows: tuple[Row, ...]
    whole: tuple[Term, ...]
    passages: tuple[Passage, ...]
    found: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """All of the page, ready to be laid out."""

    conversations: tuple[Conversation, ...]
    population: int
    synthetic: bool


def build(reading: Reading) -> str:
    """Return the page as one HTML document that needs nothing else."""
    transcripts = [one.placed.transcript for one in reading.reads]
    names = Names(transcripts)
    page = Page(
        conversations=tuple(_conversation(one, names) for one in reading.reads),
        population=reading.population,
        synthetic=any(one.synthetic for one in transcripts),
    )
    return rendered("reading.html", page)


def _conversation(read: Read, names: Names) -> Conversation:
    """Lay out one conversation."""
    one = read.placed.transcript
    facts = [f"{name} {value}" for name, value in (("market", one.market), ("intent", one.intent)) if value]
    facts += [str(value) for value in (one.difficulty, one.channel) if value]
    facts += [f"begun {one.started_at:%Y-%m-%d %H:%M}"] if one.started_at else []
    passages = [records_of(one.records)] if one.records else []
    answers = set(answer_turns(one))
    return Conversation(
        id=one.id,
        facts=", ".join(fact.replace("_", " ") for fact in facts),
        where=f"{read.placed.path}:{read.placed.line}, in the half {split_of(one)}",
        language=one.language,
        language_name=names.language(one.language),
        rows=tuple(_row(turn, place, one.labels, answer=place in answers) for place, turn in enumerate(one.turns)),
        whole=tuple(_of_all(one)),
        passages=(*passages, *knowledge_of(one.knowledge)),
        found=tuple(f"{problem.field}: {problem.message}" for problem in read.found),
    )


def _row(turn: Turn, place: int, labels: Labels, *, answer: bool) -> Row:
    """Lay out a message with the labels that point at it."""
    return Row(bubble(turn, f"{place} · {WHO[turn.speaker]}"), tuple(_terms(labels, place)) if answer else ())


def _terms(labels: Labels, turn: int) -> Iterator[Term]:
    """Yield what is labelled at an answer, in the order in which one reads it."""
    judged = next((one for one in labels.answers or () if one.turn == turn), None)
    if judged is not None:
        yield from _judged(judged)
    if labels.escalation is not None and (labels.escalation_turns is None or turn in labels.escalation_turns):
        yield _expected(next((one for one in labels.escalation if one.turn == turn), None))
    for fact in labels.facts or ():
        if fact.due_by_turn == turn:
            yield _forms("to be said", fact.accept)
    for action in labels.actions or ():
        if action.due_by_turn == turn:
            yield _done(action)


def _judged(judged: AnswerLabel) -> Iterator[Term]:
    """Yield what was said of the recorded answer."""
    if judged.accuracy is not None:
        yield Term("accuracy", (f"{judged.accuracy:g}",), bad=judged.accuracy < 1)
    if judged.hallucinated is not None:
        yield Term("hallucinated", ("yes" if judged.hallucinated else "no",), bad=judged.hallucinated)
    if judged.politeness is not None:
        yield Term("politeness", (f"{judged.politeness} of 5",), bad=judged.politeness <= 2)
    if judged.note:
        yield Term("note", (judged.note,))


def _expected(label: EscalationLabel | None) -> Term:
    """Return what the answer should have done about a person."""
    if label is None:
        return Term("escalation", (EXPECTED["none"],))
    reason = f": {label.reason.replace('_', ' ')}" if label.reason else ""
    return Term("escalation", (EXPECTED[label.expect] + reason,))


def _forms(name: str, forms: tuple[str, ...]) -> Term:
    """Return a fact by its first forms; the others are to be unfolded."""
    return Term(name, forms[:SHOWN_FORMS], more=forms[SHOWN_FORMS:])


def _done(action: ExpectedAction) -> Term:
    """Return a tool call that must have been made."""
    return Term("to be done", call=Call(action.name, written(action.arguments)))


def _of_all(transcript: Transcript) -> Iterator[Term]:
    """Yield the labels that hold for the conversation as a whole."""
    labels = transcript.labels
    for fact in labels.facts or ():
        if fact.due_by_turn is None:
            yield _forms("to be said", fact.accept)
    for action in labels.actions or ():
        if action.due_by_turn is None:
            yield _done(action)
    for wrong in labels.forbidden or ():
        yield _forms("not to be said", wrong.reject)
        if wrong.reason:
            yield Term("because", (wrong.reason,))
    ended = _ended(transcript.outcome)
    if ended:
        yield Term("outcome", (ended,))


def _ended(outcome: Outcome) -> str:
    """Write how a conversation ended."""
    told = []
    if outcome.resolved is not None:
        told.append("resolved" if outcome.resolved else "not resolved")
    if outcome.recontact_7d is not None:
        told.append("came back within 7 days" if outcome.recontact_7d else "did not come back within 7 days")
    if outcome.csat is not None:
        told.append(f"satisfaction {outcome.csat} of 5")
    if outcome.handle_seconds is not None:
        told.append(f"{outcome.handle_seconds / 60:.0f} min of handling")
    return ", ".join(told)
