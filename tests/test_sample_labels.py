"""The filled-in sheet comes back as labels, whatever spreadsheet it went through; what cannot be read is named."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatparity.errors import InputError
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.points import points_of
from chatparity.sample import Labelled, Sample, read_labels, sample_transcripts
from chatparity.suite import load_suite
from chatparity.transcript import AnswerLabel, EscalationLabel, Labels, Transcript, Turn

Table = list[list[str]]
FILLED = {
    "accuracy": "0.5",
    "politeness": "4",
    "hallucinated": "no",
    "escalation": "offer",
    "note": "",
    "reviewer": "Ana",
}


def talk(number: int, labels: Labels | None = None) -> Transcript:
    said = ("Where is it?", "It is on its way.", "Thanks, and when?", "On Monday.", "I want a person.", "One moment.")
    turns = tuple(Turn(speaker="human_agent" if n % 2 else "customer", text=text) for n, text in enumerate(said))
    return Transcript(schema=1, id=f"en-{number}", language="en", turns=turns, labels=labels or Labels())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_transcripts(tmp_path / "logs.jsonl", [talk(number) for number in range(4)])
    draw(tmp_path / "logs.jsonl", tmp_path / "s", 12)
    return tmp_path / "s"


def draw(logs: Path, out: Path, n: int) -> Sample:
    return asyncio.run(sample_transcripts([logs], load_suite(), out, n=n, share_random=1.0))


def table(folder: Path) -> Table:
    text = (folder / "sample.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def place(cells: Table, column: str) -> int:
    return next(number for number, heading in enumerate(cells[0]) if heading.startswith(column))


def filled(folder: Path, rows: int = 12, **said: str) -> Table:
    cells = table(folder)
    for row in cells[1 : rows + 1]:
        for column, value in {**FILLED, **said}.items():
            row[place(cells, column)] = value
    return cells


def saved(
    cells: Table, *, separator: str = ",", end: str = "\r\n", encoding: str = "utf-8-sig", head: str = ""
) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(cells)
    return (head + text.getvalue()).encode(encoding)


def back(folder: Path, data: bytes) -> Labelled:
    (folder / "sample.csv").write_bytes(data)
    return read_labels(folder)


def turned(cells: Table) -> Table:
    """Reverse the columns, put one in between, and leave an empty row behind."""
    return [["mine", *reversed(row)] for row in cells] + [[""] * 3, []]


SPREADSHEETS: dict[str, Callable[[Table], bytes]] = {
    "as written": saved,
    "Google Sheets": lambda cells: saved(cells, encoding="utf-8"),
    "LibreOffice": lambda cells: saved(cells, end="\n", encoding="utf-8"),
    "Excel in German": lambda cells: saved(cells, separator=";"),
    "Excel with sep=": lambda cells: saved(cells, separator=";", head="sep=;\r\n"),
    "Excel Unicode text": lambda cells: saved(cells, separator="\t", encoding="utf-16"),
    "an old Mac": lambda cells: saved(cells, end="\r", encoding="utf-8"),
    "columns moved and added": lambda cells: saved(turned(cells)),
    "rows sorted otherwise": lambda cells: saved([cells[0], *sorted(cells[1:], reverse=True)]),
}


@pytest.mark.parametrize("name", SPREADSHEETS)
@pytest.mark.parametrize("half", ["0.5", "0,5", "50%", "50 %", ".5", "0.50"])
def test_labels_come_back_from_every_spreadsheet(folder: Path, name: str, half: str) -> None:
    cells = filled(folder, accuracy=half, note='said "x", twice\nand; more', politeness="4,0")
    found = back(folder, SPREADSHEETS[name](cells))
    assert (found.filled, found.empty, len(found.transcripts)) == (12, 0, 4)
    for one in found.transcripts:
        assert [msg.turn for msg in one.labels.answers or ()] == [1, 3, 5]
        for label in one.labels.answers or ():
            assert (label.accuracy, label.politeness, label.hallucinated) == (0.5, 4, False)
            assert label.note.splitlines() == ['said "x", twice', "and; more"]
        assert {label.expect for label in one.labels.escalation or ()} == {"offer"}
        assert {review["reviewer"] for review in one.meta["review"]} == {"Ana"}


def test_every_bad_cell_is_named_with_its_row_column_and_what_was_expected(folder: Path) -> None:
    cells = filled(folder)
    bad = {1: ("accuracy", "1.5"), 2: ("politeness", "4.5"), 4: ("hallucinated", "maybe"), 5: ("escalation", "later")}
    for row, (column, value) in bad.items():
        cells[row][place(cells, column)] = value
    cells[7][place(cells, "item")] = "s00000-1"
    cells[9][0] = cells[8][0]
    with pytest.raises(InputError) as caught:
        back(folder, saved(cells))
    told = [str(problem).partition("sample.csv: ")[2] for problem in caught.value.problems]
    assert told[:4] == [
        'row 2, column accuracy: expected a number from 0 to 1 (0.5, 0,5 or 50%), got "1.5"',
        'row 3, column politeness: expected a whole number from 1 to 5, got "4.5"',
        'row 5, column hallucinated: expected yes or no, got "maybe"',
        'row 6, column escalation: expected none, offer or now, got "later"',
    ]
    assert "row 8, column item: expected an item of this sample" in told[4]
    assert "row 10, column item: expected each item once: it stands in row 9 too" in told[5]
    assert len(told) == 6


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"PK\x03\x04\xff\xfe\x99workbook", "CSV UTF-8"),
        ("item,note\r\ns1-1,naïve".encode("cp1252"), "CSV UTF-8"),
        (b"a,b\r\n1,2\r\n", "expected a row of headings with item, accuracy"),
        (b"", "expected a row of headings"),
        (b"item,accuracy,accuracy,politeness,hallucinated,escalation,note,reviewer\r\n", "one column each of accuracy"),
    ],
)
def test_a_file_that_is_no_filled_in_sheet_is_refused_with_what_to_do(folder: Path, data: bytes, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        back(folder, data)


def test_what_is_left_empty_is_no_label(folder: Path) -> None:
    cells = filled(folder, rows=1, accuracy="", politeness="", escalation="", hallucinated="yes")
    cells[2][place(cells, "reviewer")] = "Ben"
    found = back(folder, saved(cells))
    assert (found.filled, found.empty) == (1, 11)
    [one] = found.transcripts
    [label] = one.labels.answers or ()
    assert (label.accuracy, label.politeness, label.hallucinated) == (None, None, True)
    assert one.labels.escalation is None


def test_rows_that_somebody_deleted_count_as_not_filled_in(folder: Path) -> None:
    cells = filled(folder)
    found = back(folder, saved([cells[0], *cells[4:]]))
    assert (found.filled, found.empty) == (9, 3)


def test_an_answer_nobody_looked_at_gets_no_escalation_label(folder: Path) -> None:
    cells = table(folder)
    row = next(row for row in cells if row[1:3] == ["en-2", "5"])
    row[place(cells, "escalation")] = "now"
    other = next(row for row in cells if row[1:3] == ["en-2", "3"])
    other[place(cells, "escalation")] = "none"
    [one] = back(folder, saved(cells)).transcripts
    assert (one.id, one.labels.escalation_turns) == ("en-2", (3, 5))
    labels = {point.turn: point.labels.escalation for point in points_of(one)}
    assert labels[1] is None
    assert [(label.turn, label.expect) for label in labels[5] or ()] == [(3, "none"), (5, "now")]


def test_labels_that_were_there_stay_where_nobody_said_otherwise(tmp_path: Path) -> None:
    gold = Labels(
        escalation=(EscalationLabel(turn=5, expect="now", reason="explicit_request"),),
        answers=(AnswerLabel(turn=1, accuracy=1.0, politeness=5), AnswerLabel(turn=3, politeness=3)),
    )
    write_transcripts(tmp_path / "logs.jsonl", [talk(0, gold)])
    draw(tmp_path / "logs.jsonl", tmp_path / "s", 3)
    cells = table(tmp_path / "s")
    row = next(row for row in cells if row[2] == "1")
    row[place(cells, "accuracy")] = "0"
    row[place(cells, "escalation")] = "offer"
    [one] = back(tmp_path / "s", saved(cells)).transcripts
    assert one.labels.answers == (AnswerLabel(turn=1, accuracy=0.0, politeness=5), AnswerLabel(turn=3, politeness=3))
    assert [(label.turn, label.expect) for label in one.labels.escalation or ()] == [(1, "offer"), (5, "now")]
    assert one.labels.escalation_turns is None, "a conversation that was labelled whole stays so"


def test_a_sheet_may_come_back_under_another_name(folder: Path) -> None:
    (folder / "sample - Sheet1.csv").write_bytes(saved(filled(folder), encoding="utf-8"))
    assert read_labels(folder, folder / "sample - Sheet1.csv").filled == 12


said = st.fixed_dictionaries(
    {
        "accuracy": st.one_of(st.just(""), st.floats(0, 1).map(lambda one: f"{one:.3f}")),
        "politeness": st.sampled_from(["", "1", "2", "3", "4", "5"]),
        "hallucinated": st.sampled_from(["", "yes", "No", "TRUE", "falsch"]),
        "escalation": st.sampled_from(["", "none", "Offer", "now"]),
        "note": st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(said, min_size=12, max_size=12), separator=st.sampled_from([",", ";", "\t"]))
def test_what_people_write_is_what_is_read(folder: Path, rows: list[dict[str, str]], separator: str) -> None:
    cells = table(folder)
    for row, values in zip(cells[1:], rows, strict=True):
        for column, value in values.items():
            row[place(cells, column)] = value
    path = folder / "filled.csv"
    path.write_bytes(saved(cells, separator=separator))
    found = read_labels(folder, path)
    assert found.filled == sum(any(values.values()) for values in rows)
    by_id = {one.id: one for one in found.transcripts}
    for row, values in zip(cells[1:], rows, strict=True):
        one = by_id.get(row[1])
        given_labels = {label.turn: label for label in one.labels.answers or ()} if one else {}
        label = given_labels.get(int(row[2]), AnswerLabel(turn=int(row[2])))
        assert label.accuracy == (float(values["accuracy"]) if values["accuracy"] else None)
        assert label.politeness == (int(values["politeness"]) if values["politeness"] else None)
        assert (
            label.hallucinated
            == {"": None, "yes": True, "TRUE": True, "No": False, "falsch": False}[values["hallucinated"]]
        )
        assert label.note == values["note"]


def test_labelled_transcripts_are_valid_and_can_be_sampled_again(folder: Path, tmp_path: Path) -> None:
    found = back(folder, saved(filled(folder)))
    write_transcripts(tmp_path / "labelled.jsonl", found.transcripts)
    assert tuple(read_transcripts([tmp_path / "labelled.jsonl"])) == found.transcripts
    assert len(draw(tmp_path / "labelled.jsonl", tmp_path / "again", 5).items) == 5
