"""docs/claims.md is true: its commands run, its claims file can be read, and it names every field and kind."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from chatparity.claims.fields import FIELDS
from chatparity.claims.file import read_claims

from .claims_worlds import FILE

GUIDE = (Path(__file__).parents[1] / "docs" / "claims.md").read_text()


@pytest.mark.slow
def test_the_commands_of_the_guide_run_one_after_the_other(tmp_path: Path) -> None:
    [block] = re.findall(r"^```sh\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        words, _, into = line.partition(" > ")
        done = subprocess.run([sys.executable, "-m", *shlex.split(words)], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        if into:
            (tmp_path / into).write_text(done.stdout)
    for name in ("claims.html", "claims.md", "claims.json", "figures"):
        assert (tmp_path / "ledger" / name).exists()
        assert (tmp_path / "again" / name).exists()


def test_the_claims_file_of_the_guide_can_be_read(tmp_path: Path) -> None:
    block = re.findall(r"^```toml\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "claims.toml").write_text(block)
    [claim] = read_claims(tmp_path / "claims.toml").claim
    assert claim.good_for_days == 92


def test_every_field_and_every_kind_of_claim_is_explained() -> None:
    assert [name for name in FIELDS if f"`{name}`" not in GUIDE] == []
    kinds = {str(claim.__struct_config__.tag) for claim in FILE.claim}
    assert {kind for kind in kinds if f"**{kind}**:" not in GUIDE} == set()
