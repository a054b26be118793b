"""A report hides no waived failure: it is told in the headline, in a section of its own, and in the comment."""

from __future__ import annotations

import datetime as dt
import importlib
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from chatparity.gate.result import Early, Findings, GateResult, Waived
from chatparity.suite import load_suite

from .reports_sample import Sample, findings_of, usual_gates


@pytest.fixture(scope="module")
def report() -> ModuleType:
    load_suite()
    return importlib.import_module("chatparity_suite.reports.report")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("waived") / "run")


def waived(gate: GateResult, *, expired: bool) -> GateResult:
    """Return a gate that does not pass with a waiver on it, as the verdicts make it."""
    if gate.verdict == "PASS":
        return gate
    one = Waived(owner="Ines", reason="ticket 12", expires=dt.date(2026, 12, 31), expired=expired)
    return msgspec.structs.replace(gate, waivers=(one,), counted="FAIL" if expired else "PASS")


def made(report: ModuleType, sample: Sample, findings: Findings) -> tuple[str, str]:
    path: Path = report.build(sample.folder, findings)
    return path.read_text(), path.with_suffix(".md").read_text()


def test_a_waived_run_says_that_it_passed_with_known_failures_and_who_answers_for_them(
    report: ModuleType, sample: Sample
) -> None:
    gates = [waived(gate, expired=False) for gate in usual_gates(sample.rows)]
    known = sum(gate.waived for gate in gates)
    assert known > 1
    findings = msgspec.structs.replace(findings_of(sample.rows, gates), verdict="PASS")
    page, comment = made(report, sample, findings)
    for text in (page, comment):
        assert f"{len(gates) - known} of {len(gates)} gates passed, and {known} known failures are waived" in text
        assert f"{known} known to fail and waived" in text
        assert "Known failures" in text
        assert "waived until 2026-12-31, owner Ines: ticket 12" in text
        assert "all 7 gates passed" not in text


def test_an_expired_waiver_is_the_reason_for_the_red_headline(report: ModuleType, sample: Sample) -> None:
    gates = [waived(gate, expired=True) for gate in usual_gates(sample.rows)]
    findings = msgspec.structs.replace(findings_of(sample.rows, gates), verdict="FAIL")
    page, comment = made(report, sample, findings)
    for text in (page, comment):
        assert "agent is not ready, because it failed on" in text
        assert "no gate was asked" not in text
        assert "expired on 2026-12-31, owner Ines: ticket 12" in text


def test_a_page_without_waivers_has_no_section_of_them(report: ModuleType, sample: Sample) -> None:
    page, comment = made(report, sample, findings_of(sample.rows, usual_gates(sample.rows)))
    assert "Known failures" not in page + comment
    assert 'href="#waivers"' not in page


def test_a_run_that_was_stopped_early_says_so_and_for_which_figures_that_matters(
    report: ModuleType, sample: Sample
) -> None:
    early = Early(stopped=True, looks=3, seed=7, batch=10, planned=400, asked=100, gradings_planned=800, gradings=200)
    findings = msgspec.structs.replace(findings_of(sample.rows, usual_gates(sample.rows)), early=early)
    page, comment = made(report, sample, findings)
    for text in (page, comment):
        assert "Stopped early after 3 looks: asked 100 of 400 exchanges" in text
        assert "saved 75 %" in text
        assert "of a single look" in text
