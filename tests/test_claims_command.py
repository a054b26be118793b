"""`chatparity claims`: what it prints and writes, its exit codes, and its page."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from chatparity.claims.demo import draw, write_table
from chatparity.claims.file import ClaimsFile
from chatparity.claims.measure import measure_claims
from chatparity.claims.page import write_page
from chatparity.claims.result import Ledger
from chatparity.suite import load_suite

from .claims_worlds import FILE, changed, claim_of, file_for


def chatparity(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chatparity", "claims", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Make the demo with its page once; return the folder, and what was said on stdout and stderr."""
    folder = tmp_path_factory.mktemp("claims")
    done = chatparity("--demo", "--json", "--out", "ledger", cwd=folder)
    return folder / "ledger", done.stdout, done.stderr


def test_the_demo_gives_every_claim_its_id_verdict_estimate_interval_and_n(demo: tuple[Path, str, str]) -> None:
    ledger = json.loads(demo[1])
    assert ledger["synthetic"] is True
    assert [claim["id"] for claim in ledger["claims"]] == [claim.id for claim in FILE.claim]
    assert {claim["verdict"] for claim in ledger["claims"]} == {"supported", "contradicted", "cannot be told"}
    for claim in ledger["claims"]:
        assert claim["n"] > 0
        assert claim["formula"]
        assert claim["used"]
        if claim["verdict"] == "cannot be told":
            assert claim["needs"]
        else:
            assert claim["interval"][0] <= claim["estimate"] <= claim["interval"][1]


def test_the_demo_leaves_its_logs_and_they_measure_the_same(demo: tuple[Path, str, str]) -> None:
    again = re.search(r"again: chatparity claims (.*)", demo[2])
    assert again
    done = chatparity(*again[1].split(), "--json", cwd=demo[0].parent)
    first, second = json.loads(demo[1]), json.loads(done.stdout)
    for one, other in zip(first["claims"], second["claims"], strict=True):
        assert one["verdict"] == other["verdict"]
        assert one["n"] == other["n"]
        if one["estimate"] is not None:
            assert one["estimate"] == pytest.approx(other["estimate"], rel=1e-3)


def test_the_folder_holds_page_markdown_json_and_figures_in_two_forms(demo: tuple[Path, str, str]) -> None:
    folder = demo[0]
    assert json.loads((folder / "claims.json").read_text()) == json.loads(demo[1])
    drawn = {claim["id"] for claim in json.loads(demo[1])["claims"] if claim["picture"]}
    assert drawn >= {"minutes-eleven-to-two", "money-40-million", "agents-700"}
    names = {path.name for path in (folder / "figures").iterdir()}
    assert names == {f"{name}.{form}" for name in drawn for form in ("svg", "png")}
    load_suite()
    escaped = importlib.import_module("chatparity_suite.reports.text").escaped
    text = (folder / "claims.md").read_text()
    for claim in FILE.claim:
        assert f"## {escaped(claim.said)}\n" in text


class Page(HTMLParser):
    """Gathers the ids, the addresses and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_else_and_every_link_on_it_leads_somewhere(demo: tuple[Path, str, str]) -> None:
    page = Page((demo[0] / "claims.html").read_text())
    assert len(set(page.ids)) == len(page.ids)
    assert {link for link in page.links if not link.startswith("#")} == set()
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert not {"script", "link", "img"} & page.tags
    assert "synthetic" in page.text


def test_the_page_says_of_each_claim_sentence_formula_data_figure_and_why_the_naive_one_misleads(
    demo: tuple[Path, str, str],
) -> None:
    text = " ".join(Page((demo[0] / "claims.html").read_text()).text.split())
    for claim in json.loads(demo[1])["claims"]:
        for part in (claim["said"], claim["source"], claim["formula"], claim["population"], claim["misleads"]):
            assert " ".join(part.split()) in text
        for one in claim["needs"]:
            assert one in text


def small_ledger(**changes: object) -> Ledger:
    claim = msgspec.structs.replace(claim_of("share-two-thirds"), **changes)
    return measure_claims(file_for(changed(), claim), draw(changed(customers=200), 1).logs, today=dt.date(2026, 6, 1))


def test_hostile_texts_are_shown_and_do_nothing(tmp_path: Path) -> None:
    load_suite()
    said = "<script>alert(1)</script> [x](javascript:y) | \u202eevil"
    page = write_page(small_ledger(said=said, source="<img src=x>", note="a\x1b[31mb"), tmp_path)
    html = page.read_text()
    assert "<script>" not in html
    assert "<img src=x>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "\u202e" not in html
    assert "\x1b" not in html
    markdown = (tmp_path / "claims.md").read_text()
    assert "<script>" not in markdown
    assert "\\](javascript" in markdown, "the bracket is escaped, so that no link arises"


def test_a_ledger_without_claims_and_an_outdated_one_are_pages_too(tmp_path: Path) -> None:
    load_suite()
    empty = measure_claims(ClaimsFile(), draw(changed(customers=50), 1).logs)
    assert "No claim is in this ledger" in write_page(empty, tmp_path / "empty").read_text()
    assert empty.effect == "INCONCLUSIVE"
    late = write_page(small_ledger(expires=dt.date(2026, 5, 1)), tmp_path / "late").read_text()
    assert "out of date" in late
    assert "It counted until 2026-05-01: measure it again" in late


def test_the_exit_code_is_that_of_a_gate_only_where_it_is_asked_for(tmp_path: Path) -> None:
    write_table(draw(changed(customers=1500), 1).logs, tmp_path / "logs.csv")
    for name, code in (("share-three-quarters", 1), ("markets-35", 1), ("agents-700", 3), ("minutes-under-two", 0)):
        arguments = ("logs.csv", "--only", name, "--sampled", "0.00041")
        done = chatparity(*arguments, "--gate", cwd=tmp_path, code=code)
        assert name in done.stdout
        assert chatparity(*arguments, cwd=tmp_path).stdout == done.stdout


def test_the_example_is_a_claims_file_to_start_from(tmp_path: Path) -> None:
    text = chatparity("--example", cwd=tmp_path).stdout
    assert {claim["id"] for claim in tomllib.loads(text)["claim"]} == {claim.id for claim in FILE.claim}
    (tmp_path / "mine.toml").write_text(text)
    write_table(draw(changed(customers=100), 1).logs, tmp_path / "logs.csv")
    chatparity("logs.csv", "--claims", "mine.toml", cwd=tmp_path)


def test_a_suite_may_name_its_claims_and_its_logs(tmp_path: Path) -> None:
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "suite.toml").write_text(
        '[suite]\nname = "ours"\n[claims]\nfile = "c.toml"\nlogs = "logs.csv"\n'
    )
    (tmp_path / "c.toml").write_text(
        '[[claim]]\nid = "ours"\nkind = "share"\nsaid = "x"\nsource = "y"\nat_least = 0.1\n'
    )
    write_table(draw(changed(customers=100), 1).logs, tmp_path / "logs.csv")
    assert "supported       ours: x" in chatparity(cwd=tmp_path).stdout
