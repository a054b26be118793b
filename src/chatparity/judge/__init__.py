"""The judge: the one client through which every LLM grader asks its model, and how material is put before it."""

from chatparity.judge.client import Answered, Judge, JudgeUsage, Panel
from chatparity.judge.fence import DATA_RULE, data_block, fence_for, fenced
from chatparity.judge.opening import open_judge
from chatparity.judge.redact import Pseudonyms, Redacted
from chatparity.judge.spending import Account, JudgeBudget, JudgeSpending, JudgeSpent

__all__ = [
    "DATA_RULE",
    "Account",
    "Answered",
    "Judge",
    "JudgeBudget",
    "JudgeSpending",
    "JudgeSpent",
    "JudgeUsage",
    "Panel",
    "Pseudonyms",
    "Redacted",
    "data_block",
    "fence_for",
    "fenced",
    "open_judge",
]
