"""The pages that are asked for: items, comparisons, the calibration session, the guideline notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatparity.review.agreement import agreement
from chatparity.review.desk import COMMENT, PAGE, PREFERENCE, SEEN, STATE
from chatparity.review.resolve import finished
from chatparity.review.room import Asked, Gone, Room, item_path
from chatparity.review.store import DECISION
from chatparity.review.views import (
    CalibrationView,
    CompareView,
    DecideView,
    GuidelineView,
    ItemView,
    Line,
    ListView,
    PlainView,
)

if TYPE_CHECKING:
    from starlette.responses import Response


def who(room: Room, asked: Asked) -> Response:
    """Ask who is there."""
    view = PlainView(None, "Who is reviewing?", asked.who, asks=True, proof=room.guard.proof(asked.token))
    return room.show(view)


def begin(room: Room, asked: Asked) -> Response:
    """Go to the first open item, or to the list when there is none."""
    name = room.desk.following(asked.who, None, asked.wanted)
    return room.go(item_path(name) if name else "/items", asked)


def listed(room: Room, asked: Asked) -> Response:
    """Show the items that the filter keeps, a page of them."""
    desk, wanted = room.desk, asked.wanted
    kept = desk.kept(asked.who, wanted)
    pages = max(-(-len(kept) // PAGE), 1)
    given = asked.request.query_params.get("page", "1")
    page = min(max(int(given), 1), pages) if given.isdecimal() and len(given) < 9 else 1
    states, comments = desk.states(asked.who), desk.store.values(asked.who, COMMENT)
    lines = []
    for name in kept[(page - 1) * PAGE : page * PAGE]:
        one = desk.bench.items[name]
        lines.append(Line(name, one.id, one.language, states.get(name, "open"), comments.get(name, "")))
    languages = desk.bench.languages
    return room.show(ListView(room.frame(asked, "items"), wanted, lines, len(kept), page, pages, languages))


def item(room: Room, asked: Asked) -> Response:
    """Show one item and its scorecard; what graders found only to whoever answered and asked for it."""
    name, desk = room.known(asked), room.desk
    desk.opened(asked.who, name)
    said = desk.store.of(asked.who, name)
    answers = {one.name: said[one.name] for one in desk.scorecard.criteria if one.name in said}
    done = said.get(STATE) == "done"
    card = desk.card(name, answers) if done else None
    before, after = desk.neighbours(name)
    queue = desk.queue
    view = ItemView(
        frame=room.frame(asked, "item"),
        shown=desk.bench.exhibit(name),
        criteria=desk.scorecard.criteria,
        answers={**answers, COMMENT: said.get(COMMENT, "")},
        state=said.get(STATE, "open"),
        card=card,
        found=desk.bench.found(name) if done and SEEN in said else None,
        number=queue.index(name) + 1 if name in queue else 0,
        before=before,
        after=after,
        testable=card is not None and bool(card.failed),
    )
    return room.show(view)


def compare_next(room: Room, asked: Asked) -> Response:
    """Go to the first pair that this reviewer has not compared."""
    pairs = [one for one in room.desk.queue if one in room.desk.bench.pairs]
    if not pairs:
        raise Gone("there is nothing to compare: no run with replies of an AI and of a person at the same place")
    done = room.desk.store.values(asked.who, PREFERENCE)
    left = [one for one in pairs if one not in done]
    if not left:
        return room.go(f"/compare/{pairs[0]}", told="All pairs are compared. Thank you.")
    return room.go(f"/compare/{left[0]}")


def compare(room: Room, asked: Asked) -> Response:
    """Show both replies side by side, in an order that is the sample's own, without names."""
    name, bench = room.known(asked), room.desk.bench
    pair = bench.pairs.get(name)
    if pair is None:
        raise Gone(f"{name}: there is no second reply to compare with")
    swapped = bench.swapped(name, asked.who)
    left, right = (pair.human, pair.ai) if swapped else (pair.ai, pair.human)
    chosen = room.desk.store.of(asked.who, name).get(PREFERENCE, "")
    if chosen in ("ai", "human"):
        chosen = "left" if (chosen == "ai") != swapped else "right"
    pairs = [one for one in room.desk.queue if one in bench.pairs]
    done = room.desk.store.values(asked.who, PREFERENCE)
    view = CompareView(
        frame=room.frame(asked, "compare"),
        shown=bench.exhibit(name),
        left=left,
        right=right,
        chosen=chosen,
        number=pairs.index(name) + 1 if name in pairs else 0,
        done=sum(one in done for one in pairs),
    )
    return room.show(view)


def calibration(room: Room, asked: Asked) -> Response:
    """Show how far people agree: to the lead at once, to reviewers who finished all and let their answers stay."""
    if asked.role == "lead":
        return room.show(CalibrationView(room.frame(asked, "calibration"), agreement(room.desk), 0, False))
    states, known = room.desk.states(asked.who), room.desk.store.values(asked.who, SEEN)
    still = len(room.desk.waiting(asked.who))
    unseen = any(states.get(one) == "done" and one not in known for one in room.desk.queue)
    found = None if still or unseen else agreement(room.desk)
    return room.show(CalibrationView(room.frame(asked, "calibration"), found, still, unseen))


def decide(room: Room, asked: Asked) -> Response:
    """Show the lead what everybody says of an item, to decide what holds."""
    if asked.role != "lead":
        raise Gone("disputes are decided at the lead's address, which `chatparity review` prints too")
    name, desk = room.known(asked), room.desk
    said = desk.store.about(name)
    view = DecideView(
        frame=room.frame(asked, "calibration"),
        shown=desk.bench.exhibit(name),
        criteria=desk.scorecard.criteria,
        said=finished(said),
        decided=said.get(DECISION, {}),
        changes=desk.store.history(name),
        found=desk.bench.found(name),
    )
    return room.show(view)


def guideline(room: Room, asked: Asked) -> Response:
    """Show the guideline notes and their versions."""
    return room.show(GuidelineView(room.frame(asked, "guideline"), room.desk.store.notes()[::-1]))
