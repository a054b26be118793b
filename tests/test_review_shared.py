"""Several people at one sample: who gets what, who holds what, and when everybody sees how all agree."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import Counter
from pathlib import Path

import pytest

from chatparity.review.agreement import agreement
from chatparity.review.desk import Desk, Filter
from chatparity.review.held import Held
from chatparity.review.resolve import finished

from .review_desk import Visitor, chatparity, desk_of, make_sample, serving, usual_talks


def shared_desk(folder: Path) -> Desk:
    """Return the desk of a sample of twelve items, of which every fourth is for two people."""
    sample = make_sample(folder, talks=usual_talks(10), n=12)
    told = json.loads((sample / "sample.json").read_text())
    for number, item in enumerate(told["items"]):
        item["second"] = number % 4 == 0
    (sample / "sample.json").write_text(json.dumps(told))
    return desk_of(sample)


def for_two(desk: Desk) -> set[str]:
    return {name for name, item in desk.bench.items.items() if item.second}


def test_what_is_for_two_people_goes_to_two_and_everything_else_to_one(tmp_path: Path) -> None:
    desk = shared_desk(tmp_path)
    twice = for_two(desk)

    def judged_by(rater: str) -> list[str]:
        names: list[str] = []
        while (name := desk.following(rater, names[-1] if names else None, Filter())) is not None:
            desk.store.save(name, {"accuracy": "1", "state": "done"}, author=rater)
            names.append(name)
        return names

    assert set(judged_by("Ada")) == set(desk.bench.order)
    assert set(judged_by("Ben")) == twice
    assert judged_by("Cem") == []
    assert (desk.progress("Ben").done, desk.progress("Ben").own) == (3, 3)
    together = desk_of(desk.bench.folder, session=desk.bench.order[:4])
    assert desk.shared
    assert not dataclasses.replace(together, session="march").shared


@pytest.mark.parametrize("seed", range(5))
def test_people_who_judge_at_the_same_time_do_not_judge_the_same_unless_it_is_for_two(
    tmp_path: Path, seed: int
) -> None:
    desk, chance = shared_desk(tmp_path), random.Random(seed)
    people = ["Ada", "Ben", "Cem"]
    before = {rater: desk.following(rater, None, Filter()) for rater in people}
    while still := [rater for rater, name in before.items() if name is not None]:
        rater = chance.choice(still)
        name = before[rater]
        assert name is not None
        desk.store.save(name, {"accuracy": "1", "state": "done"}, author=rater)
        before[rater] = desk.following(rater, name, Filter())
    judged = Counter({name: len(finished(said)) for name, said in desk.store.everything().items()})
    assert {name for name, count in judged.items() if count == 2} == for_two(desk)
    assert {name for name, count in judged.items() if count == 1} == set(desk.bench.order) - for_two(desk)
    found = agreement(desk)
    assert (found.for_two, found.by_two) == (3, 3)
    assert next(one for one in found.criteria if one.criterion == "accuracy").people.items == 3
    assert "of 3 items for two people, 3 have two" in chatparity("review", str(desk.bench.folder), "--agreement").stdout


def test_an_item_is_held_for_whoever_has_it_open_until_they_go_on_or_stay_away(tmp_path: Path) -> None:
    now = [0.0]
    desk = dataclasses.replace(shared_desk(tmp_path), held=Held(lambda: now[0]))
    single = next(name for name in desk.bench.order if name not in for_two(desk))
    desk.opened("Ada", single)

    def offered(rater: str) -> set[str]:
        names: set[str] = set()
        while (name := desk.following(rater, None, Filter())) is not None:
            desk.store.save(name, {"state": "skipped"}, author=rater)
            names.add(name)
        return names

    assert offered("Ben") == set(desk.bench.order) - {single}
    assert desk.waiting("Ben") == [single]
    assert (desk.elsewhere("Ben", "", Filter()), desk.elsewhere("Ada", "", Filter())) == (1, 0)
    assert desk.elsewhere("Ben", "", Filter(text="no such")) == 0
    now[0] = 3600.0
    assert desk.elsewhere("Ben", "", Filter()) == 0
    assert offered("Ben") == {single}
    desk.store.save(single, {"state": "done"}, author="Ada")
    desk.opened("Ada", single)
    assert "Ada" not in desk.held.by_others("Ben")
    assert single not in desk.kept("Cem", Filter("open"))


def test_who_has_judged_what_is_theirs_sees_how_all_agree_though_others_judged_the_rest(tmp_path: Path) -> None:
    desk = shared_desk(tmp_path)
    for rater in ("Ada", "Ben"):
        name = desk.following(rater, None, Filter())
        while name is not None:
            desk.store.save(name, {"accuracy": "1", "state": "done"}, author=rater)
            name = desk.following(rater, name, Filter())
    assert desk.waiting("Ben") == []
    assert len(desk.states("Ben")) < len(desk.bench.order)
    desk.store.close()
    with serving(desk.bench.folder) as page:
        ben = Visitor(page, "Ben").enter()
        assert "You have answered every item" in ben.get("/calibration").body
        assert ben.post("/calibration").status == 303
        assert "Of 3 for two people, 3 have two" in ben.get("/calibration").body
