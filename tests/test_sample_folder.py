"""A sample on disk: drawn from a run or from transcripts, safe to open, blind, and the same again for the same seed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.errors import InputError, UsageError
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.run.examine import grade_run, replay_run
from chatparity.run.folder import RunFolder
from chatparity.run.select import Options
from chatparity.sample import Sample, read_labels, sample_run, sample_transcripts
from chatparity.sample.sheet import safe
from chatparity.suite import load_suite
from chatparity.transcript import EscalationLabel, Knowledge, Labels, ToolCall, Transcript, Turn

NASTY = '<script>alert(1)</script>\x1b[31m\u202egnp{{ 7 * 7 }}\n=HYPERLINK("http://x")\n; =1+1'


def talk(
    number: int, *, rude: bool = False, labels: Labels | None = None, asked: str = "Where is my order?"
) -> Transcript:
    call = ToolCall(name="get_order", arguments={"order": "H-1"}, result={"status": "shipped"})
    said = "You are an idiot. Stop bothering us." if rude else "Thank you for asking: it is on its way to you."
    turns = (
        Turn(speaker="customer", text=asked),
        Turn(speaker="human_agent", text=said, tool_calls=(call,)),
        Turn(speaker="customer", text="And when will it be here?"),
        Turn(speaker="ai_agent", text="It will be with you soon, I am glad to say."),
    )
    return Transcript(
        schema=1,
        id=f"en-{number:03d}",
        language="en",
        turns=turns,
        synthetic=True,
        knowledge=(Knowledge(id="parcels", text="A parcel takes a few days."),),
        labels=labels or Labels(),
    )


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    path = tmp_path / "logs.jsonl"
    write_transcripts(path, [talk(number, rude=number % 10 == 0) for number in range(40)])
    return path


def draw(path: Path, out: Path, **options: Any) -> Sample:
    return asyncio.run(sample_transcripts([path], load_suite(), out, **{"n": 10, **options}))


def cells(folder: Path, separator: str = ",") -> list[dict[str, str]]:
    text = (folder / "sample.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator))


def test_answers_in_logs_are_graded_and_half_of_the_sample_are_failures(logs: Path, tmp_path: Path) -> None:
    sample = draw(logs, tmp_path / "s", n=6)
    rest, flagged = sample.strata
    assert (sample.population, flagged.population, rest.population) == (80, 4, 76)
    assert flagged.drawn >= 3
    bad = [item for item in sample.items if item.stratum == flagged.name]
    assert {(int(item.id[-3:]) % 10, item.turn) for item in bad} == {(0, 1)}
    assert all(item.inclusion_probability == flagged.inclusion_probability for item in bad)


def test_weights_of_a_sample_add_up_to_about_its_population(logs: Path, tmp_path: Path) -> None:
    sums = []
    for seed in range(12):
        sample = draw(logs, tmp_path / f"s{seed}", n=20, seed=seed)
        sums.append(sum(1 / item.inclusion_probability for item in sample.items))
    assert sum(sums) / len(sums) == pytest.approx(80, rel=0.05)


def test_the_same_seed_writes_the_same_folder_byte_for_byte(logs: Path, tmp_path: Path) -> None:
    draw(logs, tmp_path / "a", seed=4)
    draw(logs, tmp_path / "b", seed=4)
    for name in ("sample.csv", "sample.html", "sample.json", "transcripts.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert draw(logs, tmp_path / "c", seed=5).items != draw(logs, tmp_path / "d", seed=4).items


def test_a_uniform_sample_asks_no_grader(logs: Path, tmp_path: Path) -> None:
    sample = draw(logs, tmp_path / "s", share_random=1.0)
    assert sample.graders == ()
    assert [(one.name, one.population) for one in sample.strata] == [("A", 80)]
    assert {item.inclusion_probability for item in sample.items} == {10 / 80}


def test_the_sheet_names_each_item_and_leaves_what_people_say_empty(logs: Path, tmp_path: Path) -> None:
    sample = draw(logs, tmp_path / "s")
    assert (tmp_path / "s" / "sample.csv").read_bytes().startswith(b"\xef\xbb\xbfitem,id,turn,trial,customer,reply,")
    rows = cells(tmp_path / "s")
    assert [(row["item"], row["id"], int(row["turn"])) for row in rows] == [
        (item.item, item.id, item.turn) for item in sample.items
    ]
    for row, item in zip(rows, sample.items, strict=True):
        assert float(row["inclusion_probability"]) == pytest.approx(item.inclusion_probability, rel=1e-5)
        assert [row[name] for name in row if name.startswith(("accuracy", "polite", "halluc", "escal", "note"))] == [
            ""
        ] * 5


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        '"=1',
        "＝1",
        "a;=1+1",
        'a; "@x',
        "a\t-1",
        "a\n=1\n;+2",
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_begins_a_formula_with_whatever_separator_the_sheet_is_opened(text: str, separator: str) -> None:
    line = f"s1-1,{safe(text)}"
    for cell in next(csv.reader([line], delimiter=separator)):
        assert not re.match(r"[\s\"]*[=+\-@＝＋－＠\t\r\n]", cell), cell
    assert "\n" not in safe(text)
    assert "\r" not in safe(text)


def test_a_hostile_log_does_nothing_on_the_page_or_in_the_sheet(tmp_path: Path) -> None:
    write_transcripts(tmp_path / "bad.jsonl", [talk(1, asked=NASTY)])
    draw(tmp_path / "bad.jsonl", tmp_path / "s")
    page = (tmp_path / "s" / "sample.html").read_text()
    seen: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append(tag)
            seen.extend(f"{tag}[{name}]" for name, _ in attrs)

    Reader().feed(page)
    assert not [one for one in seen if one in ("script", "img", "link", "iframe") or "[on" in one or "[src]" in one]
    assert "{{ 7 * 7 }}" in page
    assert "\x1b" not in page + (tmp_path / "s" / "sample.csv").read_text()
    assert "\u202e" not in page + (tmp_path / "s" / "sample.csv").read_text()
    assert "http" not in re.sub(r"HYPERLINK\([^)]*\)|http-equiv", "", page), "the page must need nothing else"


def test_the_page_is_blind_to_verdicts_and_to_who_wrote_the_reply(logs: Path, tmp_path: Path) -> None:
    sample = draw(logs, tmp_path / "s")
    page = (tmp_path / "s" / "sample.html").read_text()
    body = page[page.index("<article") :]
    for word in ("fail", "flagged", "stratum", "Stratum", "probability", "human_agent", "ai_agent", "AI", "insult"):
        assert word not in body, word
    assert all(f'id="{item.item}"' in body for item in sample.items)
    assert body.count("The reply to judge") == len(sample.items)
    assert "A parcel takes a few days." in body


def test_right_to_left_text_is_laid_out_from_the_right(tmp_path: Path) -> None:
    write_transcripts(tmp_path / "ar.jsonl", [msgspec.structs.replace(talk(1, asked="أين طلبي H-1؟"), language="ar")])
    draw(tmp_path / "ar.jsonl", tmp_path / "s")
    assert '<blockquote lang="ar" dir="rtl">أين طلبي H-1؟</blockquote>' in (tmp_path / "s" / "sample.html").read_text()


def test_a_filled_in_sheet_is_never_overwritten(logs: Path, tmp_path: Path) -> None:
    draw(logs, tmp_path / "s")
    with pytest.raises(UsageError, match="a sample is here already"):
        draw(logs, tmp_path / "s")


def test_invalid_lines_stop_a_sample_and_are_counted_when_they_are_skipped(logs: Path, tmp_path: Path) -> None:
    with logs.open("a") as file:
        file.write("{\n")
    with pytest.raises(InputError, match=r"logs\.jsonl:41"):
        draw(logs, tmp_path / "s")
    assert not (tmp_path / "s").exists()
    assert draw(logs, tmp_path / "s", skip_invalid=True).invalid_lines == 1


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Return a graded run of an agent that answers otherwise than the people in its transcripts."""
    labels = Labels(escalation=(EscalationLabel(turn=3, expect="offer"),))
    write_transcripts(tmp_path / "asked.jsonl", [talk(number, labels=labels) for number in range(8)])
    answers = []
    for number in range(8):
        one = talk(number)
        said = "Shut up, you idiot." if number < 2 else "Gladly: it left our house today."
        hand = ToolCall(name="hand_over", arguments={})
        turns = (
            one.turns[0],
            Turn(speaker="ai_agent", text=said),
            one.turns[2],
            Turn(speaker="ai_agent", text="A colleague takes over now.", tool_calls=(hand,)),
        )
        answers.append(msgspec.structs.replace(one, turns=turns))
    write_transcripts(tmp_path / "answers.jsonl", answers)
    suite = load_suite()
    options = Options(
        paths=(tmp_path / "asked.jsonl",), agent=f"recorded:{tmp_path / 'answers.jsonl'}", out=tmp_path / "run"
    )
    folder = asyncio.run(replay_run(suite, options))
    asyncio.run(grade_run(suite, folder))
    return folder


