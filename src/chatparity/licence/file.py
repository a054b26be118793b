"""The licence file of a suite: where it lies, read and written whole."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.licence.entry import FORMAT, Licence
from chatparity.suite import Suite, find_root


def licence_file(suite: Suite) -> Path:
    """Return where licences are kept: in the suite, or, where only the shipped one is, under the current folder."""
    return (suite.root if find_root() == suite.root else Path.cwd()) / suite.settings.licence.file


def read_licence(path: Path) -> Licence:
    """Return what a licence file says; one that is not there licenses nobody. Raises InputError for any other file.

    UsageError for what cannot be read at all.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Licence)
    except FileNotFoundError:
        return Licence()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read as a licence file: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        expected = f"not a licence: {error}: write it anew with chatparity calibrate"
        raise InputError([Problem(path, None, "", expected)]) from error
    if found.format != FORMAT:
        raise InputError([Problem(path, None, "format", f"expected {FORMAT}, got {found.format}: calibrate anew")])
    return found


def write_licence(path: Path, licence: Licence) -> None:
    """Write a licence file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        half.write_bytes(msgspec.json.format(msgspec.json.encode(licence), indent=2) + b"\n")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
