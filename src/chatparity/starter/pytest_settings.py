"""What an examination needs of a repository's pytest settings, added to the file that pytest reads there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from chatparity.starter import ini_text, toml_text
from chatparity.starter.text_file import TextFile

TEST_FILE = "test_examination.py"
# deepeval, which chatparity depends on, loads a pytest plugin of its own that costs seconds in every session.
NO_DEEPEVAL = ("-p", "no:deepeval")
# What pytest leaves out when nobody says anything: https://docs.pytest.org/en/stable/reference/reference.html
LEFT_OUT = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
NEW = """[pytest]
# deepeval, which chatparity brings along, loads a pytest plugin that costs seconds in every session.
addopts = --import-mode=importlib -p no:deepeval
# pytest-asyncio comes with deepeval too, and warns where this is not said.
asyncio_default_fixture_loop_scope = function
# An examination asks an agent, which can cost money: it runs as `pytest evals/`, never with the unit tests.
norecursedirs = *.egg .* _darcs build CVS dist node_modules venv {arch} evals
"""
# In the order in which pytest looks; the first that holds settings is the one it reads.
INI = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
OWN = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
ORDER = (*OWN, "pyproject.toml", "tox.ini", "setup.cfg")
TOML = (("tool", "pytest"), ("tool", "pytest", "ini_options"))

Adder = Callable[[str, str, Sequence[str]], str | None]


@dataclass(frozen=True)
class Settings:
    """A file with pytest's settings as it is and as it should be; `added` says what was added, in words.

    `after` is None where the file could not be changed safely: then `added` is what a person must add.
    """

    path: Path
    before: bytes | None
    after: bytes | None
    added: tuple[str, ...]


def settings_for(root: Path, top: Path) -> Settings:
    """Return the settings of the folder `root`, in a repository that begins at `top`.

    They go into the file that pytest reads there; without one into pyproject.toml, else into a new pytest.ini. Where
    only a folder above has settings, the new file lies in evals/, so that the other tests keep what they have.
    """
    path = settings_file(root)
    if path is not None:
        return _extended(path)
    above = [folder for folder in root.parents if folder == top or top in folder.parents]
    if any(settings_file(folder) for folder in above):
        return _new(root / "evals" / "pytest.ini")
    pyproject = root / "pyproject.toml"
    return _extended(pyproject) if pyproject.is_file() else _new(root / "pytest.ini")


def settings_file(folder: Path) -> Path | None:
    """Return the file of a folder that pytest takes its settings from, None when it has none."""
    return next((folder / name for name in ORDER if _holds(folder / name)), None)


def _holds(path: Path) -> bool:
    """Say whether pytest takes its settings from this file."""
    if not path.is_file():
        return False
    if path.name in OWN:
        return True
    text = TextFile.read(path).text
    if path.suffix == ".toml":
        return toml_text.value_at(toml_text.tables(text), TOML[0]) is not None
    return INI[path.name] in (ini_text.sections(text) or {})


def _new(path: Path) -> Settings:
    """Return the settings as a file of their own, or what such a file lacks."""
    return _extended(path) if path.is_file() else Settings(path, None, NEW.encode(), ())


def _extended(path: Path) -> Settings:
    """Return a file with all that is missing added to it."""
    file = TextFile.read(path)
    values, add = _reader(path, file.text)
    text: str | None = file.text
    added: list[str] = []
    for key, words in _missing(values).items():
        text = None if text is None else add(text, key, words)
        added.append(f"{key}: {' '.join(words)}")
    return Settings(path, path.read_bytes(), None if text is None else file.bytes_of(text), tuple(added))


def _reader(path: Path, text: str) -> tuple[Mapping[str, Any], Adder]:
    """Return the settings that a file holds, and how words are added to one of them."""
    if path.suffix != ".toml":
        section = INI[path.name]
        values = (ini_text.sections(text) or {}).get(section, {})
        return values, lambda now, key, words: ini_text.with_words(now, section, key, words)
    native, old = (("pytest",), ("pytest",)) if path.name in OWN else TOML
    data = toml_text.tables(text)
    held = toml_text.value_at(data, native) or {}
    as_list = path.name in OWN or (bool(held) and "ini_options" not in held)
    table = native if as_list else old
    adder = partial(_add_toml, table=table, as_list=as_list)
    return toml_text.value_at(data, table) or {}, adder


def _add_toml(text: str, key: str, words: Sequence[str], *, table: Sequence[str], as_list: bool) -> str | None:
    return toml_text.with_words(text, table, key, words, as_list=as_list or key != "addopts")


def _missing(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what is to be added to which setting.

    Where the project says which folders hold its tests, a bare `pytest` leaves evals/ out anyway.
    """
    found: dict[str, list[str]] = {}
    if "no:deepeval" not in " ".join(_words(values, "addopts")):
        found["addopts"] = [*NO_DEEPEVAL]
    left_out = _words(values, "norecursedirs")
    if not _words(values, "testpaths") and not any(fnmatch("evals", one) for one in left_out):
        found["norecursedirs"] = ["evals"] if left_out else [*LEFT_OUT, "evals"]
    patterns = _words(values, "python_files")
    if patterns and not any(fnmatch(TEST_FILE, one) for one in patterns):
        found["python_files"] = [TEST_FILE]
    return found


def _words(values: Mapping[str, Any], key: str) -> list[str]:
    """Return a setting's words, whether it is written as a list or as a text."""
    value = values.get(key, ())
    return value.split() if isinstance(value, str) else [str(one) for one in value]
