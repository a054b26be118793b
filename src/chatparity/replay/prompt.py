"""What an agent is told: the suite's system prompt filled in for a conversation, and the tools it may call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.exchange import Point
from chatparity.suite import Suite

VARIABLES = ("today", "customer", "language", "market", "knowledge", "records")


class _Tools(msgspec.Struct, frozen=True):
    """The file that `[agent].tools` names; only the definitions go to the agent."""

    tools: tuple[dict[str, Any], ...]


class Prompt:
    """The system prompt and the tools of a suite, read once.

    The template sees `today` (the date the conversation began, or none), `customer`, `language`, `market`,
    `knowledge` (passages; empty unless `[agent].knowledge`) and `records` (a mapping; none unless `[agent].records`).
    """

    def __init__(self, suite: Suite) -> None:
        """Read both files. Raises UsageError or InputError when one is not there or cannot be used."""
        self._agent = suite.settings.agent
        self.tools = _tools(suite.path(self._agent.tools)) if self._agent.tools else ()
        self._path = suite.path(self._agent.system) if self._agent.system else None
        self._template = _template(self._path) if self._path else None

    def system(self, point: Point) -> str:
        """Return the system prompt of the conversation that a point belongs to, or an empty text without a template.

        Raises UsageError naming the file and what it lacks when the template cannot be filled in.
        """
        if self._template is None:
            return ""
        try:
            return self._template.render(
                today=point.started_at.date() if point.started_at else None,
                customer=point.customer,
                language=point.language,
                market=point.market,
                knowledge=list(point.knowledge) if self._agent.knowledge else [],
                records=dict(point.records) if self._agent.records else None,
            ).strip()
        except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
            known = ", ".join(VARIABLES)
            raise UsageError(f"{self._path}: {point.id}: {error}; the variables are {known}") from error


def _template(path: Path) -> jinja2.Template:
    """Return a template that can reach nothing beyond its variables."""
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        # A system prompt is plain text; angle brackets in it are meant.
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        return environment.from_string(_read(path, "system").decode())
    except jinja2.TemplateSyntaxError as error:
        raise InputError([Problem(path, error.lineno, "", f"not a Jinja template: {error.message}")]) from error
    except UnicodeDecodeError as error:
        raise InputError([Problem(path, None, "", f"expected UTF-8: {error}")]) from error


def _tools(path: Path) -> tuple[Mapping[str, Any], ...]:
    """Return the OpenAI function definitions of a tools file."""
    try:
        return msgspec.json.decode(_read(path, "tools"), type=_Tools).tools
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f'expected {{"tools": [definitions]}}: {error}')]) from error


def _read(path: Path, key: str) -> bytes:
    """Return a file that `[agent]` names. Raises UsageError when it is not there."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}): see `{key}` under [agent] in suite.toml"
        ) from error
