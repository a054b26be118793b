"""`chatparity init`: a suite in a repository."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.show import complain, say
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.starter.layout import Piece

EXAMPLES = """Examples:

  chatparity init

  chatparity init services/chat --agent http:agent.toml

  chatparity init --dry-run

  chatparity init --agent openai:qwen3@http://127.0.0.1:8000/v1 --no-workflow"""

VERDICT = ("pytest evals/", "a verdict{on}, with the sample")
TRY = ('chatparity try "Where is my refund?" --agent {agent}', "your agent{described}")
IMPORT = ("chatparity import csv chats.csv -o datasets/ours.jsonl", "your conversations; name them in evals/suite.toml")


def command(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The repository; default: this folder.")] = Path(),
    agent: Annotated[
        str | None, typer.Option(metavar="A", help="Your agent, written into suite.toml; default: sandbox.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there and differ.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be done; write nothing.")] = False,
    no_workflow: Annotated[bool, typer.Option("--no-workflow", help="Lay no GitHub Actions workflow.")] = False,
) -> None:
    """Lay the four folders into a repository.

    A suite that works at once, pytest settings and a GitHub workflow; nothing is overwritten without asking.
    """
    from chatparity.agents import KINDS
    from chatparity.starter.layout import pieces

    if agent is not None and agent.partition(":")[0] not in KINDS:
        forms = ", ".join(form for form, _ in KINDS.values())
        raise UsageError(f"--agent: there is no kind of agent called {agent.partition(':')[0]!r}: expected {forms}")
    root = folder.resolve()
    left: list[Piece] = []
    try:
        for piece in pieces(root, agent=agent, workflow=not no_workflow):
            done = _lay(piece, _shown(piece.path, root), force=force, dry_run=dry_run)
            if not done:
                left.append(piece)
    except OSError as error:
        raise UsageError(f"{error.filename or root}: {error.strerror or error}") from error
    _tell(root, folder, left, agent, force=force, dry_run=dry_run)


def _shown(path: Path, root: Path) -> str:
    return os.path.relpath(path, root)


def _lay(piece: Piece, shown: str, *, force: bool, dry_run: bool) -> bool:
    """Write one file and say so; returns whether it now is as it should be."""
    if piece.state == "same":
        say(f"  is there    {shown}")
        return True
    if piece.state == "by hand":
        say(f"  by hand     {shown}: please add {piece.note}")
        return False
    if piece.state == "differs" and not force and not _may_overwrite(shown, dry_run=dry_run):
        say(f"  kept        {shown} (differs from what init lays)")
        return False
    word = {"new": "new", "adds": "adds to", "differs": "overwrites"}[piece.state]
    say(f"  {word:<12}{shown}{': ' + piece.note if piece.note else ''}")
    if not dry_run:
        piece.path.parent.mkdir(parents=True, exist_ok=True)
        half = piece.path.with_name(piece.path.name + ".part")
        half.write_bytes(piece.content)
        if piece.path.exists():
            half.chmod(piece.path.stat().st_mode)
        half.replace(piece.path)
    return True


def _may_overwrite(shown: str, *, dry_run: bool) -> bool:
    """Ask whether a file may be overwritten; where nobody can answer, it may not."""
    if dry_run or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return typer.confirm(f"{shown} is there and differs from what init lays. Overwrite it?", default=False, err=True)


def _tell(root: Path, folder: Path, left: list[Piece], agent: str | None, *, force: bool, dry_run: bool) -> None:
    """Say what was not done, and what to do next."""
    if dry_run:
        complain("nothing was written: --dry-run")
        return
    if any(piece.state == "differs" for piece in left) and not force:
        complain("files that differ were kept; --force overwrites them")
    say("\nNext:")
    if root != Path.cwd():
        say(f"  cd {shlex.quote(str(folder))}")
    own = agent is not None and not agent.startswith("sandbox")
    named = agent if agent is not None and own else "http:agent.toml"
    places = {
        "agent": shlex.quote(named),
        "described": ", once agent.toml describes it" if named == "http:agent.toml" else "",
        "on": " on your agent" if own else " on the embedded agent",
    }
    order = (TRY, VERDICT, IMPORT) if own else (VERDICT, TRY, IMPORT)
    lines = [(command.format(**places), what.format(**places)) for command, what in order]
    width = max(len(command) for command, _ in lines)
    for command, what in lines:
        say(f"  {command:<{width}}   # {what}")
