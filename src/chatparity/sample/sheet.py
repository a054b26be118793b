"""The sheet people fill in: a CSV that no spreadsheet can take for formulas, and that any spreadsheet may give back."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.sample.result import Material, Shown

# The first word of a heading is what it is known by when the sheet comes back; the rest says what to write.
GIVEN = ("item", "id", "turn", "trial", "customer", "reply")
DESIGN = ("inclusion_probability", "stratum")  # last, out of the eyes of those who should not know what graders found
HEADINGS = {
    "accuracy": "accuracy (0 to 1)",
    "politeness": "politeness (1 to 5)",
    "hallucinated": "hallucinated (yes/no)",
    "escalation": "escalation (none/offer/now)",
    "note": "note",
    "reviewer": "reviewer",
}
SEPARATORS = (",", ";", "\t")
CELL = 32_000  # Excel cuts a cell off at 32,767 characters
FORMULA = re.compile(r"^(?=[\s'\"]*[=+\-@＝＋－＠\t\r\n])")
# Joiners shape Persian, Indic scripts and emoji; the marks stand in honest Arabic and Hebrew. The rest ends a line.
KEPT = frozenset("\u200c\u200d\u200e\u200f\u061c\t\n\r\v\f\x85")
# Where a sheet is opened with another separator than it was written with, a cell may begin inside a text.
INNER = re.compile(r"([;,\t][\s\"]*)(?=[=+\-@＝＋－＠])")


def safe(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula, on one line.

    An apostrophe goes before a cell, or what another separator would make a cell, that begins like a formula.
    Line breaks become "⏎": a sheet opened with another separator would begin a new row at one.
    """
    seen = text if text.isascii() and text.isprintable() else "".join(map(_visible, text))
    line = " ⏎ ".join(part.strip() for part in re.split(r"[\r\n\v\f\x85\u2028\u2029]+", seen) if part.strip())
    line = line if len(line) <= CELL else line[: CELL - 30] + " … (whole on the page)"
    return FORMULA.sub("'", INNER.sub(r"\1'", line))


def _visible(character: str) -> str:
    """Return a character, or the sign for one that cannot be shown where it controls, hides or turns round."""
    hidden = character not in KEPT and unicodedata.category(character) in ("Cc", "Cf", "Cs")
    return "\ufffd" if hidden else character


def written(material: Material, separator: str = ",") -> bytes:
    """Return the sheet of a sample: UTF-8 with the mark that Excel asks for, CRLF, one row an item."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow([*GIVEN, *HEADINGS.values(), *DESIGN])
    for shown in material.shown:
        design = (f"{shown.item.inclusion_probability:.6g}", shown.item.stratum)
        writer.writerow([*_given(shown), *("" for _ in HEADINGS), *design])
    return b"\xef\xbb\xbf" + text.getvalue().encode(errors="replace")


def _given(shown: Shown) -> tuple[str, ...]:
    """Return the cells of an item that are filled in already, in the order of GIVEN."""
    item = shown.item
    called = "; ".join(f"[{call.name}{'' if call.ok else ' failed'}]" for call in shown.reply.tool_calls)
    reply = "\n".join(part for part in (shown.reply.text, called) if part)
    return (
        item.item,
        safe(item.id),
        str(item.turn),
        str(item.trial),
        safe(shown.point.customer_text),
        safe(reply),
    )


@dataclass(frozen=True)
class Row:
    """A row as it came back: its number in the spreadsheet (headings are row 1) and its cells by column."""

    number: int
    cells: Mapping[str, str]


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a sheet that have anything in them, with the columns that are known, whatever their order.

    Reads what spreadsheets write: UTF-8 with or without a mark, UTF-16, comma, semicolon or tab, LF or CRLF, line
    breaks in cells, columns added. A file ending in .jsonl holds one object an item, as `chatparity review` writes it.
    Raises InputError when it is no such sheet.
    """
    if path.suffix == ".jsonl":
        yield from _objects_of(path)
        return
    text = _text(path)
    first, _, rest = text.partition("\n")
    if re.fullmatch(r"\"?sep=.\"?\s*", first):
        text = rest
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)))
    except csv.Error as error:
        raise InputError([Problem(path, None, "", f"expected a CSV: {error}")]) from error
    headings = [_known(cell) for cell in table[0]] if table else []
    missing = [name for name in ("item", *HEADINGS) if name not in headings]
    if missing:
        message = f"expected a row of headings with {', '.join(missing)}: is this the sheet of a sample?"
        raise InputError([Problem(path, None, "row 1", message)])
    twice = sorted({name for name in headings if name and headings.count(name) > 1})
    if twice:
        raise InputError([Problem(path, None, "row 1", f"expected one column each of {', '.join(twice)}")])
    for number, cells in enumerate(table[1:], 2):
        named = {name: cell.strip() for name, cell in zip(headings, cells, strict=False) if name}
        if any(named.values()):
            yield Row(number, named)


def _objects_of(path: Path) -> Iterator[Row]:
    """Yield the objects of JSON Lines as rows, numbered by their line; a value that is null is an empty cell."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    for number, line in enumerate(_text(path).splitlines(), 1):
        try:
            given = decoder.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            message = f"expected an object with the answers to one item: {error}"
            raise InputError([Problem(path, number, "", message)]) from error
        named = {name: given.get(name) for name in (*GIVEN, *HEADINGS, *DESIGN)}
        yield Row(number, {name: "" if value is None else str(value).strip() for name, value in named.items()})


def _text(path: Path) -> str:
    """Decode a sheet. Raises InputError when it is in an alphabet that cannot be told for certain."""
    try:
        data = path.read_bytes()
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except FileNotFoundError as error:
        raise InputError([Problem(path, None, "", "no such file: expected the sheet that was filled in")]) from error
    except OSError as error:
        raise InputError([Problem(path, None, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        message = "expected UTF-8: save it as “CSV UTF-8” (a workbook, .xlsx or .ods, must be saved as CSV)"
        raise InputError([Problem(path, None, "", message)]) from error


def _separator(text: str) -> str:
    """Return the separator with which the first row has most known headings."""
    line = io.StringIO(text, newline="").readline()

    def known(separator: str) -> int:
        return sum(_known(cell) != "" for cell in next(csv.reader([line], delimiter=separator), []))

    return max(SEPARATORS, key=known)


def _known(heading: str) -> str:
    """Return the column that a heading stands for, or "" for one of somebody's own."""
    word = re.match(r"\W*(\w+)", heading.lower())
    return word[1] if word and word[1] in (*GIVEN, *HEADINGS, *DESIGN) else ""
