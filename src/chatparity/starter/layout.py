"""The files of a new suite: what each holds, and what becomes of it where one is there already.

A team owns and edits suite.toml, the test file, the rubrics and the scorecard, its own graders and its transcripts. The
graders and the report of chatparity itself stay in the shipped copy behind the suite, so that an update brings theirs.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatparity import __version__
from chatparity.errors import UsageError
from chatparity.starter import toml_text
from chatparity.starter.pytest_settings import TEST_FILE, settings_for
from chatparity.starter.text_file import TextFile
from chatparity.suite import MARKER, shipped_root

State = Literal["new", "same", "differs", "adds", "by hand"]
SAMPLE = Path("datasets", "sample.jsonl")
IGNORED = ("reports/runs/", "reports/judge-cache/", "datasets/private/")
AGENT = ("agent",)
COPIES = {
    "agent.toml": "agent.toml",
    f"evals/{TEST_FILE}": "test_examination.py.txt",
    "evals/README.md": "evals.md",
    "graders/shipped.py": "shipped.py.txt",
    "graders/placeholders.py": "placeholders.py.txt",
    "graders/README.md": "graders.md",
    "datasets/README.md": "datasets.md",
    "reports/README.md": "reports.md",
}


@dataclass(frozen=True)
class Piece:
    """One file of a suite: where it lies, what it will hold, how it stands to what is there, and what is to be said."""

    path: Path
    content: bytes
    state: State
    note: str = ""


def pieces(root: Path, *, agent: str | None = None, workflow: bool = True) -> list[Piece]:
    """Return every file of a suite in the folder `root`, in the order in which a person reads them.

    `agent` becomes the suite's default agent, also in a suite.toml that is there; None keeps what is there, else takes
    the embedded one. Raises UsageError when `root` is no folder, or the shipped suite itself.
    """
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root}: a file is here: expected a folder, or a name that is free")
    if root.resolve() == shipped_root().resolve():
        raise UsageError(f"{root}: the suite that ships with chatparity is here: name another folder")
    top = repository(root) or root
    return list(_all(root, top, agent, workflow=workflow))


def repository(folder: Path) -> Path | None:
    """Return the top of the git repository that a folder lies in, None when it lies in none."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def _all(root: Path, top: Path, agent: str | None, *, workflow: bool) -> Iterator[Piece]:
    """Yield the files of a suite."""
    yield _suite(root, agent)
    for name, source in COPIES.items():
        yield _piece(root / name, template(source).replace("@FILE@", "agent.toml").encode())
    described = _described(root, agent)
    if described is not None:
        yield _piece(root / described, template("agent.toml").replace("@FILE@", described).encode())
    graders = shipped_root() / "graders"
    for rubric in (*sorted(graders.glob("*.md")), graders / "scorecard.toml"):
        yield _piece(root / "graders" / rubric.name, rubric.read_bytes())
    yield _piece(root / SAMPLE, sample())
    yield _settings(root, top)
    yield _gitignore(root / ".gitignore")
    if workflow:
        yield _workflow(root, top)


def _described(root: Path, agent: str | None) -> str | None:
    """Return the agent file below `root` that an agent names and that is neither there nor laid anyway."""
    kind, _, name = (agent or "").partition(":")
    inside = not Path(name).is_absolute() and ".." not in Path(name).parts
    wanted = kind == "http" and name.endswith(".toml") and name not in COPIES and inside
    return name if wanted and not (root / name).exists() else None


def template(name: str) -> str:
    """Return one of the files that are laid, with its places still open."""
    return (importlib.resources.files("chatparity.starter") / "files" / name).read_text(encoding="utf-8")


