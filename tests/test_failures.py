"""The failure map: what fails by category and theme, who says so, and what is new since a baseline."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from chatparity.errors import InputError, UsageError
from chatparity.exchange import Reply
from chatparity.failures import map_failures
from chatparity.failures.compare import Sides
from chatparity.failures.measure import Measure, grouped
from chatparity.failures.page import write_map
from chatparity.failures.read import Numbering, passage
from chatparity.failures.terms import Background, terms_in
from chatparity.failures.text import map_text
from chatparity.failures.themes import CONVERSATIONS, Text, themes_of
from chatparity.run.folder import Looks
from chatparity.suite import load_suite

from .failure_runs import (
    FEE,
    SUBJECTS,
    TAXONOMY,
    category,
    change,
    in_memory,
    reply,
    run_of,
    said_anywhere,
    unanswered,
)

STANDS = {"new", "grown", "shrunk", "gone"}


def good(number: int) -> str:
    return f"Your parcel number {number} is on its way to you and will be with you soon."


def test_each_failure_has_its_category_and_the_rate_is_over_conversations(tmp_path: Path) -> None:
    replies = [reply(number, good(number), fails=number < 6) for number in range(60)]
    replies += [reply(number, good(number), dimension="politeness", fails=number == 7) for number in range(60)]
    found = map_failures(run_of(tmp_path / "run", replies).path, load_suite())
    assert (found.graded, found.failing, found.conversations) == (60, 7, 60)
    wrong = category(found, "wrong fact")
    assert (wrong.count, wrong.rate.n, wrong.rate.good) == (6, 60, 6)
    assert wrong.rate.low is not None
    assert wrong.rate.low < 0.1 < (wrong.rate.high or 0)
    assert category(found, "tone").ids == ("en-0007",)
    assert category(found, "missed handover").rate.n == 0


def test_a_reply_without_a_score_is_in_no_category(tmp_path: Path) -> None:
    replies = [reply(number, good(number), fails=number < 3) for number in range(20)]
    replies += [unanswered(number) for number in range(20, 25)]
    found = map_failures(run_of(tmp_path / "run", replies).path, load_suite())
    assert (found.planned, found.graded, found.failing) == (25, 20, 3)
    assert found.without == {"errored": 5}
    assert sum(one.count for one in found.categories) == 3
    assert "without a score: 5 of 25 replies, errored" in map_text(found)


def test_a_run_without_failures_or_without_scores_has_a_page_that_says_so(tmp_path: Path) -> None:
    suite = load_suite()
    for name, replies, said in (
        ("clean", [reply(number, good(number)) for number in range(5)], "0 of 5 graded replies fail (0.0"),
        ("silent", [unanswered(number) for number in range(5)], "0 of 0 graded replies fail."),
    ):
        found = map_failures(run_of(tmp_path / name, replies).path, suite)
        page = write_map(found, tmp_path / f"map-{name}").read_text()
        assert said in page.replace("\u00a0", " ")
        assert "No reply fails." in page
        assert "## Themes" not in (tmp_path / f"map-{name}" / "failures.md").read_text()
        assert map_text(found).endswith("single failures, like no others: 0")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="a file is here"):
        write_map(found, tmp_path / "file")


def test_alike_failures_make_a_theme_named_by_their_words_and_the_others_stay_single(tmp_path: Path) -> None:
    odd = ["Zebras graze at dusk.", "Quartz hums beneath bridges.", "Violins melt in July."]
    replies = [reply(number, good(number)) for number in range(100)]
    replies += [reply(100 + number, f"{FEE}.", fails=True) for number in range(8)]
    replies += [reply(200 + number, text, fails=True, quote=f"{text} {number}?") for number, text in enumerate(odd)]
    found = map_failures(run_of(tmp_path / "run", replies).path, load_suite())
    assert [(one.count, one.language) for one in found.themes] == [(8, "en")]
    assert {"guarantee", "gold customer", "every purchase", "ninety days"} & set(found.themes[0].terms)
    assert (found.singles.count, found.singles.languages) == (3, {"en": 3})
    assert {one.id for one in found.themes[0].examples} <= {f"en-{number:04d}" for number in range(100, 108)}


def test_words_that_everybody_says_name_no_theme(tmp_path: Path) -> None:
    every = "I am so sorry about the wait, and I hope that this helps"
    replies = [reply(number, f"{every}. {good(number)}") for number in range(100)]
    replies += [reply(100 + number, f"{every} {FEE}.", fails=True) for number in range(8)]
    found = map_failures(run_of(tmp_path / "run", replies).path, load_suite())
    named = {word for one in found.themes for term in one.terms for word in term.split()}
    assert named
    assert not named & {"am", "sorry", "about", "the", "wait", "and", "hope", "that"}


@pytest.mark.parametrize(("fine", "failing"), [(120, 30), (120, 120), (40, 120)])
def test_a_fault_however_frequent_is_one_theme_and_not_single_failures(fine: int, failing: int, tmp_path: Path) -> None:
    dice = random.Random(1)

    def some(count: int) -> str:
        return " ".join(dice.choices([word for one in SUBJECTS for word in one], k=count))

    replies = [reply(number, f"{good(number)} {some(6)}", quote=some(6)) for number in range(fine)]
    replies += [
        reply(1000 + number, f"{some(3)} {FEE} {some(3)}.", fails=True, quote=some(6)) for number in range(failing)
    ]
    found = map_failures(run_of(tmp_path / "run", replies).path, load_suite())
    (theme,) = found.themes
    assert theme.count >= 0.8 * failing
    assert {"guarantee", "gold customer", "every purchase", "ninety days"} & set(theme.terms)
    assert len({one.id for one in theme.examples}) == 3


def test_a_theme_stays_in_its_language(tmp_path: Path) -> None:
    polish = "Jako klient złoty masz też gwarancję dziewięćdziesięciu dni na każdy zakup"
    replies = [reply(number, f"{FEE}.", fails=True) for number in range(6)]
    replies += [reply(number, f"{polish}.", fails=True, language="pl", quote="Gdzie paczka?") for number in range(6)]
    replies += [reply(50 + number, good(number)) for number in range(40)]
    replies += [
        reply(50 + number, f"Paczka numer {number} jest w drodze.", language="pl", quote="Gdzie paczka?")
        for number in range(40)
    ]
    found = map_failures(run_of(tmp_path / "run", replies).path, load_suite())
    assert sorted((one.language, one.count) for one in found.themes) == [("en", 6), ("pl", 6)]


def test_the_same_run_gives_the_same_map(tmp_path: Path) -> None:
    dice = random.Random(1)
    replies = [
        reply(number, " ".join(dice.choices(SUBJECTS[number % 6], k=12)), fails=number % 2 == 0)
        for number in range(200)
    ]
    run = run_of(tmp_path / "run", replies).path
    assert msgspec.json.encode(map_failures(run, load_suite())) == msgspec.json.encode(map_failures(run, load_suite()))


def test_what_was_not_in_the_baseline_is_new_and_what_was_is_grown(tmp_path: Path) -> None:
    before = [reply(number, good(number)) for number in range(100)]
    before += [reply(number, good(number), dimension="politeness", fails=number < 4) for number in range(100)]
    said = [f"{FEE}." if number < 20 else good(number) for number in range(100)]
    now = [reply(number, text, fails=number < 20) for number, text in enumerate(said)]
    now += [reply(number, text, dimension="politeness", fails=number < 30) for number, text in enumerate(said)]
    base = run_of(tmp_path / "before", before).path
    found = map_failures(run_of(tmp_path / "now", now).path, load_suite(), baseline=base)
    assert (change(found, "wrong fact").said, change(found, "tone").said) == ("new", "grown")
    assert (change(found, "tone").now, change(found, "tone").before, change(found, "tone").only_now) == (30, 4, 26)
    assert found.baseline is not None
    assert (found.baseline.n, found.baseline.pairs, found.baseline.left_out) == (100, True, 0)
    theme = next(one for one in found.themes if "guarantee" in one.name or "purchase" in one.name)
    assert theme.change is not None
    assert theme.change.said == "new"
    back = map_failures(tmp_path / "before", load_suite(), baseline=tmp_path / "now")
    assert (change(back, "wrong fact").said, change(back, "tone").said) == ("gone", "shrunk")
    assert any(one.change and one.change.said == "gone" and one.count == 0 for one in back.themes)


def test_a_run_beside_one_like_it_shows_nothing_new(tmp_path: Path) -> None:
    replies = [reply(number, good(number), fails=number % 3 == 0) for number in range(90)]
    run_of(tmp_path / "a", replies)
    found = map_failures(run_of(tmp_path / "b", replies).path, load_suite(), baseline=tmp_path / "a")
    changes = [*(one.change for one in found.categories), *(one.change for one in found.themes)]
    told = [one.said for one in changes if one]
    assert told
    assert not STANDS & set(told)


def test_a_grader_that_scored_one_run_alone_makes_nothing_new(tmp_path: Path) -> None:
    before = [reply(number, good(number)) for number in range(60)]
    now = [*before, *(reply(number, good(number), grader="judge", fails=number < 30) for number in range(60))]
    run_of(tmp_path / "before", before)
    found = map_failures(run_of(tmp_path / "now", now).path, load_suite(), baseline=tmp_path / "before")
    assert (category(found, "wrong fact").count, change(found, "wrong fact").now) == (30, 0)
    assert found.baseline is not None
    assert found.baseline.other_graders == ("judge",)


def test_runs_of_other_conversations_are_compared_unpaired(tmp_path: Path) -> None:
    run_of(tmp_path / "before", [reply(number, good(number)) for number in range(150)])
    now = [reply(1000 + number, good(number), fails=number < 40) for number in range(150)]
    found = map_failures(run_of(tmp_path / "now", now).path, load_suite(), baseline=tmp_path / "before")
    assert found.baseline is not None
    assert not found.baseline.pairs
    assert change(found, "wrong fact").said == "new"


def test_runs_that_share_conversations_but_no_message_are_not_compared(tmp_path: Path) -> None:
    run_of(tmp_path / "before", [reply(number, good(number)) for number in range(30)])
    now = [reply(number, good(number), turn=3, fails=True) for number in range(30)]
    found = map_failures(run_of(tmp_path / "now", now).path, load_suite(), baseline=tmp_path / "before")
    assert found.baseline is not None
    assert "no message that was answered in both" in found.baseline.why_not
    assert category(found, "wrong fact").change is None
    assert "cannot be compared" in map_text(found)


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_runs_alike_are_said_to_differ_as_seldom_as_the_page_says(share: float, tmp_path: Path) -> None:
    """With `share` 1, both runs fail alike: at most 5 % may be told apart; with a run that never fails, nearly all."""
    dice, wrong, trials = random.Random(11), 0, 300
    for _ in range(trials):
        chances = [dice.betavariate(0.6, 2.4) for _ in range(60)]
        numbering = Numbering(TAXONOMY)
        now = in_memory(tmp_path, numbering, dice, chances)
        before = in_memory(tmp_path, numbering, dice, chances, share)
        measure = Measure(now, numbering, before, Sides(now, before))
        wrong += bool(STANDS & set(said_anywhere(measure, []).values()))
    # Three standard errors of 300 trials beside the 5 % that are allowed.
    assert wrong <= trials * 0.05 + 3 * (trials * 0.05 * 0.95) ** 0.5 if share else wrong >= 0.95 * trials


@pytest.mark.slow
def test_themes_of_runs_alike_are_said_to_differ_as_seldom_as_the_page_says(tmp_path: Path) -> None:
    dice, wrong, trials, tested = random.Random(5), 0, 120, 0
    for trial in range(trials):
        chances = [dice.betavariate(0.6, 2.4) for _ in range(60)]
        numbering, background = Numbering(TAXONOMY), Background()
        for _ in range(100):
            background.add("en", " ".join(dice.choice(SUBJECTS[dice.randrange(6)]) for _ in range(6)) + " hello there")
        now, before = (in_memory(tmp_path, numbering, dice, chances) for _ in range(2))
        measure = Measure(now, numbering, before, Sides(now, before))
        said = said_anywhere(measure, grouped({"now": now, "before": before}, background, trial))
        tested += sum(name.startswith("theme") and one != "too few" for name, one in said.items())
        wrong += bool(STANDS & set(said.values()))
    assert tested > trials
    assert wrong <= trials * 0.05 + 3 * (trials * 0.05 * 0.95) ** 0.5


def test_themes_do_not_tell_whose_failures_they_were_made_of(tmp_path: Path) -> None:
    dice = random.Random(3)
    chances = [0.6] * 40
    numbering, background = Numbering(TAXONOMY), Background()
    for _ in range(60):
        background.add("en", "hello there and thank you")
    one, two = (in_memory(tmp_path, numbering, dice, chances) for _ in range(2))
    there = grouped({"now": one, "before": two}, background, 0)
    back = grouped({"now": two, "before": one}, background, 0)
    swapped = [sorted((("now", "before")[whose == "now"], key) for whose, key in group.members) for group in back]
    assert [sorted(group.members) for group in there] == swapped


def test_few_failures_or_failures_of_few_conversations_are_no_theme() -> None:
    assert themes_of([], 0) == []
    same = [Text("one", "where is it", "it is here") for _ in range(50)]
    assert themes_of(same, 0) == []
    enough = [Text(f"t{number}", "where is it", "it is here") for number in range(CONVERSATIONS)]
    assert [len(one.members) for one in themes_of(enough, 0)] == [CONVERSATIONS]
    assert themes_of([Text(f"t{number}", "", "") for number in range(20)], 0) == []


def test_no_more_texts_of_a_language_are_kept_than_the_background_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatparity.failures.terms.ENOUGH", 3)
    background = Background()
    assert [background.wants("en") for _ in range(5)] == [True, True, True, False, False]
    assert background.wants("de")


def test_numbers_of_orders_and_amounts_are_no_terms() -> None:
    found = terms_in("Order H-20417: you pay £3.60 late fee.")
    assert "late fee" in found
    assert not any(any(at.isdigit() for at in one) for one in found)
    assert "h" not in found


def test_scripts_without_spaces_are_named_by_pairs_of_characters() -> None:
    assert {"返金", "金手"} <= terms_in("返金手数料がかかります。")


def test_the_passage_at_fault_is_the_sentence_that_holds_the_evidence() -> None:
    text = "Hello. The fee is £3.60 a month. Bye.\n– one\n– two"
    assert passage(Reply(text=text), [(18, 23)]) == "The fee is £3.60 a month."
    assert passage(Reply(text=text), [(0, 1), (45, 47)]) == "Hello.\n– two"
    assert passage(Reply(text=text), []) == text
    assert passage(Reply(text=""), [(0, 4)]) == ""


def test_another_taxonomy_gives_other_categories(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(
        'version = "7"\n[[failures]]\nname = "money"\nsays = "an amount"\npatterns = ["£\\\\d"]\n'
        '[[failures]]\nname = "by the judge"\nsays = "x"\ngraders = ["judge"]\nmetrics = ["rate"]\n'
    )
    replies = [reply(1, "x y z", fails=True), reply(2, "x y z", fails=True, reason="?", grader="judge")]
    replies += [reply(3, "x y z", fails=True, reason="?")]
    found = map_failures(run_of(tmp_path / "run", replies).path, load_suite(), taxonomy=file)
    assert {one.name: one.count for one in found.categories} == {"money": 1, "by the judge": 1, "other": 1}
    assert (found.taxonomy, found.taxonomy_version) == (str(file), "7")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('patterns = ["("]', "failures.0..patterns: expected a regular expression"),
        ("", "expected dimensions, graders, metrics, outcomes, words or patterns"),
        ('words = "x"', "words"),
    ],
)
def test_a_taxonomy_that_cannot_be_used_is_named_with_the_place(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text(f'version = "1"\n[[failures]]\nname = "a"\nsays = "b"\n{text}\n')
    run = run_of(tmp_path / "run", [reply(1, "x")])
    with pytest.raises(InputError, match=said):
        map_failures(run.path, load_suite(), taxonomy=file)


def test_a_run_is_not_its_own_baseline_and_must_be_graded(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [reply(1, "x")])
    with pytest.raises(UsageError, match="the run itself"):
        map_failures(run.path, load_suite(), baseline=run.path)
    run.scores_file.unlink()
    with pytest.raises(UsageError, match="not graded yet"):
        map_failures(run.path, load_suite())
    with pytest.raises(UsageError, match="no run here"):
        map_failures(tmp_path / "nowhere", load_suite())


def test_a_run_that_was_stopped_early_is_said_to_be(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", [reply(number, good(number)) for number in range(5)])
    assert "stopped early" not in map_text(map_failures(run.path, load_suite()))
    run.write(run.looks_file, msgspec.json.encode(Looks(format=1, looks=2, stopped=True, sampled=("en-0001",))))
    assert "stopped early" in map_text(map_failures(run.path, load_suite()))