def fill(folder: Path, **said: str) -> None:
    rows = cells(folder)
    names = list(rows[0])
    column = {name: next(one for one in names if one.startswith(name)) for name in said}
    with (folder / "sample.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows({**row, **{column[name]: value for name, value in said.items()}} for row in rows)


def test_replies_of_a_run_are_drawn_with_those_the_graders_found_wrong(run: RunFolder, tmp_path: Path) -> None:
    sample = sample_run(run.path, load_suite(), tmp_path / "s", n=6)
    rows = [row for row in run.scores() if row.arm == "ai" and (row.verdict == "fail" or row.state == "errored")]
    assert sample.strata[1].population == len({row.key for row in rows})
    assert 2 <= sample.strata[1].population < sample.population == 16
    assert {file.path.rpartition("/")[2] for file in sample.source.files} >= {"replies.jsonl", "scores.jsonl"}


def test_a_label_on_a_new_reply_stands_at_that_reply_and_not_at_the_persons(run: RunFolder, tmp_path: Path) -> None:
    sample = sample_run(run.path, load_suite(), tmp_path / "s", n=16)
    fill(tmp_path / "s", politeness="2", escalation="now")
    labelled = read_labels(tmp_path / "s").transcripts
    assert len({one.id for one in labelled}) == len(labelled) == len(sample.items)
    records = {record.key: record for record in run.replies.read()}
    for item, one in zip(sample.items, labelled, strict=True):
        record = records[item.id, item.turn, item.trial]
        assert record.reply is not None
        assert one.turns[-1].text == record.reply.text
        assert one.labels.answers is not None
        assert [(label.turn, label.politeness) for label in one.labels.answers] == [(len(one.turns) - 1, 2)]
        assert one.cluster == item.id
    write_transcripts(tmp_path / "labelled.jsonl", labelled)
    assert len(read_transcripts([tmp_path / "labelled.jsonl"])) == 16


def test_a_run_that_is_not_graded_can_be_sampled_uniformly_and_not_by_failures(run: RunFolder, tmp_path: Path) -> None:
    run.scores_file.unlink()
    with pytest.raises(UsageError, match="not graded yet"):
        sample_run(run.path, load_suite(), tmp_path / "s", n=4)
    assert len(sample_run(run.path, load_suite(), tmp_path / "s", n=4, share_random=1.0).items) == 4


def chatparity(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "chatparity", *arguments], cwd=cwd, capture_output=True, text=True)


