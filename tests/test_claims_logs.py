"""Claims files and logs as they are read: tables with a mapping, transcripts, and what is wrong in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from chatparity.claims.demo import draw, write_table
from chatparity.claims.file import ClaimsFile, read_claims
from chatparity.claims.logs import Words
from chatparity.claims.measure import measure_claims
from chatparity.claims.read import read_logs
from chatparity.errors import InputError, UsageError

from .claims_worlds import FILE, changed

CLAIM = 'id = "a"\nkind = "share"\nsaid = "x"\nsource = "y"\n'
NAMES = {"started_at": "created", "handled_by": "who"}
MAPPED = f"""
[columns]
started_at = "created"
handled_by = "who"
[values.handled_by]
bot = "ai"
agent = "human"
[[claim]]
{CLAIM}at_least = 0.5
"""


def claims(tmp_path: Path, text: str) -> ClaimsFile:
    path = tmp_path / "claims.toml"
    path.write_text(text)
    return read_claims(path)


def table(tmp_path: Path, *lines: str, name: str = "logs.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


# The claims file.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ledge]\n", "ledge: unknown key: expected only ledger, columns, values, arms, claim"),
        (f"[[claim]]\n{CLAIM}", 'claim "a": expected exactly one of at_least, at_most, about, got none'),
        (f"[[claim]]\n{CLAIM}at_least = 0.5\nat_most = 0.6\n", "expected exactly one of"),
        (f"[[claim]]\n{CLAIM}about = 0.5\n", "expected about and within together"),
        (f"[[claim]]\n{CLAIM}at_leat = 0.5\n", "claim[0]: object contains unknown field `at_leat`"),
        (f'[[claim]]\n{CLAIM}at_least = "a"\n', "claim[0].at_least: expected `float | null`, got `str`"),
        (f"[[claim]]\n{CLAIM.replace('share', 'shar')}at_least = 0.5\n", "claim[0].kind: expected one of accuracy,"),
        (f"[[claim]]\n{CLAIM}at_least = 0.5\n[[claim]]\n{CLAIM}at_least = 0.5\n", 'ids that differ, got "a" twice'),
        (f"[[claim]]\n{CLAIM}at_least = 0.5\nsince = 2026-02-02\nuntil = 2026-02-01\n", "a day not after until"),
        (f'[[claim]]\n{CLAIM}at_least = 0.5\nwhere = {{ mood = ["good"] }}\n', "where.mood: expected one of language"),
        (f'[[claim]]\n{CLAIM}at_least = 0.5\nfields = {{ mood = "x" }}\n', "fields.mood: unknown field"),
        ('[columns]\nmood = "x"\n', "columns.mood: unknown field"),
        ('[values.handled_by]\nbot = "robot"\n', "values.handled_by.bot: expected one of ai, human, both, got 'robot'"),
        (
            f"[[claim]]\n{CLAIM.replace('share', 'savings')}measure = 'agents'\nat_least = 5\n",
            "assumptions.hours_a_month: is missing",
        ),
        (
            (
                f"[[claim]]\n{CLAIM.replace('share', 'savings')}measure = 'agents'\nat_least = 5\n[claim.assumptions]\n"
                "hours_a_month = { value = 1, low = 2, high = 3, source = 'x' }\n"
            ),
            "expected low ≤ value ≤ high, got 2.0, 1.0 and 3.0",
        ),
        (f"[[claim]]\n{CLAIM}at_least = 0.5\ngood_for_days = 9000000\n", "good_for_days: expected `int` <= 3652"),
        (f"[[claim]]\n{CLAIM.replace('share', 'volume')}at_least = 5\ndays = inf\n", "days: expected `float` <="),
        (
            (
                f"[[claim]]\n{CLAIM.replace('share', 'savings')}measure = 'agents'\nat_least = 5\n[claim.assumptions]\n"
                "busy_share = { value = 80, low = 70, high = 85, source = 'x' }\n"
            ),
            "assumptions.busy_share: expected numbers above 0 and up to 1, got 70.0 to 85.0",
        ),
        ("[[claim]\n", "expected TOML"),
    ],
)
def test_what_is_wrong_in_a_claims_file_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        claims(tmp_path, text)
    assert str(tmp_path / "claims.toml") in str(raised.value)
    assert said in str(raised.value)


def test_the_shipped_claims_are_those_of_the_public_case_each_with_sentence_source_and_threshold() -> None:
    kinds = {claim.__struct_config__.tag for claim in FILE.claim}
    assert len(kinds) == 12
    assert all(claim.said and claim.source for claim in FILE.claim)
    quoted = " ".join(claim.said for claim in FILE.claim)
    for figure in (
        "two thirds",
        "75 %",
        "2.3 million",
        "23 markets",
        "35 languages",
        "11 minutes",
        "25 %",
        "82 %",
        "700",
    ):
        assert figure in quoted


# Tables.


def test_a_table_is_read_by_the_mapping_of_the_claims_file(tmp_path: Path) -> None:
    file = claims(tmp_path, MAPPED)
    path = table(
        tmp_path, "created,who,resolved,csat", "2026-03-02T09:14:00+01:00,bot,yes,4", "2026-03-02 10:14,agent,0,"
    )
    logs = read_logs(path, file)
    times, handled = logs.columns["started_at"], logs.columns["handled_by"]
    assert isinstance(times, np.ndarray)
    assert isinstance(handled, Words)
    assert times[1] - times[0] == 2 * 3600
    assert [handled.names[code] for code in handled.codes] == ["ai", "human"]
    np.testing.assert_array_equal(logs.columns["resolved"], [1.0, 0.0])
    np.testing.assert_array_equal(logs.columns["csat"], [4.0, np.nan])
    assert "language" not in logs.columns


def test_a_table_comes_back_as_it_was_written_in_csv_tsv_and_parquet(tmp_path: Path) -> None:
    logs = draw(changed(customers=200), 1).logs
    first = tmp_path / "logs.csv"
    write_table(logs, first)
    read = duckdb.read_csv(str(first), all_varchar=True)
    read.write_csv(str(tmp_path / "logs.tsv"), sep="\t")
    duckdb.read_csv(str(first)).write_parquet(str(tmp_path / "logs.parquet"))
    for ending in ("csv", "tsv", "parquet"):
        again = read_logs(tmp_path / f"logs.{ending}", FILE)
        assert again.n == logs.n
        for name, column in logs.columns.items():
            other = again.columns[name]
            if isinstance(column, Words):
                assert isinstance(other, Words)
                assert [column.names[code] for code in column.codes] == [other.names[code] for code in other.codes]
            else:
                np.testing.assert_allclose(other, column, rtol=1e-9)  # type: ignore[arg-type]


def test_every_value_that_cannot_be_read_is_named_with_its_line_and_can_be_left_out(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "id,handled_by,resolved,csat,started_at,accuracy,handle_seconds",
        '1,ai,maybe,"4,5",2026-01-01,0.5,3',
        "1,robot,yes,5,yesterday,2,-1",
        "2,ai,yes,5,2026-01-01,0.5,3",
    )
    with pytest.raises(InputError) as raised:
        read_logs(path, ClaimsFile())
    told = str(raised.value)
    for line, said in (
        (3, "id: expected an id of its own, got '1'"),
        (3, "handled_by: expected ai, human, both (or words that [values.handled_by]"),
        (2, "resolved: expected yes or no (true, false, 1, 0), got 'maybe'"),
        (2, "csat: expected a finite number such as 12.5, got '4,5'"),
        (3, "started_at: expected a date and time such as"),
        (3, "accuracy: expected a number from 0 to 1, got '2'"),
        (3, "handle_seconds: expected a number from 0, got '-1'"),
    ):
        assert f"logs.csv:{line}: {said}" in told
    logs = read_logs(path, ClaimsFile(), skip_invalid=True)
    assert (logs.n, logs.invalid) == (1, 2)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a,b", "1,2"], "none of its columns (a, b) is a field"),
        (["id,handled_by"], "the table has no rows"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_to_do(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=r"logs\.csv") as raised:
        read_logs(table(tmp_path, *lines), ClaimsFile())
    assert said in str(raised.value)


@pytest.mark.parametrize("none", ["0001-01-01", "1970-01-01", "9999-12-31", "99999-01-01T00:00:00Z"])
def test_a_date_that_stands_for_none_is_named_with_its_line(tmp_path: Path, none: str) -> None:
    with pytest.raises(InputError) as raised:
        read_logs(table(tmp_path, "id,started_at", f"1,{none}"), ClaimsFile())
    assert "logs.csv:2: started_at: expected a date and time such as" in str(raised.value)
    assert f"got '{none}'" in str(raised.value)


def test_a_mapped_column_that_is_not_there_is_an_error_for_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no column 'created', 'who', named in \[columns\] .* there are id"):
        read_logs(table(tmp_path, "id", "1"), claims(tmp_path, MAPPED))


def test_a_file_that_is_no_table_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "logs.parquet").write_text("not parquet")
    with pytest.raises(UsageError, match=r"logs.parquet: cannot be read as a table"):
        read_logs(tmp_path / "logs.parquet", ClaimsFile())


def test_names_of_columns_and_files_cannot_do_anything_but_name(tmp_path: Path) -> None:
    text = "[columns]\nid = 'a\"; DROP TABLE logs; --'\n[values.handled_by]\n\"it's a bot\" = 'ai'\n"
    path = table(tmp_path, '"a""; DROP TABLE logs; --",handled_by', "1,it's a bot", name="it's.csv")
    logs = read_logs(path, claims(tmp_path, text))
    ids, handled = logs.columns["id"], logs.columns["handled_by"]
    assert isinstance(ids, Words)
    assert isinstance(handled, Words)
    assert (ids.names, handled.names) == (("1",), ("ai",))


def test_a_claim_may_take_another_column_than_all_others(tmp_path: Path) -> None:
    person = 'kind = "person"\nsaid = "x"\nsource = "y"\nat_least = 0.9\n'
    text = f'[[claim]]\nid = "a"\n{person}[[claim]]\nid = "b"\n{person}fields = {{ person_given_turn = "really" }}\n'
    text += f'[[claim]]\nid = "c"\n{person}fields = {{ person_given_turn = "nowhere" }}\n'
    file = claims(tmp_path, text)
    path = table(tmp_path, "person_asked_turn,person_given_turn,really", "1,2,", "1,2,2")
    found = measure_claims(file, read_logs(path, file)).claims
    assert [claim.estimate for claim in found] == [1.0, 0.5, None]
    assert found[2].reason == "the logs have no person_given_turn (column 'nowhere')"


# Transcripts.


def talk(number: int, **more: Any) -> dict[str, Any]:
    turns = [
        {"speaker": "customer", "text": "Where is it?"},
        {"speaker": "ai_agent", "text": "On its way."},
        {"speaker": "customer", "text": "A person, please."},
        {"speaker": "ai_agent", "text": "Of course."},
        *([{"speaker": "human_agent", "text": "Hello."}] if number % 2 else []),
    ]
    labels = {"escalation": [{"turn": 3, "expect": "now", "reason": "explicit_request"}]}
    labels["answers"] = [{"turn": 1, "accuracy": 1}, {"turn": 3, "accuracy": 0.5}]
    return {"schema": 1, "id": f"t{number}", "language": "en", "turns": turns, "labels": labels, **more}


def test_transcripts_give_who_handled_what_was_asked_for_when_a_person_came_and_how_accurate_it_was(
    tmp_path: Path,
) -> None:
    path = tmp_path / "logs.jsonl"
    outcome = {"resolved": True, "csat": 4, "handle_seconds": 90, "recontact_7d": False}
    lines = [talk(number, outcome=outcome, meta={"cost": 0.5, "abandoned": False}) for number in range(4)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    logs = read_logs(path, ClaimsFile())
    handled = logs.columns["handled_by"]
    assert isinstance(handled, Words)
    assert [handled.names[code] for code in handled.codes] == ["ai", "both", "ai", "both"]
    for name, values in {
        "person_asked_turn": [2.0] * 4,
        "person_given_turn": [np.nan, 4, np.nan, 4],
        "accuracy": [0.75] * 4,
        "cost": [0.5] * 4,
        "abandoned": [0.0] * 4,
        "recontact_7d": [0.0] * 4,
    }.items():
        np.testing.assert_array_equal(logs.columns[name], values)
    assert "customer" not in logs.columns
    [claim] = [one for one in FILE.claim if one.id == "always-a-human"]
    [found] = measure_claims(ClaimsFile(claim=(claim,)), logs).claims
    assert (found.n, found.estimate) == (4, 0.5)
    assert any("name no customers" in note for note in found.notes)


def test_a_bad_value_of_meta_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "logs.jsonl"
    path.write_text(json.dumps(talk(1)) + "\n" + json.dumps(talk(2, meta={"cost": "much"})) + "\n")
    with pytest.raises(InputError, match=r"logs.jsonl:2: meta: cost: expected a finite number, got 'much'"):
        read_logs(path, ClaimsFile())
    logs = read_logs(path, ClaimsFile(), skip_invalid=True)
    assert (logs.n, logs.invalid) == (1, 1)


def test_the_shipped_transcripts_can_be_measured() -> None:
    logs = read_logs(Path(__file__).parents[1] / "datasets" / "support" / "starter", FILE)
    ledger = measure_claims(FILE, logs)
    assert ledger.synthetic
    assert len(ledger.claims) == len(FILE.claim)
    assert {claim.verdict for claim in ledger.claims} >= {"cannot be told"}


def test_a_mapping_of_columns_and_transcripts_do_not_go_together(tmp_path: Path) -> None:
    path = tmp_path / "logs.jsonl"
    path.write_text(json.dumps(talk(1)) + "\n")
    with pytest.raises(UsageError, match="transcripts have fields of their own"):
        read_logs(path, claims(tmp_path, MAPPED))
