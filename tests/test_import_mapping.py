"""A mapping file says where an export's fields, speakers and messages stand; every mistake in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatparity.errors import InputError, UsageError
from chatparity.importers import load_mapping

from .test_import_formats import HI, USERS, comment, read, ticket


def test_a_mapping_file_finds_fields_speakers_and_messages_elsewhere(tmp_path: Path) -> None:
    record = {"nr": 5, "lang": "cs", "log": {"said": [{"role": "x", "content": "Hi"}, {"role": "y", "content": "Yo"}]}}
    fields = 'messages = "log.said"\n[fields]\nid = "nr"\nlanguage = "lang"\n'
    speakers = '[speakers]\nx = "customer"\nY = "human_agent"'
    found = read(tmp_path, "openai-chat", record, mapping=fields + speakers)
    assert (found.only.id, found.only.language) == ("5", "cs")
    assert found.said == [("customer", "Hi"), ("human_agent", "Yo")]


def test_a_mapping_can_turn_a_field_off_and_leave_a_speaker_out(tmp_path: Path) -> None:
    talk = ticket(comment(1, "Hi"), comment(2, "Hello"), comment(-1, "Ticket merged."), users=USERS, status="closed")
    found = read(tmp_path, "zendesk", [talk], mapping='fields.resolved = ""\nspeakers."-1" = "leave_out"')
    assert (found.said[-1], found.only.outcome.resolved) == (("human_agent", "Hello"), None)
    assert found.noted("the mapping leaves out") == 1


def test_every_mistake_of_a_mapping_file_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    top = 'kepp = "a"\nmessages = 3\nreading.delimiter = "ab"\n'
    path.write_text(top + '[fields]\nid = "a["\ncolour = "x"\n[speakers]\nbot = "robot"')
    with pytest.raises(InputError) as caught:
        load_mapping(path)
    assert sorted(problem.field for problem in caught.value.problems) == [
        "fields.colour",
        "fields.id",
        "kepp",
        "messages",
        "reading.delimiter",
        "speakers.bot",
    ]


@pytest.mark.parametrize(("form", "text"), [("tau-bench", ""), ("csv", 'messages = "a"'), ("otel", 'messages = "a"')])
def test_a_mapping_that_cannot_be_followed_is_refused(form: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mapping file"):
        read(tmp_path, form, "", mapping=text)


def test_an_expression_that_does_not_fit_the_records_names_itself(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'length\(role\) > length\(none\)' cannot be applied"):
        read(tmp_path, "openai-chat", {"messages": HI}, mapping='keep = "length(role) > length(none)"')