def test_the_command_draws_a_sample_and_reads_the_labels_back(logs: Path, tmp_path: Path) -> None:
    done = chatparity("sample", "logs.jsonl", "-n", "5", "-o", "s", "--seed", "3", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "5 of 80 answers, seed 3"), done.stderr
    empty = chatparity("sample", "--labels", "s", "-o", "labelled.jsonl", cwd=tmp_path)
    assert (empty.returncode, "nothing is filled in yet" in empty.stderr) == (2, True)
    fill(tmp_path / "s", accuracy="1")
    back = chatparity("sample", "--labels", "s", "-o", "labelled.jsonl", "--json", cwd=tmp_path)
    assert json.loads(back.stdout)["filled"] == 5
    checked = json.loads(chatparity("check", "labelled.jsonl", "--json", cwd=tmp_path).stdout)
    assert {one["field"] for one in checked["problems"]} <= {"turns"}, "these logs say the same over and over"
    fill(tmp_path / "s", accuracy="7")
    wrong = chatparity("sample", "--labels", "s", "-o", "again.jsonl", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("column accuracy")) == (2, "", 5)
    assert not (tmp_path / "again.jsonl").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["logs.jsonl"],
        ["-o", "s"],
        ["logs.jsonl", "--labels", "s", "-o", "x"],
        ["logs.jsonl", "-o", "s", "--share-random", "0"],
        ["logs.jsonl", "-o", "s", "-n", "0"],
        ["logs.jsonl", "-o", "s", "--separator", "dash"],
        ["missing.jsonl", "-o", "s"],
        ["--labels", "nowhere", "-o", "x.jsonl"],
    ],
)
def test_bad_usage_is_one_message_and_exit_code_two(logs: Path, tmp_path: Path, arguments: list[str]) -> None:
    done = chatparity("sample", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False), done.stderr
