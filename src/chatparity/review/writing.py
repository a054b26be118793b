"""What a click does: an answer, a skip, an undo, a preference, a decision, a version of the notes, a test."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from chatparity.errors import UsageError
from chatparity.review.desk import COMMENT, PREFERENCE, SEEN, STATE, cleaned, person
from chatparity.review.regression import Wanted, to_test
from chatparity.review.room import YEAR, Asked, Room, item_path
from chatparity.review.store import DECISION
from chatparity.review.views import PlainView

if TYPE_CHECKING:
    from starlette.responses import Response

NEXT, STAY, SKIP, LATER = "next", "stay", "skip", "later"
NOTE = 20_000


def call_me(room: Room, asked: Asked) -> Response:
    """Take the name of the person in front of the page."""
    try:
        name = person(asked.form.get("name", ""), room.desk.store.raters())
    except UsageError as error:
        view = PlainView(
            None, "Who is reviewing?", "", asks=True, proof=room.guard.proof(asked.token), wrong=str(error)
        )
        return room.show(view, 400)
    answer = room.go("/")
    answer.set_cookie(f"{room.cookie}_who", quote(name), max_age=YEAR, httponly=True, samesite="strict")
    return answer


def answer(room: Room, asked: Asked) -> Response:
    """Save what a form says of an item: one answer of a quick click, or all of it, and go on as its button says."""
    from starlette.responses import Response

    name, desk, then = room.known(asked), room.desk, asked.form.get("then", STAY)
    known = {one.name for one in desk.scorecard.criteria} | {COMMENT}
    values = desk.checked({field: value for field, value in asked.form.items() if field in known})
    if then in (NEXT, STAY) and not asked.form.get("quick"):
        values[STATE] = "done"
    if then == SKIP:
        values[STATE] = "skipped"
    desk.store.save(name, values, author=asked.who)
    if asked.form.get("quick"):
        return Response(status_code=204)
    if then == STAY:
        return room.go(item_path(name), asked)
    following = desk.following(asked.who, name, asked.wanted)
    if following is None:
        left = desk.elsewhere(asked.who, name, asked.wanted)
        open_yet = f"What is still open ({left}) is before other people right now: come back later."
        return room.go("/items", asked, open_yet if left else "That was the last open item. Thank you.")
    return room.go(item_path(following), asked)


def seen(room: Room, asked: Asked) -> Response:
    """Show what graders found from now on, to whoever has answered: their answers then stay."""
    name, store = room.known(asked), room.desk.store
    if store.of(asked.who, name).get(STATE) != "done":
        raise UsageError("first your own answers, then what graders found")
    store.save(name, {SEEN: "yes"}, author=asked.who)
    return room.go(f"{item_path(name)}", asked)


def compare_answers(room: Room, asked: Asked) -> Response:
    """Show how people agree from now on, to whoever has answered everything: their answers then stay."""
    desk, states = room.desk, room.desk.states(asked.who)
    if desk.waiting(asked.who):
        raise UsageError("first your own answers to every item, then other people's")
    desk.store.mark(asked.who, [one for one in desk.queue if states.get(one) == "done"], SEEN)
    return room.go("/calibration")


def undo(room: Room, asked: Asked) -> Response:
    """Take back this reviewer's last click and go to its item."""
    name = room.desk.store.undo(asked.who)
    if name is None:
        return room.go("/", asked, "There is nothing to undo.")
    return room.go(item_path(name), asked, f"Undone: the last change to {name}.")


def prefer(room: Room, asked: Asked) -> Response:
    """Save which of two replies is the better one, by the side that was shown, as whose reply it is."""
    name = room.known(asked)
    if name not in room.desk.bench.pairs:
        raise UsageError(f"{name}: there is no second reply to compare with")
    chosen = asked.form.get("chosen", "")
    if chosen not in ("left", "right", "alike", "neither"):
        raise UsageError("choose one: left, right, alike or neither")
    if chosen in ("left", "right"):
        swapped = room.desk.bench.swapped(name, asked.who)
        chosen = "ai" if (chosen == "left") != swapped else "human"
    room.desk.store.save(name, {PREFERENCE: chosen}, author=asked.who)
    return room.go("/compare")


def decide(room: Room, asked: Asked) -> Response:
    """Save what holds of a disputed item; who decided it is kept as the author."""
    if asked.role != "lead":
        raise UsageError("disputes are decided at the lead's address")
    name, desk = room.known(asked), room.desk
    known = {one.name for one in desk.scorecard.criteria} | {COMMENT}
    values = desk.checked({field: value for field, value in asked.form.items() if field in known})
    desk.store.save(name, values, author=asked.who, rater=DECISION)
    return room.go("/calibration", told=f"Decided: {name}.")


def note(room: Room, asked: Asked) -> Response:
    """Save a version of the guideline notes."""
    text, on = cleaned(asked.form.get("text", "")), asked.form.get("on", "")
    if len(text) > NOTE:
        raise UsageError(f"notes of up to {NOTE} characters, got {len(text)}: nothing was saved")
    if not on.isdecimal() or len(on) > 9:
        raise UsageError("the form does not say which version it is on: nothing was saved")
    notes = room.desk.store.notes()
    if text == (notes[-1].text if notes else ""):
        return room.go("/guideline", told="Nothing was changed.")
    made = room.desk.store.write_note(text, asked.who, on=int(on))
    return room.go("/guideline", told=f"Version {made.version} is saved.")


def make_test(room: Room, asked: Asked) -> Response:
    """Turn a failure into a test of the suite."""
    name = room.known(asked)
    if room.desk.store.of(asked.who, name).get(STATE) != "done":
        raise UsageError("answer the item first")
    wanted = Wanted(
        say=tuple(one.strip() for one in cleaned(asked.form.get("say", "")).splitlines() if one.strip()),
        never=tuple(one.strip() for one in cleaned(asked.form.get("never", "")).splitlines() if one.strip()),
    )
    made = to_test(room.desk, name, wanted, author=asked.who)
    told = f"{made.path.name} is in datasets/regressions: `pytest evals/` asks for it from now on."
    return room.go(item_path(name), asked, told)
