"""What the wheel carries of the suite: graders, reports, the starter's settings, and a sample of the transcripts.

`force-include` takes a folder as it lies there, runs and caches too, and all transcripts; so the files are named here
one by one.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSIDE = "chatparity/_suite"
STARTER = "src/chatparity/starter"
FOLDERS = ("graders", "reports", "datasets/policies", "datasets/sandbox")
FILES = ("evals/claims.toml", "datasets/README.md", "datasets/RECORDS.md", "datasets/transcript.schema.json")
LEFT_OUT = {"runs", "judge-cache", "__pycache__"}


class SuiteHook(BuildHookInterface[Any]):
    """Puts the suite into the wheel; an editable install finds it in the checkout."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files of the suite and where they go."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        included: dict[str, str] = build_data["force_include"]
        for folder in FOLDERS:
            for path in sorted((root / folder).rglob("*")):
                inside = path.relative_to(root)
                if (
                    path.is_file()
                    and not LEFT_OUT & set(inside.parts)
                    and path.suffix != ".pyc"
                    and path.name != ".keep"
                ):
                    included[str(path)] = f"{INSIDE}/{inside.as_posix()}"
        for name in (*FILES, *(f"evals/{path.name}" for path in sorted((root / "evals").glob("test_*.py")))):
            included[str(root / name)] = f"{INSIDE}/{name}"
        made = Path(tempfile.mkdtemp(prefix="chatparity-wheel-"))
        (made / "sample.jsonl").write_bytes(sample(root))
        (made / "suite.toml").write_text(settings(root), encoding="utf-8")
        included[str(made / "sample.jsonl")] = f"{INSIDE}/datasets/support/starter/sample.jsonl"
        included[str(made / "suite.toml")] = f"{INSIDE}/evals/suite.toml"


def sample(root: Path) -> bytes:
    """Return the lines of the transcripts that the starter's list names."""
    wanted = (root / STARTER / "sample_ids.txt").read_text(encoding="utf-8").split()
    lines: dict[str, bytes] = {}
    for file in sorted((root / "datasets" / "support" / "starter").glob("*.jsonl")):
        for line in file.read_bytes().splitlines(keepends=True):
            lines[json.loads(line)["id"]] = line
    missing = [one for one in wanted if one not in lines]
    if missing:
        raise ValueError(f"{STARTER}/sample_ids.txt names transcripts that are not there: {', '.join(missing)}")
    return b"".join(lines[one] for one in wanted)


def settings(root: Path) -> str:
    """Return the settings of the shipped suite: the starter's, since a gate must be possible with the sample."""
    text = (root / STARTER / "files" / "suite.toml").read_text(encoding="utf-8")
    for place, value in {
        "@NAME@": '"Nordlune support (synthetic)"',
        "@AGENT@": '"sandbox"',
        '"datasets/sample.jsonl"': '"datasets/support/starter"',
    }.items():
        text = text.replace(place, value)
    example = text.index('[[gate]]\ndimension = "placeholders"')
    return text[:example] + text[text.index("[[gate]]", example + 1) :]
