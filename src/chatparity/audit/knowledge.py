"""Whether the passages in a transcript are those of the policy that hold on its day in its market."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatparity.audit.grounds import Fault
from chatparity.checks.sources import is_valid
from chatparity.transcript import Knowledge, Transcript


def stale_knowledge(transcript: Transcript, policy: Sequence[Knowledge]) -> Iterator[Fault]:
    """Yield passages that say something else than the policy's passage of that id, or that do not hold here.

    Passages of ids that the policy does not have are left alone; one that is given as expired may stand there.
    """
    known = {one.id: one for one in policy}
    on = transcript.started_at.date() if transcript.started_at else None
    for place, given in enumerate(transcript.knowledge):
        passage = known.get(given.id)
        if passage is None:
            continue
        where = f"knowledge[{place}]"
        for name in ("text", "valid_from", "valid_to", "market"):
            if getattr(given, name) != getattr(passage, name):
                yield Fault(f"{where}.{name}", f"expected what the policy says in {given.id}: {getattr(passage, name)}")
    if not any(one.id in known for one in transcript.knowledge):
        return
    given_ids = {one.id for one in transcript.knowledge}
    lacking = [one.id for one in policy if is_valid(one, transcript.market, on) and one.id not in given_ids]
    if lacking:
        yield Fault(
            "knowledge",
            f"expected every passage valid that day in {transcript.market}, {', '.join(lacking)} is missing",
        )
