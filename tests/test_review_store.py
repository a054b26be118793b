"""Labels on disk: every change is kept, two writers lose nothing, and a kill loses at most the click in flight."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatparity.errors import UsageError
from chatparity.review.store import DECISION, Store

SAVES = """
import sys
from pathlib import Path
from chatparity.review.store import Store
store = Store(Path(sys.argv[1]), "s1")
for number in range(100_000):
    store.save(f"item-{number}", {"accuracy": "1"}, author=sys.argv[2])
    print(number, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "labels.sqlite", "s1")


def test_what_was_saved_is_there_after_opening_again(store: Store, tmp_path: Path) -> None:
    store.save("a", {"accuracy": "0.5", "comment": "ça va"}, author="Ada")
    store.close()
    again = Store(tmp_path / "labels.sqlite", "s1")
    assert again.of("Ada", "a") == {"accuracy": "0.5", "comment": "ça va"}


def test_every_change_is_kept_with_its_author_time_and_what_was_there_before(store: Store) -> None:
    store.save("a", {"accuracy": "0"}, author="Ada")
    store.save("a", {"accuracy": "1"}, author="Ada")
    store.save("a", {"accuracy": None}, author="Ada")
    changes = store.history("a")
    assert [(one.author, one.before, one.value) for one in changes] == [
        ("Ada", None, "0"),
        ("Ada", "0", "1"),
        ("Ada", "1", None),
    ]
    assert changes[0].at <= changes[1].at <= changes[2].at
    assert changes[0].at.endswith("+00:00")
    assert store.of("Ada", "a") == {}


@pytest.mark.parametrize("statement", ["UPDATE change SET value = 'x'", "DELETE FROM change"])
def test_no_change_can_be_rewritten_or_removed(store: Store, tmp_path: Path, statement: str) -> None:
    store.save("a", {"accuracy": "0"}, author="Ada")
    base = sqlite3.connect(tmp_path / "labels.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="changes are kept"):
        base.execute(statement)
    base.close()


def test_saving_what_holds_already_is_no_change(store: Store) -> None:
    assert store.save("a", {"accuracy": "0"}, author="Ada") == 1
    assert store.save("a", {"accuracy": "0"}, author="Ada") == 0
    assert len(store.history()) == 1


def test_undo_takes_back_one_click_at_a_time_with_all_that_it_changed(store: Store) -> None:
    store.save("a", {"accuracy": "1", "state": "done"}, author="Ada")
    store.save("b", {"accuracy": "0"}, author="Ada")
    store.save("b", {"accuracy": "1"}, author="Ben")
    assert store.undo("Ada") == "b"
    assert store.undo("Ada") == "a"
    assert store.undo("Ada") is None
    assert (store.of("Ada", "a"), store.of("Ada", "b"), store.of("Ben", "b")) == ({}, {}, {"accuracy": "1"})
    assert len(store.history()) == 7


@given(clicks=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["0", "1", None])), max_size=12))
@settings(max_examples=30, deadline=None)
def test_undoing_everything_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory, clicks: list[tuple[str, str]]
) -> None:
    store = Store(tmp_path_factory.mktemp("undo") / "labels.sqlite", "s1")
    states = [store.everything()]
    for item, value in clicks:
        if store.save(item, {"accuracy": value}, author="Ada"):
            states.append(store.everything())
    for before in reversed(states[:-1]):
        assert store.undo("Ada") is not None
        assert store.everything() == before
    assert store.undo("Ada") is None
    store.close()


def test_answers_stay_once_the_findings_were_seen(store: Store) -> None:
    store.save("a", {"accuracy": "1", "state": "done"}, author="Ada")
    store.save("a", {"seen": "yes"}, author="Ada")
    with pytest.raises(UsageError, match="stay"):
        store.save("a", {"accuracy": "0"}, author="Ada")
    with pytest.raises(UsageError, match="stay"):
        store.undo("Ada")
    store.save("a", {"comment": "now I see"}, author="Ada")
    store.save("a", {"accuracy": "0"}, author="Lea", rater=DECISION)
    assert store.of("Ada", "a")["accuracy"] == "1"


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    first, second = Store(tmp_path / "labels.sqlite", "s1"), Store(tmp_path / "labels.sqlite", "s1")

    def click(store: Store, who: str) -> None:
        for number in range(60):
            store.save(f"item-{number}", {"accuracy": "1", "politeness": str(number % 5 + 1)}, author=who)

    threads = [threading.Thread(target=click, args=one) for one in ((first, "Ada"), (first, "Ben"), (second, "Cleo"))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(first.history()) == 3 * 60 * 2
    assert all(len(said) == 3 for said in second.everything().values())


def test_a_kill_in_the_middle_of_saving_loses_at_most_the_click_in_flight(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    command = [sys.executable, "-c", SAVES, str(path), "Ada"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(25)]
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    process.wait(10)
    process.stdout.close()
    acknowledged = int(rest[-1]) + 1 if rest else told[-1] + 1
    store = Store(path, "s1")
    assert len(store.history()) in (acknowledged, acknowledged + 1)
    assert len(store.everything()) == len(store.history())
    store.save("after", {"accuracy": "1"}, author="Ada")


def test_labels_of_another_sample_are_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sample s1, and this is s2"):
        Store(tmp_path / "labels.sqlite", "s2")


def test_a_file_that_is_none_of_labels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.sqlite").write_text("no database, " * 100)
    with pytest.raises(UsageError, match="not a file of labels"):
        Store(tmp_path / "labels.sqlite", "s1")


def test_a_version_of_the_notes_is_not_written_over_one_that_was_not_read(store: Store) -> None:
    assert store.write_note("Round up.", "Ada", on=0).version == 1
    with pytest.raises(UsageError, match="version 1 of the notes was written meanwhile"):
        store.write_note("Round down.", "Ben", on=0)
    store.write_note("Round down.", "Ben", on=1)
    assert [(one.version, one.author, one.text) for one in store.notes()] == [
        (1, "Ada", "Round up."),
        (2, "Ben", "Round down."),
    ]
    store.save("a", {"accuracy": "1"}, author="Ada")
    assert store.history()[-1].guideline == 2


def test_a_session_keeps_its_items(store: Store) -> None:
    store.begin("march", ["b", "a"])
    store.begin("march", ["b", "a"])
    assert store.session("march") == ["b", "a"]
    assert store.session("april") is None
    with pytest.raises(UsageError, match="march: is there already, with 2 items"):
        store.begin("march", ["a"])
