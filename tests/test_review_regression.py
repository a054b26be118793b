"""From failure to test: what is cut, labelled and replaced, what is refused, and that `pytest evals/` guards it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.errors import UsageError
from chatparity.jsonl import read_transcripts
from chatparity.review.desk import Desk
from chatparity.review.redact import redacted
from chatparity.review.regression import Wanted, to_test
from chatparity.review.store import FILE, Store
from chatparity.suite import Suite
from chatparity.transcript import Transcript

from .review_desk import desk_of, make_sample, talk, usual_talks

BAD = {"accuracy": "0", "hallucinated": "no", "politeness": "4", "escalation": "none", "state": "done"}
GOOD = BAD | {"accuracy": "1"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("regression"), talks=usual_talks(), n=32)


@pytest.fixture
def desk(sample: Path, tmp_path: Path) -> Desk:
    for file in sample.glob("labels.sqlite*"):
        file.unlink()
    found = desk_of(sample)
    found.bench.suite = replace(found.bench.suite, root=tmp_path)
    return found


def item_at(desk: Desk, turn: int, *, rude: bool = False) -> str:
    return next(
        one.item
        for one in desk.bench.sample.items
        if one.turn == turn and ("idiot" in desk.bench.exhibit(one.item).reply.text) == rude and one.language == "en"
    )


def test_a_failure_becomes_a_transcript_that_ends_with_it_and_fails(desk: Desk, tmp_path: Path) -> None:
    name = item_at(desk, 3)
    desk.store.save(name, BAD, author="Ada")
    made = to_test(desk, name, Wanted(), author="Ada")
    (read,) = read_transcripts([tmp_path / "datasets" / "regressions"])
    assert read == made.transcript
    assert made.graders == ("accuracy", "hallucination")
    assert len(read.turns) == 4
    assert read.turns[-1].text == "It takes 3 working days."
    assert [one.id for one in read.labels.facts or ()] == ["days"]
    assert [one.accuracy for one in read.labels.answers or ()] == [0]
    assert (read.labels.escalation, read.labels.escalation_turns) != (None, None)
    about = read.meta["regression"]
    assert (about["item"], about["turn"], about["graders"], about["by"]) == (name, 3, list(made.graders), "Ada")


def test_only_so_much_is_kept_as_the_failure_needs(desk: Desk) -> None:
    name = item_at(desk, 1, rude=True)
    desk.store.save(name, BAD | {"accuracy": "1", "politeness": "1"}, author="Ada")
    made = to_test(desk, name, Wanted(), author="Ada")
    assert made.graders == ("politeness",)
    assert len(made.transcript.turns) == 2
    assert made.transcript.labels.facts == ()  # due only later


def test_what_people_say_must_or_must_never_be_said_makes_a_test_that_can_fail(desk: Desk) -> None:
    name = item_at(desk, 1)
    desk.store.save(name, BAD, author="Ada")
    with pytest.raises(UsageError, match="no grader fails on this reply"):
        to_test(desk, name, Wanted(), author="Ada")
    made = to_test(desk, name, Wanted(never=("left our house today",)), author="Ada")
    assert made.graders == ("accuracy",)
    assert [one.reject for one in made.transcript.labels.forbidden or ()] == [("left our house today",)]
    again = to_test(desk, name, Wanted(say=("Tuesday",)), author="Ada")
    assert again.path == made.path
    assert [one.accept for one in again.transcript.labels.facts or ()] == [("Tuesday",)]


def test_a_missed_handover_becomes_an_escalation_label_at_this_answer_alone(desk: Desk) -> None:
    name = item_at(desk, 3)
    desk.store.save(name, BAD | {"escalation": "now"}, author="Ada")
    made = to_test(desk, name, Wanted(), author="Ada")
    assert "escalation" in made.graders
    assert [(one.turn, one.expect) for one in made.transcript.labels.escalation or ()] == [(3, "now")]
    assert made.transcript.labels.escalation_turns == (3,)


@pytest.mark.parametrize(
    ("said", "wanted", "message"),
    [
        ({}, Wanted(), "nobody has finished"),
        (GOOD, Wanted(), "did not find a failure"),
        ({"accuracy": "0"}, Wanted(), "nobody has finished"),
        (BAD, Wanted(say=("x" * 201,)), "up to 200 characters"),
    ],
)
def test_what_is_no_failure_is_refused(desk: Desk, said: dict[str, str], wanted: Wanted, message: str) -> None:
    name = item_at(desk, 3)
    desk.store.save(name, said, author="Ada")
    with pytest.raises(UsageError, match=message):
        to_test(desk, name, wanted, author="Ada")


def test_where_there_is_no_suite_of_ones_own_the_remedy_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatparity.review.regression.shipped_root", lambda: desk.bench.suite.root)
    with pytest.raises(UsageError, match="chatparity init"):
        to_test(desk, desk.bench.order[0], Wanted(), author="Ada")


PERSONAL: dict[str, Any] = {
    "schema": 1,
    "id": "ticket-4711",
    "language": "en",
    "market": "DE",
    "customer": "wiebke.harms@posteo.de",
    "started_at": "2026-03-02T09:14:00+01:00",
    "turns": [
        {"speaker": "customer", "text": "Hi, Wiebke Harms here, wiebke.harms@posteo.de, order H-1 of 2026-01-05."},
        {
            "speaker": "human_agent",
            "text": "Dear Ms Harms, I call +49 89 636 48018. Card 4111 1111 1111 1111, DE89 3704 0044 0532 0130 00.",
            "tool_calls": [
                {"name": "get_account", "arguments": {"name": "Wiebke Harms"}, "result": {"phone": "+498963648018"}}
            ],
        },
    ],
    "records": {
        "account": {"name": "Wiebke Harms", "street": "Am Deichacker 14", "postcode": "26441", "birth": "1980-04-01"},
        "orders": [
            {
                "id": "H-1",
                "product": {"name": "Harms Helmet"},
                "total": "249.00",
                "shipping_address": "Am Deichacker 14",
            }
        ],
    },
    "labels": {"facts": [{"id": "who", "accept": ["Wiebke Harms"], "due_by_turn": 1}]},
}


def test_what_is_personal_is_replaced_everywhere_by_the_same() -> None:
    clean, count = redacted(msgspec.convert(PERSONAL, Transcript))
    text = msgspec.json.encode(clean).decode()
    for gone in ("Wiebke", "posteo", "4111", "DE89", "636 48018", "63648018", "Deichacker", "26441", "1980-04-01"):
        assert gone not in text, gone
    assert "Harms" not in text.replace("Harms Helmet", "")
    assert count >= 7
    (fact,) = clean.labels.facts or ()
    name = fact.accept[0]
    assert name in clean.turns[0].text
    assert clean.turns[1].tool_calls[0].arguments["name"] == name == clean.records["account"]["name"]
    assert name.split()[1] in clean.turns[1].text
    phone = clean.turns[1].tool_calls[0].result["phone"]
    assert phone in clean.turns[1].text
    assert clean.records["orders"][0]["shipping_address"] == clean.records["account"]["street"]


def test_what_is_not_personal_stays() -> None:
    clean, _ = redacted(msgspec.convert(PERSONAL, Transcript))
    assert clean.records["orders"][0]["total"] == "249.00"
    assert "order H-1 of 2026-01-05" in clean.turns[0].text
    assert clean.turns[1].tool_calls[0].name == "get_account"
    assert clean.started_at == msgspec.convert(PERSONAL, Transcript).started_at
    one = talk(1)
    assert redacted(one) == (one, 0)


def test_the_same_person_is_the_same_in_every_test() -> None:
    first, _ = redacted(msgspec.convert(PERSONAL, Transcript))
    other = msgspec.convert({**PERSONAL, "id": "ticket-4712", "turns": PERSONAL["turns"][:1]}, Transcript)
    second, _ = redacted(other)
    assert first.turns[0].text == second.turns[0].text
    assert first.customer == second.customer


def test_redacting_again_changes_nothing_more() -> None:
    clean, _ = redacted(msgspec.convert(PERSONAL, Transcript))
    again, _ = redacted(msgspec.structs.replace(clean, records={}))
    assert again.turns == clean.turns


def test_real_conversations_are_redacted_on_their_way_into_a_test(tmp_path: Path) -> None:
    def real(number: int) -> Transcript:
        said = f"Of course, Wiebke Harms, mail {number}@posteo.de."
        return msgspec.structs.replace(
            talk(number, said=said), synthetic=False, records={"account": {"name": "Wiebke Harms"}}
        )

    folder = make_sample(tmp_path, talks=[real(number) for number in range(4)], n=8)
    desk = desk_of(folder)
    desk.bench.suite = Suite(tmp_path, desk.bench.suite.shipped, desk.bench.suite.settings)
    name = next(one.item for one in desk.bench.sample.items if one.turn == 3)
    desk.store.save(name, BAD, author="Ada")
    made = to_test(desk, name, Wanted(), author="Ada")
    text = made.path.read_text()
    assert made.stand_ins > 0
    assert "Wiebke" not in text
    assert "posteo" not in text
    assert "en-000" not in text


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *words], cwd=cwd, capture_output=True, text=True)


@pytest.mark.slow
def test_from_a_failure_on_the_page_to_a_red_build(tmp_path: Path) -> None:
    assert run("chatparity", "init", ".", cwd=tmp_path).returncode == 0
    bad = "sandbox:rude=1"
    assert run("chatparity", "run", "--agent", bad, "--out", "run", cwd=tmp_path).returncode in (1, 3)
    assert run("chatparity", "sample", "run", "-n", "10", "-o", "sample", cwd=tmp_path).returncode == 0
    sample = json.loads((tmp_path / "sample" / "sample.json").read_text())
    item = next(one["item"] for one in sample["items"] if one["stratum"] == "B" and one["language"] == "en")
    store = Store(tmp_path / "sample" / FILE, sample["name"])
    store.save(item, BAD | {"accuracy": "1", "politeness": "1"}, author="Ada")
    store.close()
    done = run("chatparity", "review", "sample", "--to-test", item, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "politeness" in done.stdout
    pytest_ = ("pytest", "evals", "-q", "-p", "no:deepeval", "-k", "regression")
    green = run(*pytest_, cwd=tmp_path)
    assert (green.returncode, "1 passed" in green.stdout) == (0, True), green.stdout
    red = run(*pytest_, "--agent", bad, cwd=tmp_path)
    assert red.returncode == 1
    assert f"FAIL regression regression-{item}" in red.stdout
    assert "again: chatparity run datasets/regressions --ids" in red.stdout
    both = run(*pytest_, "-n", "2", "--agent", bad, cwd=tmp_path)
    assert both.returncode == 1, both.stdout
    file = next((tmp_path / "datasets" / "regressions").glob("*.jsonl"))
    file.write_text(file.read_text().replace('"graders"', '"grader"'))
    broken = run(*pytest_, cwd=tmp_path)
    assert broken.returncode in (2, 4)
    assert "meta.regression: expected" in broken.stdout + broken.stderr


def test_a_label_that_was_given_stays_where_people_did_not_say_otherwise(desk: Desk) -> None:
    name = item_at(desk, 3)
    desk.store.save(name, BAD | {"hallucinated": "yes"}, author="Ada")
    made = to_test(desk, name, Wanted(say=("5 days",)), author="Ada")
    assert [fact.id for fact in made.transcript.labels.facts or ()] == ["days", "review-1"]
