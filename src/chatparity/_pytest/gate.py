"""The fixture `gate`: one gate on one slice, as a test sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatparity._pytest.github import harmless
from chatparity._pytest.junit import properties

if TYPE_CHECKING:
    from chatparity._pytest.exam import Exam
    from chatparity.gate import GateResult, GateSlice


class Gate:
    """One gate on one slice of the suite; the run behind it happens once, when the first gate is asked."""

    def __init__(self, one: GateSlice, exam: Exam, properties: list[tuple[str, object]]) -> None:
        self.slice = one
        self._exam = exam
        self._properties = properties

    @property
    def result(self) -> GateResult:
        """Return what the gate found, with its rate, interval, verdict and reason.

        Fails the test when the run could not be made, and skips it when it needs a baseline run and none was given.
        """
        one = self.slice
        if one.gate.kind == "no_worse_than" and self._exam.asked.baseline is None:
            pytest.skip(f"{one.name}: no baseline run was given: --baseline RUN")
        return self._exam.result(one)

    def check(self) -> None:
        """Fail the test unless the gate passes; `--inconclusive` says what an INCONCLUSIVE one does.

        A gate that does not pass and is waived ends its test as an expected failure, with the waiver in its text.

        The failure's text is the gate's own, as the report prints it, without a Python traceback.
        """
        from chatparity.gate.text import waiver_text

        result = self.result
        self._properties.extend(properties(result, self._exam.run))
        for one in result.waivers:
            self._properties.append(("waiver", waiver_text(one)))
        if result.verdict == "PASS":
            return
        text = harmless(self._exam.red_text(result))
        if result.waived:
            # A known failure: shown as one in every report of pytest, and no reason to stop a release.
            pytest.xfail(text)
        mode = self._exam.asked.inconclusive if result.effect == "INCONCLUSIVE" else "fail"
        if mode == "skip":
            pytest.skip(text)
        if mode == "fail":
            pytest.fail(text, pytrace=False)
