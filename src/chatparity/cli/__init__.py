"""The command `chatparity`: one file a command, each importing what it needs only when it is called.

Exit codes: 0 done or PASS, 1 FAIL, 2 bad usage or bad input, 3 INCONCLUSIVE, 4 the run is incomplete, 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import typer

from chatparity.cli import (
    calibrate,
    check,
    claims,
    estimate,
    failures,
    fit,
    gate,
    grade,
    import_,
    init,
    mutate,
    replay,
    report,
    review,
    run,
    sample,
    sandbox,
    try_,
)
from chatparity.cli.show import complain, silence, tolerant
from chatparity.errors import ChatparityError

# What a disk or a file system says when it takes no more.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
INTERRUPTED = 130
app = typer.Typer(
    name="chatparity",
    help="An examination for support agents: replay real conversations, grade every answer, decide with statistics.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _module in {
    "init": init,
    "try": try_,
    "check": check,
    "import": import_,
    "sandbox": sandbox,
    "run": run,
    "replay": replay,
    "grade": grade,
    "gate": gate,
    "report": report,
    "failures": failures,
    "mutate": mutate,
    "fit": fit,
    "calibrate": calibrate,
    "sample": sample,
    "review": review,
    "estimate": estimate,
    "claims": claims,
}.items():
    app.command(_name, epilog=_module.EXAMPLES)(_module.command)


@app.callback(invoke_without_command=True)
def version(
    show: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Examine support agents: replay real conversations, grade every answer, decide with statistics."""
    if show:
        from chatparity import __version__

        typer.echo(__version__)
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave the process with its exit code."""
    tolerant()
    try:
        code = app(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except ChatparityError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.filename is None and error.errno not in FULL:
            raise
        silence(sys.stdout)
        place = f"{os.fsdecode(error.filename)}: cannot be used" if error.filename is not None else "cannot write"
        complain(f"{place}: {error.strerror}")
        sys.exit(2)
    except Exception as error:
        if not hasattr(error, "exit_code") or not hasattr(error, "show"):
            raise
        error.show()
        sys.exit(error.exit_code)
    if code == INTERRUPTED:
        # typer turns Ctrl-C into this code and says nothing.
        complain("interrupted")
    sys.exit(code if isinstance(code, int) else 0)
