"""What a person sees on a terminal: escaped texts, progress, where to write."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import TextIO


def plain(text: str) -> str:
    """Return a text with control and bidirectional formatting characters made visible, line breaks kept."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs"):
        return character
    return _escaped(character)


def _escaped(text: str) -> str:
    """Return each character as JSON would escape it, so that JSON with it is still JSON of the same text."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _unwritable(error: UnicodeError) -> tuple[str, int]:
    """Stand in for what a terminal's encoding does not have: the error handler `chatparity`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _escaped(error.object[error.start : error.end]), error.end


codecs.register_error("chatparity", _unwritable)


def tolerant() -> None:
    """Make stdout and stderr write an escape where their encoding lacks a character, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="chatparity")


def silence(stream: TextIO) -> None:
    """Let nothing more come out of a stream that cannot be written to any more, nor at the end of the process."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say(text: str) -> None:
    """Print a result to stdout."""
    _write(sys.stdout, text)


def complain(text: str) -> None:
    """Print anything that is not a result to stderr."""
    _write(sys.stderr, text)


def _write(stream: TextIO | None, text: str) -> None:
    """Write a line. Where nobody reads (any more: `| head`) the work goes on unheard: its exit code still counts."""
    if stream is None:
        return
    try:
        stream.write(plain(text) + "\n")
        stream.flush()
    except BrokenPipeError:
        silence(stream)


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
