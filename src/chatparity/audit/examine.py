"""All checks of labelled transcripts in one pass, and which of them could be made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatparity.audit.actions import done_right
from chatparity.audit.duplicates import near_duplicates
from chatparity.audit.escalation import against_the_rules
from chatparity.audit.grounds import Fault, Grounds
from chatparity.audit.knowledge import stale_knowledge
from chatparity.audit.personal import real_looking
from chatparity.audit.support import unsupported
from chatparity.audit.tags import wrong_language
from chatparity.errors import Problem
from chatparity.points import points_of
from chatparity.transcript import Labels, ToolCall, Transcript, answer_block


@dataclass(frozen=True)
class Placed:
    """A transcript and where it stands."""

    path: Path
    line: int
    transcript: Transcript


@dataclass
class Audit:
    """What the checks found: `problems` in data that calls itself synthetic, `notes` in all other data.

    `made` counts by check the transcripts it was made on; a check that is not in it had nothing to go by.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)


def examine(placed: Sequence[Placed], grounds_of: Callable[[Path], Grounds], *, strict: bool = False) -> Audit:
    """Hold transcripts against what they say of themselves and against the grounds of the folder they stand in.

    An author of synthetic data can mend it, so what is found there is a problem; in recorded data, whose customers have
    real numbers and write what they like, it is a note, unless `strict`.
    """
    audit = Audit()
    for one in placed:
        for check, faults in _checks(one.transcript, grounds_of(one.path)):
            _count(audit, check)
            for fault in faults:
                _file(audit, one, fault, strict)
    for place, other, share in near_duplicates([one.transcript for one in placed]):
        earlier = placed[other]
        message = (
            f"expected a conversation of its own, got {share:.0%} of the words of {earlier.transcript.id} "
            f"({earlier.path}:{earlier.line})"
        )
        _file(audit, placed[place], Fault("turns", message), strict)
    for one, fault in _shared_ids(placed):
        _file(audit, one, fault, strict)
    if placed:
        audit.made["near-duplicates"] = len(placed)
    return audit


def _checks(transcript: Transcript, grounds: Grounds) -> Iterator[tuple[str, Iterable[Fault]]]:
    """Yield each check that can be made on a transcript, and what it found."""
    yield "language", wrong_language(transcript)
    yield "personal data", real_looking(transcript)
    points = points_of(transcript)
    answered: list[ToolCall] = []
    if grounds.shop is not None and isinstance(transcript.records.get("account"), Mapping):
        answered, faults = done_right(transcript, points, grounds)
        if transcript.labels.actions is not None:
            yield "actions", faults
        if grounds.records is not None:
            yield "records", grounds.records(transcript)
    # A reply of a run that a sample drew stands where the recorded answer did, on whose calls a fact may rest: the
    # labels were held against those in the transcript that it was drawn from.
    drawn = "sampled_from" in transcript.meta
    if transcript.labels.facts and not drawn and (transcript.records or transcript.knowledge):
        yield (
            "facts",
            (
                fault
                for point in points
                for fault in unsupported(point, (*_recorded(transcript, point.turn), *answered))
            ),
        )
    if grounds.handover is not None and (transcript.labels.escalation is not None or transcript.labels.facts):
        yield "escalation", against_the_rules(transcript, grounds)
    if grounds.policy and transcript.knowledge:
        yield "knowledge", stale_knowledge(transcript, grounds.policy)


def _recorded(transcript: Transcript, turn: int) -> Iterator[ToolCall]:
    for part in answer_block(transcript, turn):
        yield from part.tool_calls


def _shared_ids(placed: Sequence[Placed]) -> Iterator[tuple[Placed, Fault]]:
    """Yield customers and orders of a shop that two conversations claim: the shop finds a customer by id."""
    owners: dict[str, str] = {}
    for one in placed:
        records = one.transcript.records
        account = records.get("account")
        if not isinstance(account, Mapping) or one.transcript.labels == Labels():
            continue
        orders = records.get("orders") or ()
        named = [("records.account.id", str(account.get("id")))]
        named += [(f"records.orders[{place}].id", str(order.get("id"))) for place, order in enumerate(orders)]
        for where, name in named:
            owner = owners.setdefault(name, one.transcript.id)
            if owner != one.transcript.id and one.transcript.cluster is None:
                yield one, Fault(where, f'expected an id of its own, got "{name}", which {owner} has')


def _count(audit: Audit, check: str) -> None:
    audit.made[check] = audit.made.get(check, 0) + 1


def _file(audit: Audit, one: Placed, fault: Fault, strict: bool) -> None:
    to = audit.problems if strict or one.transcript.synthetic else audit.notes
    to.append(Problem(one.path, one.line, fault.field, fault.message))
