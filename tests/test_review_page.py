"""The review page over real HTTP: who may come in, what a form does, and what is kept from whom until when."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from chatparity.review.guard import HEADERS
from chatparity.review.store import FILE, Store
from chatparity.sample.folder import read_sample

from .review_desk import LEAD, Served, Visitor, make_sample, serving, usual_talks

ANSWERS = {"accuracy": "1", "hallucinated": "no", "politeness": "4", "escalation": "none"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    sample = make_sample(tmp_path_factory.mktemp("review"), talks=usual_talks(), n=24)
    with serving(sample) as found:
        yield found


@pytest.fixture(scope="module")
def items(served: Served) -> list[str]:
    return [one.item for one in read_sample(served.sample).items]


def store_of(served: Served) -> Store:
    return Store(served.sample / FILE, read_sample(served.sample).name)


def test_nobody_comes_in_without_the_address(served: Served, items: list[str]) -> None:
    stranger = Visitor(served)
    for path in ("/", "/items", f"/item/{items[0]}", "/calibration", "/guideline", "/?token=wrong"):
        answer = stranger.get(path)
        assert answer.status == 403, path
        assert "whole address" in answer.body
        assert "order" not in answer.body
    assert stranger.post(f"/item/{items[0]}", ANSWERS).status == 403


def test_the_token_leaves_the_address_at_once_and_scripts_cannot_read_it(served: Served) -> None:
    visitor = Visitor(served, "Ada")
    answer = visitor.get(f"/?token={visitor.token}")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=strict" in answer.headers["set-cookie"].lower()


def test_every_answer_carries_the_headers_that_let_nothing_act(served: Served, items: list[str]) -> None:
    ada = Visitor(served, "Ada").enter()
    for answer in (
        ada.get(f"/item/{items[0]}"),
        ada.get("/file/review.js"),
        ada.get("/nothing"),
        Visitor(served).get("/"),
    ):
        assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "unsafe" not in HEADERS["content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "", "referer": "http://evil.example/x"},
        {"origin": ""},
        {"origin": "http://[half"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_write_from_another_site_is_refused_and_changes_nothing(
    served: Served, items: list[str], headers: dict[str, str]
) -> None:
    ada = Visitor(served, "Ada").enter()
    ada.get(f"/item/{items[0]}")
    before = len(store_of(served).history())
    for path in (f"/item/{items[0]}", "/undo", "/guideline", f"/item/{items[0]}/seen", "/calibration", "/who"):
        answer = ada.ask("POST", path, {"proof": ada.proof, **ANSWERS}, headers)
        assert answer.status == 403, path
    assert len(store_of(served).history()) == before


def test_a_write_without_the_proof_of_the_page_is_refused(served: Served, items: list[str]) -> None:
    ada = Visitor(served, "Ada").enter()
    for proof in ("", "0" * 64, "é"):
        assert ada.ask("POST", f"/item/{items[0]}", {"proof": proof, **ANSWERS}).status == 403


def test_a_form_of_too_many_fields_is_refused_as_one_that_is_too_big(served: Served, items: list[str]) -> None:
    ada = Visitor(served, "Ada").enter()
    answer = ada.ask("POST", f"/item/{items[0]}", {"proof": ada.proof, **{f"field{n}": "" for n in range(300)}})
    assert answer.status == 413


def test_a_strange_name_for_this_machine_is_refused(served: Served) -> None:
    ada = Visitor(served, "Ada").enter()
    assert ada.ask("GET", "/items", headers={"host": "evil.example"}).status == 403
    assert ada.ask("GET", "/items", headers={"host": "[half"}).status == 403
    assert ada.ask("GET", "/items", headers={"host": f"localhost:{served.port}"}).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/file/../../../etc/passwd",
        "/file/..%2f..%2fsuite.toml",
        "/file/%2e%2e/pyproject.toml",
        "/file//etc/passwd",
        "/file/report.css",
        "/file/review_item.html",
        "/item/..%2f..%2fetc%2fpasswd",
        "/item/labels.sqlite",
        "/labels.sqlite",
        "/compare/%00",
        "/decide/..",
        "/static/review.css",
    ],
)
def test_no_file_of_the_disk_can_be_asked_for(served: Served, path: str) -> None:
    ada = Visitor(served, "Ada").enter()
    answer = ada.get(path)
    assert answer.status == 404
    assert "root:" not in answer.body


def test_a_form_saves_all_answers_and_goes_to_the_next_open_item(served: Served, items: list[str]) -> None:
    bea = Visitor(served, "Bea").enter()
    first = bea.get("/").headers["location"]
    assert first == f"/item/{items[0]}"
    bea.get(first)
    answer = bea.post(first, {**ANSWERS, "comment": "fine", "then": "next"})
    assert (answer.status, answer.headers["location"]) == (303, f"/item/{items[1]}")
    said = store_of(served).of("Bea", items[0])
    assert said == {**ANSWERS, "comment": "fine", "state": "done"}


def test_skip_and_undo_go_back_to_where_it_was(served: Served, items: list[str]) -> None:
    cleo = Visitor(served, "Cleo").enter()
    cleo.get(f"/item/{items[0]}")
    assert cleo.post(f"/item/{items[0]}", {"then": "skip"}).headers["location"] == f"/item/{items[1]}"
    assert "1 skipped" in cleo.get("/items").body
    undone = cleo.post("/undo").headers["location"]
    assert undone.startswith(f"/item/{items[0]}?told=")
    assert "Undone" in cleo.get(undone).body
    assert store_of(served).of("Cleo", items[0]) == {}


def test_what_graders_found_is_nowhere_before_the_answer_and_locks_it_after(served: Served, items: list[str]) -> None:
    dora = Visitor(served, "Dora").enter()
    flagged = next(one for one in read_sample(served.sample).items if one.stratum == "B")
    path = f"/item/{flagged.item}"
    before = dora.get(path).body
    assert "<mark>" not in before
    assert "What graders found</h2>" not in before
    refused = dora.post(f"{path}/seen").headers["location"]
    assert "first your own answers" in dora.get(refused).body
    dora.post(path, {**ANSWERS, "then": "stay"})
    assert "What graders found</h2>" not in dora.get(path).body
    dora.post(f"{path}/seen")
    after = dora.get(path).body
    assert "What graders found</h2>" in after
    assert "a fault" in after
    told = dora.post(path, {**ANSWERS, "accuracy": "0", "then": "stay"}).headers["location"]
    assert "answers stay" in dora.get(told).body
    assert store_of(served).of("Dora", flagged.item)["accuracy"] == "1"


def test_labels_and_who_wrote_a_reply_are_on_no_page(served: Served, items: list[str]) -> None:
    ada = Visitor(served, "Ada").enter()
    for name in items[:6]:
        body = ada.get(f"/item/{name}").body
        assert "five working days" not in body
        assert "ai_agent" not in body
        assert "human_agent" not in body
        assert "human" not in ada.get(f"/compare/{name}").body.lower()


def test_in_comparison_the_order_is_drawn_for_each_and_what_is_kept_is_whose_reply_it_was(
    served: Served, items: list[str]
) -> None:
    first_words = []
    for who in ("Eve", "Fay"):
        visitor = Visitor(served, who).enter()
        for name in items:
            body = visitor.get(f"/compare/{name}").body
            left = body.split('aria-label="Reply A"')[1].split('aria-label="Reply B"')[0]
            by_ai = "Gladly" in left or "Shut up" in left or "It takes 3" in left
            first_words.append(by_ai)
            assert visitor.post(f"/compare/{name}", {"chosen": "left"}).status == 303
            assert store_of(served).of(who, name)["preference"] == ("ai" if by_ai else "human")
    assert 0.25 < sum(first_words) / len(first_words) < 0.75
    assert first_words[: len(items)] != first_words[len(items) :]
    assert "All pairs are compared" in visitor.get(visitor.get("/compare").headers["location"]).body


def test_bad_values_are_refused_by_name(served: Served, items: list[str]) -> None:
    gil = Visitor(served, "Gil").enter()
    gil.get(f"/item/{items[0]}")
    back = gil.post(f"/item/{items[0]}", {"accuracy": "0.7", "then": "next"}).headers["location"]
    assert "accuracy: expected one of 1, 0.5, 0, got &#34;0.7&#34;" in gil.get(back).body
    quick = gil.post(f"/item/{items[0]}", {"politeness": "9", "quick": "1"})
    assert (quick.status, quick.body[:21]) == (409, "politeness: expected ")
    assert store_of(served).of("Gil", items[0]) == {}
    assert gil.post("/guideline", {"text": "x" * 150_000, "on": "0"}).status == 413


@pytest.mark.parametrize("name", ["", "   ", "=1+1", "@x", "x" * 61, "\u202e", "--"])
def test_a_name_that_is_none_is_asked_for_again(served: Served, name: str) -> None:
    visitor = Visitor(served, name)
    visitor.get(f"/?token={visitor.token}")
    visitor.get("/who")
    answer = visitor.post("/who", {"name": name})
    assert answer.status == 400
    assert "expected a name" in answer.body


def test_the_filter_keeps_what_it_says_and_goes_along(served: Served, items: list[str]) -> None:
    hal = Visitor(served, "Hal").enter()
    listed = hal.get("/items?language=ar").body
    arabic = [one.item for one in read_sample(served.sample).items if one.language == "ar"]
    assert re.findall(r"<a href=\"/item/([^?\"]+)\?language=ar\"", listed) == arabic
    assert hal.get("/?language=ar").headers["location"] == f"/item/{arabic[0]}?language=ar"
    hal.get(f"/item/{arabic[0]}?language=ar")
    following = hal.post(f"/item/{arabic[0]}", {**ANSWERS, "then": "next", "language": "ar"}).headers["location"]
    assert following == f"/item/{arabic[1]}?language=ar"
    assert "Nothing is left" in hal.get("/items?find=%3Cscript%3E").body


def test_others_answers_are_seen_only_by_whoever_gave_theirs_to_all_items_and_then_they_stay(
    served: Served, items: list[str]
) -> None:
    bea = Visitor(served, "Bea").enter()
    bea.post(f"/item/{items[0]}", {**ANSWERS, "then": "next"})
    ida = Visitor(served, "Ida").enter()
    assert f"{len(items)} items of {len(items)} wait for you" in ida.get("/calibration").body
    for name in items:
        ida.post(f"/item/{name}", {**ANSWERS, "then": "next"})
    assert "Bea" not in ida.get("/calibration").body
    ida.post("/calibration")
    assert "Bea" in ida.get("/calibration").body
    told = ida.post(f"/item/{items[0]}", {"accuracy": "0", "then": "stay"}).headers["location"]
    assert "answers stay" in ida.get(told).body


def test_the_lead_sees_everybody_and_decides_and_a_reviewer_may_not(served: Served, items: list[str]) -> None:
    for who, value in (("Jan", "0"), ("Kim", "1")):
        visitor = Visitor(served, who).enter()
        visitor.get(f"/item/{items[2]}")
        visitor.post(f"/item/{items[2]}", {**ANSWERS, "accuracy": value, "then": "next"})
    assert visitor.get(f"/decide/{items[2]}").status == 404
    assert visitor.post(f"/decide/{items[2]}", {"accuracy": "0"}).status == 303
    assert store_of(served).of("=decision", items[2]) == {}
    lead = Visitor(served, "Lea", LEAD).enter()
    assert f'/decide/{items[2]}"' in lead.get("/calibration").body
    assert "Jan" in lead.get(f"/decide/{items[2]}").body
    lead.post(f"/decide/{items[2]}", {"accuracy": "0", "comment": "the days are missing"})
    change = store_of(served).history(items[2])[-1]
    assert (change.author, change.rater) == ("Lea", "=decision")


def test_notes_have_versions_and_nobody_is_written_over(served: Served) -> None:
    ada, ben = Visitor(served, "Ada").enter(), Visitor(served, "Ben").enter()
    on = re.search(r'name="on" value="(\d+)"', ada.get("/guideline").body)
    assert on is not None
    ben.get("/guideline")
    assert (
        "Version"
        in ada.get(ada.post("/guideline", {"text": "A promise is a claim.", "on": on[1]}).headers["location"]).body
    )
    refused = ben.post("/guideline", {"text": "No promises.", "on": on[1]}).headers["location"]
    assert "written meanwhile" in ben.get(refused).body
    assert store_of(served).notes()[-1].text == "A promise is a claim."