def sample() -> bytes:
    """Return the lines of the shipped transcripts that make the sample.

    Raises UsageError when one of them is missing from the shipped copy.
    """
    wanted = (importlib.resources.files("chatparity.starter") / "sample_ids.txt").read_text(encoding="utf-8").split()
    found: dict[str, bytes] = {}
    for file in sorted((shipped_root() / "datasets" / "support" / "starter").glob("*.jsonl")):
        for line in file.read_bytes().splitlines(keepends=True):
            found[json.loads(line)["id"]] = line
    missing = [one for one in wanted if one not in found]
    if missing:
        raise UsageError(f"the shipped transcripts lack {', '.join(missing)}: install chatparity again")
    return b"".join(found[one] for one in wanted)


def suite_text(name: str, agent: str) -> str:
    """Return a suite.toml for a project and its default agent."""
    default = f"{_toml(agent):<32}" + "# whom to ask when --agent is not given"
    default += ": the embedded rule-based agent" if agent == "sandbox" else ""
    return template("suite.toml").replace("@NAME@", _toml(name)).replace("@AGENT@", default)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _piece(path: Path, content: bytes) -> Piece:
    """Return a file that is laid whole."""
    if not path.exists():
        return Piece(path, content, "new")
    same = path.is_file() and path.read_bytes() == content
    return Piece(path, content, "same" if same else "differs")


def _suite(root: Path, agent: str | None) -> Piece:
    """Return suite.toml; in one that is there only the default agent is set, when one is named."""
    path, name = root / MARKER, f"{root.name or 'Our'} support agent"
    if not path.is_file():
        return Piece(path, suite_text(name, agent or "sandbox").encode(), "new")
    file = TextFile.read(path)
    now = toml_text.value_at(toml_text.tables(file.text), [*AGENT, "default"])
    if agent is None or agent == now:
        return _piece(path, suite_text(name, now if isinstance(now, str) else "sandbox").encode())
    changed = toml_text.with_value(file.text, AGENT, "default", agent)
    if changed is None:
        return Piece(path, path.read_bytes(), "by hand", f"[agent] default = {_toml(agent)}")
    return Piece(path, file.bytes_of(changed), "adds", f"[agent] default = {_toml(agent)}")


def _settings(root: Path, top: Path) -> Piece:
    """Return the file with pytest's settings."""
    found = settings_for(root, top)
    note = "; ".join(found.added)
    if found.after is None:
        return Piece(found.path, b"", "by hand", note)
    state: State = "new" if found.before is None else "adds" if found.added else "same"
    return Piece(found.path, found.after, state, note)


def _gitignore(path: Path) -> Piece:
    """Return .gitignore with the folders that hold conversations."""
    file = TextFile.read(path) if path.is_file() else TextFile("", crlf=False)
    there = {line.strip().strip("/") for line in file.text.splitlines()}
    lines = [one for one in IGNORED if one.strip("/") not in there]
    if not lines:
        return Piece(path, file.bytes_of(file.text), "same")
    gap = "" if not file.text or file.text.endswith("\n") else "\n"
    head = "# chatparity: runs and private transcripts hold conversations\n"
    content = file.bytes_of(file.text + gap + head + "".join(f"{one}\n" for one in lines))
    return Piece(path, content, "adds", ", ".join(lines)) if file.text else Piece(path, content, "new")


def _workflow(root: Path, top: Path) -> Piece:
    """Return the GitHub workflow, which lies at the top of the repository and works in the suite's folder."""
    below = root.relative_to(top).as_posix() if root != top else ""
    name = f"chatparity-{below.replace('/', '-')}" if below else "chatparity"
    defaults = f"    defaults:\n      run:\n        working-directory: {_toml(below)}\n" if below else ""
    text = template("workflow.yml").replace("name: chatparity\n", f"name: {name}\n", 1)
    for place, value in {
        "@DEFAULTS@": defaults,
        "@BELOW@": f"{below}/" if below else "",
        "@MARKER@": name,
        "@VERSION@": __version__,
    }.items():
        text = text.replace(place, value)
    return _piece(top / ".github" / "workflows" / f"{name}.yml", text.encode())
