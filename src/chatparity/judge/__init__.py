"""The judge: the one client through which every LLM grader asks its model, and how material is put before it."""

from chatparity.judge.client import Judge, JudgeUsage, open_judge
from chatparity.judge.fence import DATA_RULE, data_block, fence_for

__all__ = ["DATA_RULE", "Judge", "JudgeUsage", "data_block", "fence_for", "open_judge"]
