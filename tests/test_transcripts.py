"""Transcripts: what a file may hold, what is said when it does not, and that nothing is lost on the way."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import jsonschema
import msgspec
import pytest
from hypothesis import given, settings

from chatparity.errors import InputError, Problem, UsageError
from chatparity.jsonl import Journal, passed_over, read_transcripts, scan, transcript_files, write_transcripts
from chatparity.points import points_of, recorded_reply
from chatparity.transcript import Labels, Transcript, Turn, answer_turns, json_schema

LINE: dict[str, object] = {
    "schema": 1,
    "id": "pl-0412",
    "language": "pl",
    "turns": [
        {"speaker": "customer", "text": "Gdzie jest mój zwrot?", "at": 0},
        {"speaker": "human_agent", "text": "Wróci do 12 marca.", "at": 41},
    ],
}


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(json.dumps(line) if isinstance(line, dict) else str(line) for line in lines) + "\n")
    return path


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_transcripts([path])
    return str(caught.value)


def changed(**fields: object) -> dict[str, object]:
    return {**LINE, **fields}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{not json", ":2: expected JSON"),
        ("", ":2: expected a transcript, got a blank line"),
        ('{"schema": 1, "id": "x"', ":2: the line breaks off"),
        ('{"schema": 1, "id": "x", "meta": {"a": ' + 100_000 * "[", ":2: nested too deeply to be read"),
        (
            changed(id="b", turns=[{"speaker": "robot", "text": "hi"}]),
            ':2: turns[0].speaker: expected one of "ai_agent"',
        ),
        (changed(id="b", extra=1), ":2: unknown field (your own data goes under `meta`): `extra`"),
        (changed(id="b", turns=[]), ":2: turns: expected"),
        (changed(id="b", schema=7), ":2: schema: expected"),
        (changed(), ':2: id: expected an id of its own, got "pl-0412"'),
        (
            changed(id="b", labels={"escalation": [{"turn": 0, "expect": "now"}]}),
            ":2: labels.escalation[0].turn: expected the turn of an answer (1), got 0",
        ),
        (changed(id="b", turns=[{"speaker": "human_agent", "text": "hi"}]), "at least one turn whose speaker"),
    ],
)
def test_a_bad_line_is_named_with_file_line_field_and_remedy(tmp_path: Path, line: object, said: str) -> None:
    path = write(tmp_path / "logs.jsonl", LINE, line)
    text = complaint(path)
    assert text.startswith(f"{path}:2: ")
    assert said in text


def test_every_problem_of_every_file_is_listed_at_once(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", "{", changed(id=7))
    write(tmp_path / "b.jsonl", LINE, "[]")
    assert len(complaint(tmp_path).splitlines()) == 3


def test_bytes_that_are_not_utf8_are_a_problem_of_their_line_only(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes(json.dumps(LINE).encode() + b'\n{"schema": 1, "id": "\xe9t\xe9"}\n')
    found = [item for _, _, item in scan([path])]
    assert isinstance(found[0], Transcript)
    assert isinstance(found[1], Problem)
    assert "expected UTF-8, got byte 0xe9" in str(found[1])


def test_an_empty_file_a_missing_file_and_a_folder_without_transcripts_are_told_apart(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert "the file is empty" in complaint(empty)
    with pytest.raises(UsageError, match="no such file or folder"):
        read_transcripts([tmp_path / "nowhere.jsonl"])
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(UsageError, match=r"expected files ending in \.jsonl"):
        read_transcripts([bare])


def test_a_line_of_ten_megabytes_is_read(tmp_path: Path) -> None:
    long = changed(turns=[{"speaker": "customer", "text": "x" * 10_000_000}])
    [transcript] = read_transcripts([write(tmp_path / "long.jsonl", long)])
    assert len(transcript.turns[0].text) == 10_000_000


def test_a_byte_order_mark_and_a_missing_last_line_break_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "bom.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(LINE).encode())
    assert [one.id for one in read_transcripts([path])] == ["pl-0412"]


def test_skipped_lines_are_handed_back_not_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "mixed.jsonl", LINE, "{", changed(id="second"))
    skipped: list[Problem] = []
    assert [one.id for one in read_transcripts([path], skip_invalid=skipped)] == ["pl-0412", "second"]
    assert [problem.line for problem in skipped] == [2]


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda text: text.strip())
turns = st.builds(
    Turn, speaker=st.sampled_from(["customer", "human_agent", "ai_agent"]), text=texts, at=st.none() | st.floats(0, 1e6)
)
transcripts = st.builds(
    Transcript,
    schema=st.just(1),
    id=texts,
    language=st.sampled_from(["en", "pl", "pt-BR", "ar"]),
    turns=st.lists(turns, max_size=6).map(lambda more: (Turn(speaker="customer", text="?"), *more)),
    intent=st.none() | texts,
    meta=st.dictionaries(texts, st.integers() | texts, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(transcripts, max_size=4, unique_by=lambda one: one.id))
def test_what_is_written_is_read_again_unchanged(
    tmp_path_factory: pytest.TempPathFactory, many: list[Transcript]
) -> None:
    path = tmp_path_factory.mktemp("round") / "t.jsonl"
    assert write_transcripts(path, many) == len(many)
    if many:
        assert read_transcripts([path]) == many


def test_a_file_that_cannot_be_finished_is_not_left_behind(tmp_path: Path) -> None:
    def breaking() -> Iterator[Transcript]:
        yield msgspec.convert(LINE, Transcript)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        write_transcripts(tmp_path / "out.jsonl", breaking())
    assert list(tmp_path.iterdir()) == []


def test_the_published_json_schema_accepts_what_is_written_and_refuses_what_is_not(tmp_path: Path) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(json.loads(msgspec.json.encode(msgspec.convert(LINE, Transcript))))
    assert not validator.is_valid(changed(turns=[]))
    assert not validator.is_valid(changed(extra=1))


def test_the_schema_in_the_datasets_folder_is_the_one_the_code_reads() -> None:
    published = Path(__file__).parents[1] / "datasets" / "transcript.schema.json"
    assert json.loads(published.read_text()) == json.loads(json.dumps(json_schema()))


def conversation(*speakers: str, labels: Labels | None = None) -> Transcript:
    made = tuple(Turn(speaker=one, text=f"{one} {n}", at=10.0 * n) for n, one in enumerate(speakers))  # type: ignore[arg-type]
    return Transcript(schema=1, id="x", language="en", turns=made, labels=labels or Labels())


def test_an_agent_is_asked_once_for_each_run_of_customer_messages() -> None:
    assert answer_turns(conversation("human_agent", "customer", "customer", "human_agent", "tool", "human_agent")) == [
        3
    ]
    assert answer_turns(conversation("customer", "human_agent", "customer", "ai_agent")) == [1, 3]


def test_a_last_message_that_nobody_answered_counts_only_when_it_is_all_there_is_or_labelled() -> None:
    assert answer_turns(conversation("customer")) == [1]
    assert answer_turns(conversation("customer", "human_agent", "customer")) == [1]
    labels = msgspec.convert({"escalation": [{"turn": 3, "expect": "now"}]}, Labels)
    assert answer_turns(conversation("customer", "human_agent", "customer", labels=labels)) == [1, 3]


def test_the_recorded_answer_is_timed_from_the_customers_last_message() -> None:
    transcript = conversation("customer", "customer", "human_agent", "human_agent")
    reply = recorded_reply(transcript, 2)
    assert reply is not None
    assert (reply.text, reply.first_token, reply.latency) == ("human_agent 2\nhuman_agent 3", 10.0, 20.0)


def test_a_point_knows_no_rating_of_the_recorded_answer() -> None:
    labels = msgspec.convert({"answers": [{"turn": 1, "accuracy": 0.0}], "facts": []}, Labels)
    [point] = points_of(conversation("customer", "human_agent", labels=labels))
    assert point.labels.answers is None
    assert point.labels.facts == ()


class Note(msgspec.Struct):
    text: str


def test_a_journal_cut_in_the_middle_of_a_line_loses_that_line_only(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", Note)
    with journal:
        journal.append(Note("one"))
        journal.append(Note("two"))
    os.truncate(journal.path, journal.path.stat().st_size - 3)
    cut = journal.path.read_bytes()
    assert [note.text for note in journal.read()] == ["one"]
    assert journal.path.read_bytes() == cut, "reading must change nothing: another process may be writing the line"
    with journal:
        journal.append(Note("three"))
    assert [note.text for note in journal.read()] == ["one", "three"]


def test_a_journal_damaged_in_its_middle_is_refused_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text('{"text": "one"}\nrubbish\n{"text": "two"}\n')
    with pytest.raises(InputError, match=":2: not a line of this journal"):
        Journal(path, Note).read()


def test_a_journal_is_there_at_once_and_on_the_disk_a_batch_and_a_pause_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "j.jsonl"
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(len(path.read_bytes().splitlines())))
    with Journal(path, Note, batch=2, pause=0) as journal:
        for number in range(5):
            journal.append(Note(str(number)))
            assert len(journal.read()) == number + 1
    assert synced == [2, 4, 5]
    synced.clear()
    path.unlink()
    with Journal(path, Note, batch=2, pause=3600) as journal:
        for number in range(5):
            journal.append(Note(str(number)))
    assert synced == [2, 5], "the first batch at once, then no more often than the pause allows"


def test_a_folder_that_says_it_holds_no_transcripts_is_passed_over_with_what_is_below_it(tmp_path: Path) -> None:
    (tmp_path / "support").mkdir()
    good = write(tmp_path / "support" / "a.jsonl", LINE)
    (tmp_path / "labels" / "old").mkdir(parents=True)
    (tmp_path / "labels" / ".not-transcripts").touch()
    write(tmp_path / "labels" / "pass-a.jsonl", {"id": "pl-0412", "answers": []})
    write(tmp_path / "labels" / "old" / "pass-a.jsonl", {"id": "pl-0412", "answers": []})
    assert transcript_files([tmp_path]) == [good]
    assert passed_over([tmp_path]) == [tmp_path / "labels"]
    assert [one.id for one in read_transcripts([tmp_path])] == ["pl-0412"]


def test_a_file_that_looks_like_no_transcript_is_an_error_and_never_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", LINE)
    write(tmp_path / "b.jsonl", {"shema": 1, "id": "b", "langauge": "pl"})
    assert "b.jsonl:1" in complaint(tmp_path)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / ".not-transcripts").touch()
    marked = write(tmp_path / "c" / "c.jsonl", {"id": "c"})
    assert "c.jsonl:1" in complaint(marked)


def test_a_marked_folder_that_is_named_itself_says_why_it_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".not-transcripts").touch()
    write(tmp_path / "a.jsonl", LINE)
    with pytest.raises(UsageError, match=r"no transcripts here: .*\.not-transcripts says so"):
        transcript_files([tmp_path])
