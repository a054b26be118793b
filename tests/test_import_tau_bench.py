"""Importing tau-bench: one transcript a trial, labels only where they are certain, nothing left out unsaid."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chatparity.errors import InputError, Problem, UsageError
from chatparity.importers import Note, import_file
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.points import points_of, recorded_reply
from chatparity.transcript import Transcript

REAL = Path(__file__).parents[2] / "shared" / "data" / "raw" / "tau-bench-gpt-4o-airline.json"


def call(key: str, name: str, arguments: str = "{}", content: str | None = None) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    calls = [{"id": key, "type": "function", "function": function}]
    return {"role": "assistant", "content": content, "tool_calls": calls}


def result(key: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": key, "name": "whatever", "content": content}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


POLICY = {"role": "system", "content": "# Policy\n\nThe current time is 2024-05-15 15:00:00 EST.\n\nBe kind."}


def trial(*messages: dict[str, Any], task: int = 3, number: int = 0, actions: Any = ()) -> dict[str, Any]:
    given = [{"name": name, "kwargs": kwargs} for name, kwargs in actions]
    info = {"task": {"user_id": "ada_1", "actions": given, "instruction": "SECRET-INSTRUCTION", "outputs": []}}
    return {"task_id": task, "trial": number, "reward": 1.0, "info": info, "traj": [POLICY, *messages]}


class Found(NamedTuple):
    transcripts: tuple[Transcript, ...]
    notes: tuple[Note, ...]


def imported(folder: Path, *trials: Any, name: str = "my-airline.json") -> Found:
    path = folder / name
    path.write_text(json.dumps(list(trials)), encoding="utf-8")
    result = import_file("tau-bench", path)
    return Found(tuple(result.transcripts), result.notes)


def only(found: Found) -> Transcript:
    (transcript,) = found.transcripts
    return transcript


def notes(found: Found) -> dict[str, int]:
    return {note.text: note.count for note in found.notes}


def test_a_trial_becomes_a_transcript_named_by_task_and_trial(tmp_path: Path) -> None:
    found = only(imported(tmp_path, trial(user("Hello"), assistant("Hi"), task=7, number=2)))
    assert (found.id, found.cluster, found.language) == ("tau-bench-airline-t007-k2", "airline-task-007", "en")
    assert [(turn.speaker, turn.text) for turn in found.turns] == [("customer", "Hello"), ("ai_agent", "Hi")]
    assert found.started_at == dt.datetime(2024, 5, 15, 15, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    assert [(one.id, one.text) for one in found.knowledge] == [("airline-policy", POLICY["content"])]
    assert found.customer == "ada_1"


def test_tool_calls_belong_to_the_text_that_follows_them(tmp_path: Path) -> None:
    found = only(
        imported(
            tmp_path,
            trial(
                user("Cancel it"),
                call("1", "get_reservation_details", '{"id": "A"}'),
                result("1", '{"total": 12.5}'),
                call("2", "cancel_reservation", '{"id": "A"}'),
                result("2", "Error: not allowed"),
                call("3", "think", '{"thought": "hm"}'),
                result("3", ""),
                assistant("I cannot."),
            ),
        )
    )
    reply = recorded_reply(found, 1)
    assert reply is not None
    assert reply.text == "I cannot."
    assert [(one.name, one.ok, one.result) for one in reply.tool_calls] == [
        ("get_reservation_details", True, {"total": 12.5}),
        ("cancel_reservation", False, "Error: not allowed"),
        ("think", True, ""),
    ]
    assert reply.tool_calls[1].arguments == {"id": "A"}


def test_an_unknown_tool_was_not_done(tmp_path: Path) -> None:
    talk = trial(user("Go"), call("1", "fly"), result("1", "Unknown action fly"), assistant("Done"))
    assert only(imported(tmp_path, talk)).turns[1].tool_calls[0].ok is False


def test_an_agent_that_only_calls_a_tool_and_ends_still_has_its_turn(tmp_path: Path) -> None:
    talk = trial(user("A person!"), call("1", "transfer_to_human_agents"), result("1", "Transfer successful"))
    found = only(imported(tmp_path, talk))
    reply = recorded_reply(found, 1, handover_tools=("transfer_to_human_agents",))
    assert reply is not None
    assert (reply.text, reply.handover, len(points_of(found))) == ("", True, 1)


def test_text_beside_a_tool_call_was_never_seen_by_the_customer_and_is_counted(tmp_path: Path) -> None:
    talk = trial(user("Hi"), call("1", "think", content="One moment"), result("1", ""), assistant("Here."))
    found = imported(tmp_path, talk)
    assert [turn.text for turn in only(found).turns] == ["Hi", "Here."]
    assert notes(found)["text beside a tool call left out: the customer never saw it"] == 1


@pytest.mark.parametrize(
    ("last", "texts"),
    [("###STOP###", ["Hi", "Hello"]), ("Thank you! ###STOP###", ["Hi", "Hello", "Thank you!"])],
)
def test_the_sign_that_ends_a_conversation_is_no_message(last: str, texts: list[str], tmp_path: Path) -> None:
    found = imported(tmp_path, trial(user("Hi"), assistant("Hello"), user(last)))
    assert [turn.text for turn in only(found).turns] == texts
    assert len(points_of(only(found))) == 1
    assert sum("###STOP###" in text for text in notes(found)) == 1


def test_an_empty_customer_message_is_left_out_and_counted(tmp_path: Path) -> None:
    found = imported(tmp_path, trial(user("Hi"), assistant("Hello"), user(" "), assistant("Anything else?")))
    assert [turn.speaker for turn in only(found).turns] == ["customer", "ai_agent", "ai_agent"]
    assert notes(found)["empty customer message left out"] == 1


def test_ground_truth_actions_that_write_are_labels_and_those_that_read_are_counted(tmp_path: Path) -> None:
    actions: Any = (("get_user_details", {"id": "u"}), ("calculate", {}), ("book_reservation", {"cabin": "economy"}))
    found = imported(tmp_path, trial(user("Book"), assistant("Booked"), actions=actions))
    labels = only(found).labels
    assert labels.actions is not None
    assert [(one.name, one.arguments, one.due_by_turn) for one in labels.actions] == [
        ("book_reservation", {"cabin": "economy"}, None)
    ]
    assert any("only reads" in text and count == 2 for text, count in notes(found).items())


def test_only_that_no_transfer_is_expected_is_a_label(tmp_path: Path) -> None:
    talk = (user("Hi"), assistant("Hello"))
    plain, transfers = imported(
        tmp_path, trial(*talk), trial(*talk, number=1, actions=[("transfer_to_human_agents", {"summary": "s"})])
    ).transcripts
    assert (plain.labels.escalation, plain.labels.actions) == ((), ())
    assert (transfers.labels.escalation, transfers.labels.actions) == (None, ())


def test_the_reward_is_out_of_any_graders_sight(tmp_path: Path) -> None:
    found = only(imported(tmp_path, trial(user("Hi"), assistant("Hello"))))
    assert found.meta == {"reward": 1.0, "task_id": 3, "trial": 0}
    (point,) = points_of(found)
    assert "reward" not in repr(point)
    assert "SECRET-INSTRUCTION" not in repr(found)


def test_only_a_published_file_is_said_to_come_from_the_public_repository(tmp_path: Path) -> None:
    talk = trial(user("Hi"), assistant("Hello"))
    public = only(imported(tmp_path, talk, name="tau-bench-gpt-4o-airline.json"))
    assert public.source == "sierra-research/tau-bench historical_trajectories/gpt-4o-airline.json"
    assert only(imported(tmp_path, talk, name="mine-retail.json")).source == "mine-retail.json"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("[\n{]", ":2: expected JSON"),
        ("", "the file holds no record"),
        ("[]", "the file holds no record"),
        ('{"task_id": 1}', "object missing required field `trial`"),
        ('[\n {"task_id": 1}]', ":2: [0]: object missing required field `trial`"),
        (json.dumps([trial(user("Hi")), {**trial(), "traj": [{"role": "robot"}]}]), "[1].traj[0].role"),
        (json.dumps([trial(user("Hi")), trial(user("Hi"))]), "[1]: task 3, trial 0 stands at [0] already"),
        (json.dumps([trial(user("Hi"), call("1", "think", "[1]"))]), "[0].traj[2]: tool_calls: expected a JSON object"),
        (json.dumps([trial()]), "[0].traj: expected messages"),
        (json.dumps([trial(assistant("Hello?"))]), "[0].turns: expected at least one"),
    ],
)
def test_what_is_no_result_file_is_an_error_with_its_place(content: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "my-airline.json"
    path.write_text(content)
    result = import_file("tau-bench", path)
    with pytest.raises(InputError) as caught:
        list(result.transcripts)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


def test_an_unknown_format_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is csv, .*tau-bench, zendesk"):
        import_file("carrier-pigeon", tmp_path / "x")
    with pytest.raises(UsageError, match="no such file"):
        import_file("tau-bench", tmp_path / "x")


def test_a_broken_trial_can_be_left_out_and_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "my-airline.json"
    path.write_text(json.dumps([{"task_id": 1}, trial(user("Hi"), assistant("Hello"))]))
    left_out: list[Problem] = []
    kept = list(import_file("tau-bench", path, skip_invalid=left_out).transcripts)
    assert (len(kept), [problem.field for problem in left_out]) == (1, ["[0]"])


def test_what_was_imported_survives_writing_and_reading(tmp_path: Path) -> None:
    talk = trial(user("Hi"), call("1", "x", '{"a": [1, null]}'), result("1", "[1.5]"), assistant("Hé\n✓"))
    found = imported(tmp_path, talk)
    out = tmp_path / "out.jsonl"
    assert write_transcripts(out, found.transcripts) == 1
    assert tuple(read_transcripts([out])) == found.transcripts


@pytest.mark.skipif(not REAL.is_file(), reason=f"the real tau-bench file is not here: {REAL}")
def test_the_real_file_gives_80_conversations_whose_writes_tell_their_reward(tmp_path: Path) -> None:
    found = import_file("tau-bench", REAL)
    out = tmp_path / "real.jsonl"
    write_transcripts(out, found.transcripts)
    transcripts = read_transcripts([out])
    assert (len(transcripts), len({one.cluster for one in transcripts})) == (80, 20)
    assert sum(len(one.turns) and one.labels.escalation is None for one in transcripts) == 4
    calls = [one for talk in transcripts for turn in talk.turns for one in turn.tool_calls]
    assert (len(calls), sum(not one.ok for one in calls)) == (533, 36)

    # A transcript that were mapped wrongly would not tell the benchmark's own reward from its writes so well.
    reads = ("get_", "list_", "search_", "think", "calculate", "transfer_")
    agree = 0
    for talk in transcripts:
        made = [
            (one.name, json.dumps(one.arguments, sort_keys=True))
            for turn in talk.turns
            for one in turn.tool_calls
            if one.ok and not one.name.startswith(reads)
        ]
        wanted = [(one.name, json.dumps(one.arguments, sort_keys=True)) for one in talk.labels.actions or ()]
        agree += (sorted(made) == sorted(wanted)) == (talk.meta["reward"] == 1)
    assert agree >= 76
