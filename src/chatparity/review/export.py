"""Labels written to files: the sheet as CSV, one line an item as JSON Lines, and every change there was."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonlines
import msgspec

from chatparity.review.desk import COMMENT, PREFERENCE, Desk
from chatparity.review.resolve import Resolved, finished, resolved
from chatparity.sample.sheet import HEADINGS, safe

SHEET = ("accuracy", "politeness", "hallucinated", "escalation")
SETTLED = "reviewed.jsonl"


def sheet(desk: Desk, separator: str = ",") -> bytes:
    """Return what is settled of each item as the sheet that `chatparity sample --labels` reads, a column a criterion.

    No cell can act in a spreadsheet. UTF-8 with the mark that Excel asks for, CRLF.
    """
    own = [one.name for one in desk.scorecard.criteria if one.name not in SHEET]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    head = [HEADINGS[name] for name in SHEET]
    tail = ["card", "disputed", "inclusion_probability", "stratum"]
    writer.writerow(["item", "id", "turn", *head, *own, HEADINGS["note"], HEADINGS["reviewer"], *tail])
    for one in resolved(desk):
        item = desk.bench.items[one.item]
        card = desk.card(one.item, one.answers)
        writer.writerow(
            [
                item.item,
                safe(item.id),
                item.turn,
                *(safe(one.answers.get(name, "")) for name in (*SHEET, *own)),
                safe(_note(one)),
                safe(", ".join(one.reviewers)),
                "" if card.score is None else f"{card.score:.3g}",
                " ".join(one.disputed),
                f"{item.inclusion_probability:.6g}",
                safe(item.stratum),
            ]
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode(errors="replace")


def lines(desk: Desk) -> Iterator[dict[str, Any]]:
    """Yield one object an item that anybody finished: what is settled, how, and what each person said.

    `item`, the columns of the sheet by their names, `note` and `reviewer` are what `chatparity sample --labels` reads.
    """
    everything = desk.store.everything()
    for one in resolved(desk):
        item = desk.bench.items[one.item]
        card = desk.card(one.item, one.answers)
        yield {
            "sample": desk.bench.sample.name,
            "item": item.item,
            "id": item.id,
            "turn": item.turn,
            "trial": item.trial,
            "language": item.language,
            "cluster": item.cluster,
            "stratum": item.stratum,
            "inclusion_probability": item.inclusion_probability,
            **{criterion.name: one.answers.get(criterion.name) for criterion in desk.scorecard.criteria},
            "note": _note(one),
            "reviewer": ", ".join(one.reviewers),
            "card": card.score,
            "zeroed": list(card.zeroed),
            "how": dict(one.how),
            "disputed": one.disputed,
            "scorecard": desk.scorecard.version,
            "reviews": [_review(desk, rater, said) for rater, said in finished(everything[one.item]).items()],
        }


def _review(desk: Desk, rater: str, said: Mapping[str, str]) -> dict[str, Any]:
    """Return what one person said."""
    answers = {one.name: said[one.name] for one in desk.scorecard.criteria if one.name in said}
    more = {name: said[name] for name in (COMMENT, PREFERENCE) if name in said}
    return {"reviewer": rater, "answers": answers, **more}


def _note(one: Resolved) -> str:
    """Return the comments, with their authors where there are several."""
    if len(one.comments) == 1:
        return one.comments[0][1]
    return " / ".join(f"{rater}: {text}" for rater, text in one.comments)


def settled(desk: Desk) -> Path | None:
    """Write `lines` into the sample's folder and return the file; None, and no file, where nobody finished an item."""
    if next(resolved(desk), None) is None:
        return None
    path = desk.bench.folder / SETTLED
    write_lines(path, lines(desk))
    return path


def history(desk: Desk) -> Iterator[dict[str, Any]]:
    """Yield every change of every answer, oldest first."""
    for change in desk.store.history():
        yield dataclasses.asdict(change)


def write_lines(path: Path, rows: Iterator[dict[str, Any]]) -> int:
    """Write objects, one a line; the file appears only when it is whole. Return how many there are."""
    half = path.with_name(path.name + ".part")
    encoder = msgspec.json.Encoder()
    count = 0
    try:
        with half.open("w", encoding="utf-8", newline="\n") as file:
            writer = jsonlines.Writer(file, dumps=lambda row: encoder.encode(row).decode())
            for row in rows:
                writer.write(row)
                count += 1
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return count
