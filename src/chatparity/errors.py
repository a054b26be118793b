"""Everything chatparity raises on purpose.

    ChatparityError
    ├── UsageError              a bad call, file or setting: the command ends with exit code 2
    │   └── InputError          bad content of a file; names the file, the line and the field
    ├── AgentFailure            the endpoint under test failed: recorded as an errored exchange, never a score
    ├── JudgeFailure            the judge failed: recorded as an abstention or an errored score, never a zero
    └── RunIncomplete           too much of a run is missing to decide: exit code 4

No message ever holds a secret: whoever builds one masks it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class ChatparityError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what a command returns for it."""

    exit_code = 1


class UsageError(ChatparityError):
    """A call, file or setting that cannot be used; the message says what to do instead."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input file: where it is and what was expected there."""

    path: Path
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line is not None else str(self.path)
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class InputError(UsageError):
    """Bad content of one or more files; `problems` lists each with its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class AgentFailure(ChatparityError):
    """The endpoint under test failed to reply.

    `kind` is one word for the ledger (`refused`, `unknown_host`, `tls`, `timeout`, `http_429`, `http_5xx`, `http_4xx`,
    `malformed`, `stream_cut`, `empty`, `no_recording`, `crashed`, …); `retryable` says whether asking again can help;
    `retry_after` is the seconds the endpoint asked us to wait, when it said so.
    """

    def __init__(self, kind: str, message: str, *, retryable: bool, retry_after: float | None = None) -> None:
        self.kind = kind
        self.retryable = retryable
        self.retry_after = retry_after
        super().__init__(message)


class JudgeFailure(ChatparityError):
    """The judge could not be asked or gave no usable verdict; `kind` is one word for the ledger."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class RunIncomplete(ChatparityError):
    """Too many exchanges of a run are errored or missing for its verdicts to mean anything."""

    exit_code = 4
