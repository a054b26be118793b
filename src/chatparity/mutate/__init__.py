"""Who grades the graders: known faults are planted into good answers, to see which of them the graders find."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatparity.mutate.examination import Examination, examine
    from chatparity.mutate.faults import faults_named
    from chatparity.mutate.result import Result

_HOME = {
    "Examination": "chatparity.mutate.examination",
    "Result": "chatparity.mutate.result",
    "examine": "chatparity.mutate.examination",
    "faults_named": "chatparity.mutate.faults",
}

__all__ = ["Examination", "Result", "examine", "faults_named"]


def __getattr__(name: str) -> object:
    """Fetch a public name from the module that defines it, on first use: the check of a bank loads nothing else."""
    if name not in _HOME:
        raise AttributeError(f"module 'chatparity.mutate' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
