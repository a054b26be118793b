"""What each format becomes: who spoke, what is left out and counted, what is a problem and where."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from chatparity.errors import InputError, Problem
from chatparity.importers import ImportResult, import_file, load_mapping
from chatparity.importers.values import seconds_of
from chatparity.transcript import Transcript


class Read:
    """An import that was read to its end."""

    def __init__(self, result: ImportResult) -> None:
        self.transcripts = list(result.transcripts)
        self.notes = {note.text: note.count for note in result.notes}
        self.firsts = {note.text: note.first for note in result.notes}

    @property
    def only(self) -> Transcript:
        (one,) = self.transcripts
        return one

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(turn.speaker, turn.text) for turn in self.only.turns]

    def noted(self, words: str) -> int:
        (found,) = [count for text, count in self.notes.items() if words in text]
        return found


def read(folder: Path, form: str, content: Any, *, mapping: str | None = None, **options: Any) -> Read:
    path = folder / "export"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
    if mapping is not None:
        (folder / "map.toml").write_text(mapping, encoding="utf-8")
        options["mapping"] = load_mapping(folder / "map.toml")
    return Read(import_file(form, path, **{"language": "en", **options}))


def wrong(folder: Path, form: str, content: Any, **options: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder, form, content, **options)
    return [str(one).removeprefix(str(folder / "export")) for one in caught.value.problems]


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str | None, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


HI = [user("Hi"), assistant("Hello")]
PAIR = [("customer", "Hi"), ("ai_agent", "Hello")]


# --- OpenAI chat


@pytest.mark.parametrize(
    "record",
    [
        {"messages": HI},
        {"id": "chatcmpl-1", "messages": HI[:1], "choices": [{"index": 0, "message": HI[1]}]},
        {"custom_id": "b", "body": {"messages": HI[:1]}, "response": {"body": {"choices": [{"message": HI[1]}]}}},
        {"request": {"messages": HI[:1]}, "response": {"choices": [{"message": HI[1]}]}},
        {"messages": [user("Hi"), assistant([{"type": "text", "text": "Hello"}])]},  # type: ignore[arg-type]
    ],
)
def test_every_shape_of_openai_logs_is_the_same_conversation(record: dict[str, Any], tmp_path: Path) -> None:
    assert read(tmp_path, "openai-chat", record).said == PAIR


def test_a_system_message_goes_where_no_grader_sees_it(tmp_path: Path) -> None:
    found = read(tmp_path, "openai-chat", {"messages": [{"role": "system", "content": "Be kind."}, *HI]})
    assert (found.said, found.only.meta) == (PAIR, {"system": ["Be kind."]})
    assert found.noted("system message kept in meta.system") == 1


def test_text_beside_a_tool_call_comes_before_the_call(tmp_path: Path) -> None:
    calls = [{"id": "1", "function": {"name": "find", "arguments": '{"id": 7}'}}]
    messages = [user("Hi"), assistant("One moment.", tool_calls=calls)]
    messages += [{"role": "tool", "tool_call_id": "1", "content": '{"total": 3}'}, assistant("It is 3.")]
    found = read(tmp_path, "openai-chat", {"messages": messages})
    assert [text for _, text in found.said] == ["Hi", "One moment.", "It is 3."]
    (call,) = found.only.turns[2].tool_calls
    assert (call.name, call.arguments, call.ok, call.result) == ("find", {"id": 7}, True, {"total": 3})


def test_a_call_nobody_answered_was_not_done_and_a_stray_result_keeps_its_place(tmp_path: Path) -> None:
    calls = [{"id": "1", "function": {"name": "pay", "arguments": ""}}]
    stray = {"role": "tool", "tool_call_id": "9", "content": "late"}
    found = read(tmp_path, "openai-chat", {"messages": [user("Hi"), stray, assistant(None, tool_calls=calls)]})
    assert found.said == [("customer", "Hi"), ("tool", "late"), ("ai_agent", "")]
    assert found.only.turns[2].tool_calls[0].ok is False
    assert (found.noted("without a recorded result"), found.noted("without a call")) == (1, 1)


def test_what_is_no_text_is_counted(tmp_path: Path) -> None:
    picture = {"type": "image_url", "image_url": {"url": "x"}}
    content = [{"type": "text", "text": "Look"}, picture]
    found = read(tmp_path, "openai-chat", {"messages": [{"role": "user", "content": content}, assistant("I see")]})
    assert (found.said[0][1], found.noted("no text left out")) == ("Look", 1)
    assert found.firsts["part of a message that is no text left out"].endswith("export:1")


def test_broken_lines_are_all_listed_with_their_place_and_no_transcript_is_promised(tmp_path: Path) -> None:
    lines = ['{"messages": [', json.dumps({"messages": HI}), '{"messages": 3}', "[1]", '{"a": 1}']
    lines += ['{"messages": [{"role": "user", "content": "Hi"}, {"role": "ghost", "content": "Boo"}]}']
    lines += ['{"messages": [{"role": "user", "content": 7}]}']
    found = wrong(tmp_path, "openai-chat", "\n".join(lines))
    assert [one.split(":")[1] for one in found] == ["1", "3", "4", "5", "6", "7"]
    assert 'no speaker is known for "ghost": name it in a mapping file' in found[4]
    assert "[0]: content: expected a text" in found[5]


def test_broken_records_can_be_left_out_and_are_listed(tmp_path: Path) -> None:
    left_out: list[Problem] = []
    found = read(tmp_path, "openai-chat", "nonsense\n" + json.dumps({"messages": HI}), skip_invalid=left_out)
    assert (found.said, [one.line for one in left_out]) == (PAIR, [1])


def test_a_file_of_nothing_but_broken_records_is_an_error_even_so(tmp_path: Path) -> None:
    assert wrong(tmp_path, "openai-chat", '{"a": 1}\n{"a": 2}', skip_invalid=[])[0].startswith(":1: messages:")


def test_problems_of_one_big_list_name_the_line_of_the_record(tmp_path: Path) -> None:
    content = json.dumps([{"messages": HI}, {"messages": HI}, {"no": 1}], indent=2)
    line = content[: content.index('"no"')].count("\n")
    assert wrong(tmp_path, "openai-chat", content) == [
        f":{line}: [2].messages: expected a list of chat messages, got none"
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_and_blank_lines_hold_nothing(mark: bytes, tmp_path: Path) -> None:
    line = json.dumps({"messages": HI}).encode()
    assert len(read(tmp_path, "openai-chat", mark + line + b"\n\n" + line + b"\r\n").transcripts) == 2


# --- ids, languages, times


def test_ids_that_come_twice_get_a_number_and_never_another_ones_id(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"id": name, "messages": HI}) for name in ("a", "a", "a-2", "a"))
    found = read(tmp_path, "openai-chat", lines)
    assert [one.id for one in found.transcripts] == ["a", "a-2", "a-2-2", "a-3"]
    assert found.noted("used before") == 3


def test_conversations_without_an_id_get_the_same_one_each_time(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"messages": HI}) for _ in range(2))
    first, second = (read(tmp_path, "openai-chat", lines) for _ in range(2))
    assert [one.id for one in first.transcripts] == ["openai-chat-export-000001", "openai-chat-export-000002"]
    assert first.transcripts == second.transcripts


def test_the_language_is_the_records_else_the_given_else_detected(tmp_path: Path) -> None:
    polish = [user("Gdzie jest moja paczka? Czekam na nią już od dwóch tygodni."), assistant("Sprawdzę to od razu.")]
    records = [{"messages": polish}, {"messages": polish, "language": "pt_BR"}, {"messages": [user("12"), HI[1]]}]
    content = "\n".join(json.dumps(one) for one in records)
    given = read(tmp_path, "openai-chat", content, language="de")
    assert [one.language for one in given.transcripts] == ["de", "pt-BR", "de"]
    found = read(tmp_path, "openai-chat", content, language=None)
    assert [one.language for one in found.transcripts] == ["pl", "pt-BR", "und"]
    short = read(tmp_path, "openai-chat", [{"messages": [user("hi, there\nyo"), HI[1]]}], language=None)
    assert short.only.language == "und", "not Tsonga, of which the detector is sure"
    assert found.noted("could not be detected") == 1


def test_times_of_any_kind_are_seconds_since_the_first_message(tmp_path: Path) -> None:
    times = ["2026-01-01T10:00:00Z", 1_767_261_602, 1_767_261_603_500, "2026-01-01T11:00:01+01:00"]
    messages = [{**one, "timestamp": time} for one, time in zip([*HI, *HI], times, strict=True)]
    found = read(tmp_path, "openai-chat", {"messages": messages})
    assert [turn.at for turn in found.only.turns] == [0, 2, 3.5, 1]
    assert found.only.started_at == dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC)
    assert found.noted("dated before the one above it") == 1


# --- ShareGPT


def test_sharegpt_tells_its_speakers_in_many_words(tmp_path: Path) -> None:
    said = [{"from": "system", "value": "S"}, {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]
    assert read(tmp_path, "sharegpt", [{"conversations": said}]).said == PAIR
    assert wrong(tmp_path, "sharegpt", [{"conversations": [{"from": 1}]}])[0].startswith(":1: [0].conversations[0]")


# --- Zendesk

USERS = [{"id": 1, "role": "end-user"}, {"id": 2, "role": "agent"}, {"id": 3, "role": "admin"}]


def comment(author: int, body: str, **more: Any) -> dict[str, Any]:
    return {"author_id": author, "body": body, "public": True, "created_at": "2026-01-01T10:00:00Z", **more}


def ticket(*comments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 7, "requester_id": 1, "comments": list(comments), **more}


def test_a_ticket_becomes_a_conversation_without_its_internal_notes(tmp_path: Path) -> None:
    talk = ticket(
        comment(1, "Where is it?", attachments=[{"id": 1}]),
        comment(2, "Rude one, this.", public=False),
        comment(3, "On its way."),
        status="solved",
        satisfaction_rating={"score": "good"},
        tags=["parcel", "vip"],
        via={"channel": "email"},
        subject="Parcel",
    )
    found = read(tmp_path, "zendesk", {"tickets": [talk], "users": USERS})
    assert found.said == [("customer", "Where is it?"), ("human_agent", "On its way.")]
    assert (found.only.id, found.only.customer, found.only.channel) == ("7", "1", "email")
    outcome = found.only.outcome
    assert (outcome.csat, outcome.resolved, outcome.handled_by) == (5, True, "human")
    assert found.only.meta == {"subject": "Parcel", "status": "solved", "tags": ["parcel", "vip"]}
    assert "Rude" not in repr(found.only)
    assert (found.noted("internal note"), found.noted("attachment")) == (1, 1)


@pytest.mark.parametrize("content", ["lines", "one", "list", "wrapped"])
def test_tickets_come_in_lines_lists_and_answers_of_the_api(content: str, tmp_path: Path) -> None:
    talk = ticket(comment(1, "Hi"), comment(2, "Hello"), users=USERS)
    shapes = {"lines": json.dumps(talk) + "\n" + json.dumps({**talk, "id": 8}), "one": talk, "list": [talk]}
    found = read(tmp_path, "zendesk", {**shapes, "wrapped": {"ticket": talk, "users": USERS}}[content])
    assert {tuple(turn.text for turn in one.turns) for one in found.transcripts} == {("Hi", "Hello")}
    assert found.transcripts[0].id == "7"


def test_without_users_the_requester_is_the_customer_and_the_rest_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, "zendesk", [ticket(comment(1, "Hi"), comment(2, "Hello"))])
    assert found.said == [("customer", "Hi"), ("human_agent", "Hello")]
    assert found.noted("author without a role") == 1


def test_a_satisfaction_that_was_never_given_is_none(tmp_path: Path) -> None:
    talk = ticket(comment(1, "Hi"), comment(2, "Hello"), users=USERS, status="open")
    for rating in ({"score": "offered"}, None):
        found = read(tmp_path, "zendesk", [{**talk, "satisfaction_rating": rating}])
        assert (found.only.outcome.csat, found.only.outcome.resolved) == (None, None)


# --- Intercom


def piece(kind: str, body: str | None, **more: Any) -> dict[str, Any]:
    author = {"type": kind, "id": f"{kind}-1", **more.pop("author", {})}
    return {"part_type": "comment", "body": body, "author": author, "created_at": 1_767_225_600, **more}


def intercom(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    first = {"type": "email", "body": "<p>Hi</p>", "author": {"type": "lead", "id": "u1"}}
    return {"id": "9", "source": first, "conversation_parts": {"conversation_parts": list(parts)}, **more}


def test_an_intercom_conversation_knows_bots_people_notes_and_events(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "intercom",
        intercom(
            piece("bot", "<p>Hello</p>"),
            piece("admin", "<p>Fin here</p>", author={"from_ai_agent": True}),
            piece("admin", "<p>secret</p>", part_type="note"),
            piece("admin", None, part_type="assignment"),
            piece("admin", "<p>Anna here</p>", part_type="close"),
            conversation_rating={"rating": 2},
            contacts={"contacts": [{"id": "u1"}]},
        ),
    )
    assert found.said == [
        ("customer", "Hi"),
        ("ai_agent", "Hello"),
        ("ai_agent", "Fin here"),
        ("human_agent", "Anna here"),
    ]
    assert (found.only.outcome.csat, found.only.outcome.handled_by, found.only.customer) == (2, "both", "u1")
    assert (found.noted("internal note"), found.noted("event without a text")) == (1, 1)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One</p><p>&nbsp;</p><p><br></p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>tea</li><li>milk</li></ul>", "- tea\n- milk"),
        ("5 &lt; 6 &amp; 7&nbsp;zł", "5 < 6 & 7\xa0zł"),
        ('<a href="https://a.example/x">here</a>', "here (https://a.example/x)"),
        ('<a href="https://a.example">https://a.example</a>', "https://a.example"),
        ("<style>p {}</style><b>bold</b> word", "bold word"),
        ("no tags\n  at all", "no tags\n  at all"),
    ],
)
def test_html_becomes_what_a_person_reads(body: str, text: str, tmp_path: Path) -> None:
    assert read(tmp_path, "intercom", intercom(piece("admin", body))).said[1][1] == text


# --- Langfuse


def generation(sent: Any, answer: Any, at: int = 0, **more: Any) -> dict[str, Any]:
    common = {"id": f"o{at}", "type": "GENERATION", "startTime": 1_767_225_600 + at}
    return {**common, "input": sent, "output": answer, **more}


def trace(name: str, *observations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "sessionId": "s", "observations": list(observations), **more}


def test_the_traces_of_a_session_are_one_conversation_in_time_whatever_their_order(tmp_path: Path) -> None:
    second = trace("t2", generation([*HI, user("And?")], assistant("Well."), 9), userId="u", tags=["x"])
    other = trace("t3", generation("Ahoj", "Nazdar"), sessionId=None)
    found = read(tmp_path, "langfuse", [second, other, trace("t1", generation(HI[:1], HI[1], 2))])
    assert {one.id: [turn.text for turn in one.turns] for one in found.transcripts} == {
        "t3": ["Ahoj", "Nazdar"],
        "s": ["Hi", "Hello", "And?", "Well."],
    }


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (HI[:1], HI[1]),
        ({"messages": HI[:1]}, {"choices": [{"message": HI[1]}]}),
        ("Hi", "Hello"),
        (json.dumps(HI[:1]), json.dumps(HI[1])),
        ({"role": "user", "content": "Hi"}, [HI[1]]),
    ],
)
def test_input_and_output_come_in_many_forms(sent: Any, answer: Any, tmp_path: Path) -> None:
    assert read(tmp_path, "langfuse", [trace("t", generation(sent, answer))]).said == PAIR


def test_a_model_that_sees_only_the_end_of_the_history_says_nothing_twice(tmp_path: Path) -> None:
    first = generation(HI[:1], HI[1], 1)
    second = generation([HI[1], user("And?")], assistant("Well."), 2)
    third = generation([user("Yes")], assistant("Good."), 3)
    found = read(tmp_path, "langfuse", [trace("t", first, second, third)])
    assert [text for _, text in found.said] == ["Hi", "Hello", "And?", "Well.", "Yes", "Good."]


def test_rows_of_the_blob_export_are_joined_by_session(tmp_path: Path) -> None:
    common = {"type": "GENERATION", "session_id": "s", "trace_id": "t"}
    rows = [
        {**common, "id": "1", "start_time": "2026-01-01 10:00:00.5", "input": json.dumps(HI[:1]), "output": "Hello"},
        {**common, "id": "2", "type": "SPAN", "start_time": "2026-01-01 10:00:01", "input": "x", "output": "y"},
    ]
    found = read(tmp_path, "langfuse", "\n".join(json.dumps(row) for row in rows))
    assert (found.only.id, found.said, found.noted("no generation")) == ("s", PAIR, 1)


def test_a_trace_without_a_generation_gives_its_own_input_and_output(tmp_path: Path) -> None:
    found = read(tmp_path, "langfuse", [trace("t", input="Hi", output="Hello")])
    assert (found.said, found.noted("its own input and output")) == (PAIR, 1)


def test_keep_says_which_generations_spoke_to_the_customer(tmp_path: Path) -> None:
    route = generation([{"role": "system", "content": "Route."}, *HI[:1]], "GREETING", 1, name="route")
    content = [trace("t", route, generation(HI[:1], HI[1], 2, name="answer"))]
    found = read(tmp_path, "langfuse", content, mapping="keep = \"name == 'answer'\"")
    assert (found.said, found.noted("`keep` leaves out")) == (PAIR, 1)


# --- OpenTelemetry


def words(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def span(name: str, parent: str | None = None, start: int = 0, trace_id: str = "t", **given: Any) -> dict[str, Any]:
    attributes = {key.replace("__", "."): value for key, value in given.items()}
    ids = {"traceId": trace_id, "spanId": name, "parentSpanId": parent}
    return {**ids, "name": name, "startTimeUnixNano": str(start * 10**9), "attributes": attributes}


ASKED: dict[str, Any] = {
    "gen_ai__input__messages": [words("user", "Hi")],
    "gen_ai__output__messages": [words("assistant", "Hello")],
}


def test_spans_of_a_trace_share_the_conversation_that_one_of_them_names(tmp_path: Path) -> None:
    root = span("root", start=1, gen_ai__conversation__id="c1")
    found = read(tmp_path, "otel", [span("chat", "root", 2, **ASKED), root])
    assert (found.only.id, found.said, found.noted("span without messages")) == ("c1", PAIR, 1)


def test_an_agents_span_around_the_models_says_nothing_twice(tmp_path: Path) -> None:
    found = read(tmp_path, "otel", [span("agent", None, 1, **ASKED), span("chat", "agent", 2, **ASKED)])
    assert (found.said, found.noted("around other spans")) == (PAIR, 1)


def test_log_records_of_the_older_form_belong_to_their_span(tmp_path: Path) -> None:
    def log(name: str, body: Any, at: int) -> dict[str, Any]:
        pairs = [{"key": key, "value": {"stringValue": value}} for key, value in body.items()]
        ids = {"traceId": "t", "spanId": "1", "timeUnixNano": str(at)}
        return {**ids, "eventName": name, "body": {"kvlistValue": {"values": pairs}}}

    records = [
        log("gen_ai.user.message", {"content": "Hi"}, 1),
        log("gen_ai.choice", {"index": "", "message": json.dumps({"content": "Hello"})}, 2),
    ]
    assert read(tmp_path, "otel", {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).said == PAIR


def test_system_instructions_and_reasoning_are_no_messages(tmp_path: Path) -> None:
    parts = [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "Hello"}]
    thought = {"role": "assistant", "parts": parts}
    instructions = [{"type": "text", "content": "Be kind."}]
    given = {**ASKED, "gen_ai__output__messages": [thought], "gen_ai__system_instructions": instructions}
    found = read(tmp_path, "otel", [span("chat", **given)])
    assert (found.said, found.only.meta["system"], found.noted("no text")) == (PAIR, ["Be kind."], 1)


def test_spans_without_any_messages_are_an_error_that_says_so(tmp_path: Path) -> None:
    assert "found none" in wrong(tmp_path, "otel", [span("GET /")])[0]


# --- the mapping file


def test_progress_grows_to_the_whole_file_over_all_readings(tmp_path: Path) -> None:
    for form, record in (("openai-chat", {"messages": HI}), ("langfuse", trace("t", generation(HI[:1], HI[1])))):
        told: list[tuple[int, int]] = []
        lines = "\n".join(json.dumps(record) for _ in range(300))
        read(tmp_path, form, lines, on_progress=lambda done, size, told=told: told.append((done, size)))
        shares = [done / size for done, size in told]
        assert (shares == sorted(shares), shares[-1] > 0.98, 50 < len(shares) <= 102) == (True, True, True)


@pytest.mark.parametrize("comments", [{}, {"comments": None}, {"comments": []}])
def test_a_ticket_without_comments_is_its_description(comments: dict[str, Any], tmp_path: Path) -> None:
    ticket = {"id": 5, "requester_id": 7, "description": "Where is it?", "created_at": "2026-01-01T10:00:00Z"}
    found = read(tmp_path, "zendesk", [{**ticket, **comments}])
    assert found.said == [("customer", "Where is it?")]
    assert found.only.customer == "7"
    assert found.noted("its description is the customer's message") == 1


def test_an_id_that_is_numbered_never_becomes_one_that_is_taken(tmp_path: Path) -> None:
    records = [{"id": name, "messages": [user("Hi"), assistant("Hello")]} for name in ("1", "1-2", "1", "1")]
    found = read(tmp_path, "openai-chat", records)
    assert [one.id for one in found.transcripts] == ["1", "1-2", "1-3", "1-4"]


def test_a_comment_that_does_not_say_whether_it_is_public_was_sent(tmp_path: Path) -> None:
    comments = [
        {"author_id": 7, "body": "Where is it?"},
        {"author_id": 8, "body": "Rude customer.", "public": False},
        {"author_id": 8, "body": "On its way.", "public": True},
    ]
    found = read(tmp_path, "zendesk", [{"id": 5, "requester_id": 7, "comments": comments}])
    assert found.said == [("customer", "Where is it?"), ("human_agent", "On its way.")]
    assert (found.noted("does not say whether it is public"), found.noted("internal note")) == (1, 1)


@pytest.mark.parametrize("kind", ["note", "note_and_reopen"])
def test_no_kind_of_intercom_note_reaches_a_transcript(kind: str, tmp_path: Path) -> None:
    parts = [
        {"part_type": kind, "body": "<p>Rude customer.</p>", "author": {"type": "admin", "id": "1"}},
        {"part_type": "comment", "body": "<p>On its way.</p>", "author": {"type": "admin", "id": "1"}},
    ]
    source = {"type": "chat", "body": "<p>Where is it?</p>", "author": {"type": "user", "id": "u"}}
    found = read(tmp_path, "intercom", [{"id": "1", "source": source, "conversation_parts": parts}])
    assert found.said == [("customer", "Where is it?"), ("human_agent", "On its way.")]
    assert found.noted("internal note") == 1


@pytest.mark.parametrize("scale", [1, 10**3, 10**6, 10**9])
def test_a_time_is_told_in_seconds_and_their_thousandths_millionths_and_milliardths(scale: int) -> None:
    assert seconds_of(1_770_000_000 * scale) == 1_770_000_000
    assert seconds_of(str(1_770_000_000 * scale)) == 1_770_000_000
