"""From failure to test: a reviewed failure becomes a labelled transcript that `pytest evals/` asks for from then on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chatparity.errors import UsageError
from chatparity.exchange import ReplyRecord
from chatparity.grading import Side, grade
from chatparity.jsonl import write_transcripts
from chatparity.points import points_of, recorded_reply
from chatparity.review.desk import STATE, Desk
from chatparity.review.redact import redacted
from chatparity.review.resolve import resolve
from chatparity.review.store import stamp
from chatparity.suite import shipped_root
from chatparity.transcript import (
    AnswerLabel,
    EscalationLabel,
    Expect,
    Fact,
    Forbidden,
    Labels,
    Outcome,
    Transcript,
    Turn,
    answer_block,
    problems,
)

FOLDER = Path("datasets", "regressions")
LONGEST = 200


@dataclass(frozen=True)
class Wanted:
    """What somebody says the reply should have said (`say`) and must never say (`never`), each a text as it is read."""

    say: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """The test that was made: its file, the graders that fail on the recorded reply, and what was redacted."""

    path: Path
    transcript: Transcript
    graders: tuple[str, ...]
    stand_ins: int


def to_test(desk: Desk, name: str, wanted: Wanted, *, author: str) -> Made:
    """Write the failure of an item into the suite's `datasets/regressions/`, in a file of its own.

    The transcript is the shortest prefix of the conversation that holds the reply and on which the graders still fail,
    with the labels that hold so far and those that people gave; what is known to be personal is replaced. Made again,
    it takes the place of what was there. Raises UsageError when people did not find a failure, or no grader that needs
    no judge fails on the reply: such a test could not fail.
    """
    folder = _folder(desk)
    answers = _failure(desk, name, author)
    shown = desk.bench.exhibit(name)
    turn = shown.item.label_turn
    labels = _labels(shown.transcript, turn, answers, wanted)
    whole = shown.transcript.turns[:turn]
    block = answer_block(shown.transcript, turn)
    failing = _failing(desk, _ended(shown.transcript, (*whole, *block), labels), turn)
    if not failing:
        raise UsageError(
            f"{name}: no grader fails on this reply, so a test of it could not fail: "
            "say what the reply must say, or what it must never say"
        )
    ended = next(
        one
        for one in (_ended(shown.transcript, (*whole, *block[:length]), labels) for length in range(1, len(block) + 1))
        if failing <= _failing(desk, one, turn)
    )
    clean, stand_ins = (ended, 0) if ended.synthetic else redacted(ended)
    still = _failing(desk, clean, turn) & failing
    if not still:
        raise UsageError(f"{name}: without the personal data no grader fails on it any more: write this test by hand")
    notes = desk.store.notes()
    about = {
        "sample": desk.bench.sample.name,
        "item": name,
        "turn": turn,
        "graders": sorted(still),
        "by": author,
        "at": stamp(),
        "guideline": notes[-1].version if notes else 0,
        "stand_ins": stand_ins,
    }
    made = msgspec.structs.replace(clean, id=f"regression-{name}", meta={"regression": about})
    wrong = problems(made)
    if wrong:
        raise UsageError(f"{name}: {wrong[0][0]}: {wrong[0][1]}")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '-', made.id)}.jsonl"
    write_transcripts(path, [made])
    return Made(path, made, tuple(sorted(still)), stand_ins)


def _folder(desk: Desk) -> Path:
    """Return the folder of the suite's regressions. Raises UsageError where there is no suite of one's own."""
    root, shipped = desk.bench.suite.root, shipped_root()
    if root == shipped and not (shipped / "pyproject.toml").is_file():
        raise UsageError("no suite here to put a test into: run `chatparity init` first, or go into its folder")
    return root / FOLDER


def _failure(desk: Desk, name: str, author: str) -> Mapping[str, str]:
    """Return what people say of an item. Raises UsageError unless they say that it failed."""
    if name not in desk.bench.items:
        raise UsageError(f"no item of this sample is called {name}")
    said = desk.store.about(name)
    found = resolve(name, said, [one.name for one in desk.scorecard.criteria])
    if found is None:
        raise UsageError(f"{name}: nobody has finished judging it yet")
    own = said.get(author, {})
    known = {one.name for one in desk.scorecard.criteria}
    answers = dict(found.answers)
    if found.disputed and own.get(STATE) == "done":
        answers = {field: value for field, value in own.items() if field in known} | answers
    if not desk.card(name, answers).failed:
        raise UsageError(f"{name}: people did not find a failure in it: there is nothing to guard")
    return answers


def _labels(transcript: Transcript, turn: int, answers: Mapping[str, str], wanted: Wanted) -> Labels:
    """Return the labels that hold of the conversation up to the answer at `turn`, with what people said of it."""
    for text in (*wanted.say, *wanted.never):
        if len(text) > LONGEST:
            raise UsageError(
                f"expected a text of up to {LONGEST} characters, got {len(text)}: name the part that matters"
            )
    old, last = transcript.labels, all(one.speaker != "customer" for one in transcript.turns[turn:])
    facts = [
        one for one in old.facts or () if (one.due_by_turn is None and last) or (one.due_by_turn or turn + 1) <= turn
    ]
    facts += [
        Fact(id=f"review-{number}", accept=(text,), due_by_turn=turn) for number, text in enumerate(wanted.say, 1)
    ]
    forbidden = [*(old.forbidden or ())]
    forbidden += [
        Forbidden(id=f"review-{number}", reject=(text,), reason="found wrong in review")
        for number, text in enumerate(wanted.never, 1)
    ]
    actions = old.actions
    if actions is not None and not last:
        due = tuple(one for one in actions if one.due_by_turn is not None and one.due_by_turn <= turn)
        actions = due if all(one.due_by_turn is not None for one in actions) else None
    escalation = _escalation(old, turn, answers)
    return Labels(
        facts=tuple(facts) if facts or old.facts is not None else None,
        forbidden=tuple(forbidden) if forbidden or old.forbidden is not None else None,
        actions=actions,
        answers=(_rating(turn, answers),),
        escalation=escalation,
        escalation_turns=(turn,) if escalation is not None else None,
    )


def _rating(turn: int, answers: Mapping[str, str]) -> AnswerLabel:
    """Return what people said of the recorded answer, as its label."""
    politeness, hallucinated = answers.get("politeness"), answers.get("hallucinated")
    return AnswerLabel(
        turn=turn,
        accuracy=float(answers["accuracy"]) if "accuracy" in answers else None,
        politeness=int(politeness) if politeness is not None else None,
        hallucinated=hallucinated == "yes" if hallucinated is not None else None,
    )


def _escalation(old: Labels, turn: int, answers: Mapping[str, str]) -> tuple[EscalationLabel, ...] | None:
    """Return the label of the handover at this answer alone: people's, else the one that was there; None without."""
    said = answers.get("escalation")
    before = next((one for one in old.escalation or () if one.turn == turn), None)
    if said is not None:
        expect: Expect = "now" if said == "now" else "offer" if said == "offer" else "none"
        reason = before.reason if before is not None and before.expect == expect else "review"
        return (EscalationLabel(turn=turn, expect=expect, reason=reason),)
    if old.escalation is None or (old.escalation_turns is not None and turn not in old.escalation_turns):
        return None
    return (before,) if before is not None else ()


def _ended(transcript: Transcript, turns: Sequence[Turn], labels: Labels) -> Transcript:
    """Return a transcript that ends with these turns; what tells where it came from is left out."""
    return msgspec.structs.replace(
        transcript, turns=tuple(turns), labels=labels, cluster=None, source=None, outcome=Outcome(), meta={}
    )


def _failing(desk: Desk, transcript: Transcript, turn: int) -> set[str]:
    """Return the graders that need no judge and fail on the answer that is recorded at `turn`."""
    reply = recorded_reply(transcript, turn, handover_tools=desk.bench.suite.settings.agent.handover_tools)
    point = next((one for one in points_of(transcript) if one.turn == turn), None)
    if reply is None or point is None:
        return set()
    record = ReplyRecord(id=transcript.id, turn=turn, trial=0, state="replied", reply=reply)
    rows = asyncio.run(grade([Side("ai", (point,), {turn: record})], desk.bench.graders, judged=False))
    return {row.grader for row in rows if row.verdict == "fail"}
