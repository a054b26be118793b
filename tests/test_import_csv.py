"""CSV as spreadsheets and databases write it, and what its labels become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatparity.errors import InputError, Problem
from chatparity.importers import ImportResult, import_file, load_mapping
from chatparity.transcript import AnswerLabel, EscalationLabel, Transcript

HEAD = "conversation,speaker,text\n"


def imported(folder: Path, content: bytes | str, mapping: str | None = None, **options: Any) -> ImportResult:
    path = folder / "chats.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if mapping is not None:
        (folder / "map.toml").write_text(mapping, encoding="utf-8")
        options["mapping"] = load_mapping(folder / "map.toml")
    return import_file("csv", path, **{"language": "pl", **options})


def only(folder: Path, content: bytes | str, mapping: str | None = None) -> Transcript:
    (transcript,) = imported(folder, content, mapping).transcripts
    return transcript


def wrong(folder: Path, content: bytes | str) -> list[str]:
    with pytest.raises(InputError) as caught:
        list(imported(folder, content).transcripts)
    return [str(one).removeprefix(str(folder / "chats.csv")) for one in caught.value.problems]


def texts(talk: Transcript) -> list[str]:
    return [turn.text for turn in talk.turns]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiter_and_encoding_are_told_from_the_file(delimiter: str, encoding: str, tmp_path: Path) -> None:
    rows = [
        ["conversation", "speaker", "text"],
        ["1", "customer", "Zażółć, gęślą; jaźń"],
        ["1", "agent", "Dzień dobry"],
    ]
    content = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert texts(only(tmp_path, content.encode(encoding))) == ["Zażółć, gęślą; jaźń", "Dzień dobry"]


def test_excels_line_that_names_the_delimiter_is_no_row(tmp_path: Path) -> None:
    content = "sep=;\r\nconversation;speaker;text\r\n1;customer;Hi, you\r\n"
    assert texts(only(tmp_path, content)) == ["Hi, you"]


def test_a_file_that_is_not_utf8_is_read_as_windows_and_says_so(tmp_path: Path) -> None:
    result = imported(tmp_path, (HEAD + "1,customer,Grüße\n").encode("cp1252"))
    assert [texts(one) for one in result.transcripts] == [["Grüße"]]
    assert any("Windows-1252" in note.text for note in result.notes)
    polish = (HEAD + "1,customer,Żółw\n").encode("cp1250")
    assert texts(only(tmp_path, polish, 'reading.encoding = "cp1250"')) == ["Żółw"]


def test_columns_have_the_names_that_spreadsheets_give_them(tmp_path: Path) -> None:
    content = "Ticket ID,Author,Message,Timestamp\n9,customer,Hi,2026-01-01 10:00\n9,bot,Hello,2026-01-01 10:00:05\n"
    found = only(tmp_path, content)
    assert (found.id, [turn.speaker for turn in found.turns]) == ("9", ["customer", "ai_agent"])
    assert [turn.at for turn in found.turns] == [0, 5]


def test_rows_of_conversations_may_be_mixed(tmp_path: Path) -> None:
    found = list(
        imported(tmp_path, HEAD + "1,customer,a\n2,customer,b\n1,agent,c\n2,agent,d\n1,customer,e\n").transcripts
    )
    assert {one.id: texts(one) for one in found} == {"1": ["a", "c", "e"], "2": ["b", "d"]}


def test_a_conversation_is_there_before_the_file_was_read_to_its_end(tmp_path: Path) -> None:
    rows = "".join(f"{number},customer,Hi\n{number},agent,Hello\n" for number in range(5000))
    told: list[int] = []
    result = imported(tmp_path, HEAD + rows, on_progress=lambda done, _: told.append(done))
    next(result.transcripts)
    half = (len(HEAD) + len(rows)) // 2
    assert told[-1] < half * 1.2


def test_label_columns_become_labels_of_the_answer(tmp_path: Path) -> None:
    head = "conversation,speaker,text,accuracy,politeness,hallucinated,note,escalation,escalation_reason,csat,intent\n"
    rows = (
        "1,customer,A person!,,,,,,,4,wish\n1,agent,Of course.,0.5,5,no,fine,now,asked,,\n1,customer,Thanks,,,,,,,,\n"
    )
    found = only(tmp_path, head + rows)
    assert found.labels.answers == (AnswerLabel(turn=1, accuracy=0.5, politeness=5, hallucinated=False, note="fine"),)
    assert found.labels.escalation == (EscalationLabel(turn=1, expect="now", reason="asked"),)
    assert (found.outcome.csat, found.intent, found.labels.facts) == (4, "wish", None)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("9,,,agent", ":2: labels.answers[0].politeness: expected `int` <= 5"),
        ("x,,,agent", ':3: politeness: expected a number, got "x"'),
        (",maybe,,agent", ':3: hallucinated: expected yes or no, got "maybe"'),
        (",,perhaps,agent", ':2: labels.escalation[0].expect: expected one of "none", "now", "offer", got \'perhaps\''),
        ("3,,,customer", ":2: labels.answers[0].turn: expected the turn of an answer"),
    ],
)
def test_a_label_that_cannot_be_is_a_problem(cells: str, expected: str, tmp_path: Path) -> None:
    head = "politeness,hallucinated,escalation,speaker,conversation,text\n"
    (found,) = wrong(tmp_path, head + ",,,customer,1,Hi\n" + cells + ",1,Hello\n")
    assert found.startswith(expected)


def test_what_no_column_is_for_and_what_differs_is_counted(tmp_path: Path) -> None:
    content = "conversation,speaker,text,market,mood\n1,customer,Hi,PL,sad\n1,agent,Hello,DE,\n1,agent,,PL,glad\n"
    result = imported(tmp_path, content)
    (found,) = result.transcripts
    notes = {note.text: (note.count, note.first.rpartition(":")[2]) for note in result.notes}
    assert found.market == "PL"
    assert notes['filled cell of the column "mood", which is not known, left out'] == (2, "2")
    assert notes['row whose "market" differs from its conversation\'s first: the first is taken'] == (1, "3")
    assert notes["message without a text left out"] == (1, "4")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ":1: expected a first row with the columns conversation, speaker and text, got none"),
        ("a,b\n1,2\n", "got a, b: conversation, speaker, text missing"),
        ("text,text\n", ":1: expected columns with different names"),
        (HEAD + "1,customer\n", ":2: expected 3 cells, got 2"),
        (HEAD + '1,customer,"a\nb"\n1,agent\n', ":4: expected 3 cells, got 2"),
        (HEAD + ",customer,Hi\n", ":2: conversation: expected the conversation"),
        (HEAD + "1,ghost,Hi\n", ':2: message 0: no speaker is known for "ghost"'),
        (HEAD + '1,customer,"Hi\n', ":2: expected a row of a CSV file (a quote left open?)"),
        (HEAD + "1,agent,Hi\n", ':2: turns: expected at least one turn whose speaker is "customer"'),
        (
            "conversation,speaker,text,time\n1,customer,Hi,yesterday\n",
            ":2: message 0: expected a time (ISO 8601 or seconds since 1970), got 'yesterday'",
        ),
    ],
)
def test_what_is_no_such_csv_is_a_problem_with_its_line(content: str, expected: str, tmp_path: Path) -> None:
    assert expected in wrong(tmp_path, content)[0]


def test_a_mapping_names_other_columns_even_with_spaces(tmp_path: Path) -> None:
    content = "Chat no.,Wer,Was,Wann\n7,Kundin,Hallo,1767225600\n7,Bot,Tag,1767225601\n"
    fields = '[fields]\nid = \'"Chat no."\'\n[message]\ntext = "Was"\nspeaker = "Wer"\ntime = "Wann"\n'
    result = imported(tmp_path, content, fields + '[speakers]\nkundin = "customer"')
    (found,) = result.transcripts
    assert (found.id, texts(found), [turn.at for turn in found.turns]) == ("7", ["Hallo", "Tag"], [0, 1])
    assert result.notes == ()


def test_a_conversation_with_a_broken_row_is_left_out_whole(tmp_path: Path) -> None:
    rows = " 1,customer,Hi\n2,customer,Yes\n1,agent\n2,agent,No\n1,customer,Hello?\n"
    left_out: list[Problem] = []
    result = imported(tmp_path, HEAD + rows, skip_invalid=left_out)
    assert [one.id for one in result.transcripts] == ["2"]
    assert [str(one).rpartition("/")[2] for one in left_out] == ["chats.csv:4: expected 3 cells, got 2"]


def test_a_file_that_cannot_be_read_to_its_end_is_not_imported_by_half(tmp_path: Path) -> None:
    rows = '1,customer,Hi\n1,agent,"Hello\n2,customer,Yes\n2,agent,No\n'
    with pytest.raises(InputError, match=r":3: expected a row of a CSV file \(a quote left open\?\)"):
        list(imported(tmp_path, HEAD + rows, skip_invalid=[]).transcripts)
