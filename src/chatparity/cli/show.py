"""What a person sees on a terminal: escaped texts, progress, where to write."""

from __future__ import annotations

import contextlib
import sys
import unicodedata
from collections.abc import Callable, Iterator


def plain(text: str) -> str:
    """Return a text with control and bidirectional formatting characters made visible, line breaks kept."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    return f"\\u{ord(character):04x}"


def say(text: str) -> None:
    """Print a result to stdout."""
    sys.stdout.write(plain(text) + "\n")


def complain(text: str) -> None:
    """Print anything that is not a result to stderr."""
    sys.stderr.write(plain(text) + "\n")


@contextlib.contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on a terminal and nothing in a pipe; gives the function to call with (done, planned)."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)

        def update(done: int, planned: int) -> None:
            bar.update(task, completed=done, total=planned)

        yield update
