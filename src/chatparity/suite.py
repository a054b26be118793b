"""The suite: the four folders a team owns, found, mounted as the module `chatparity_suite`, and its settings.

Mounting gives `chatparity_suite` a `__path__` of the suite's own root and the copy that ships with chatparity, so
Python's import system finds the suite's file first and the shipped one else. Nothing goes on `sys.path`; one suite
a process.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.splits import Split

MODULE = "chatparity_suite"
MARKER = Path("evals") / "suite.toml"

Confidence = Annotated[float, msgspec.Meta(gt=0.5, lt=1)]
Threshold = Annotated[float, msgspec.Meta(ge=0, le=1)]
Mode = Literal["teacher_forced", "free_running"]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings shared by all tables of suite.toml: a misspelt key is an error."""


class AgentTable(_Table, frozen=True):
    """`[agent]`: whom to ask by default, what it is told, how hard it is pressed. Paths start at the suite's root.

    `system` is a Jinja template; `knowledge` and `records` say whether it may show them. `handover_tools` are the
    tools whose successful call means that the conversation went to a person. `errored_share` is the largest share of
    errored exchanges with which a run still counts as complete. A reply that only asks for tools is given their results
    and asked again, at most `tool_rounds` times: recorded results, else, with `shop`, those of the sandbox's shop.
    """

    default: str = "sandbox"
    languages: tuple[str, ...] = ("*",)
    system: str | None = None
    tools: str | None = None
    knowledge: bool = True
    records: bool = False
    handover_tools: tuple[str, ...] = ("hand_over", "transfer_to_human_agents")
    mode: Mode = "teacher_forced"
    concurrency: Annotated[int, msgspec.Meta(ge=1)] = 16
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    attempts: Annotated[int, msgspec.Meta(ge=1)] = 4
    errored_share: Threshold = 0.05
    tool_rounds: Annotated[int, msgspec.Meta(ge=1)] = 8
    shop: bool = False


class JudgeTable(_Table, frozen=True):
    """`[judge]`: the model behind LLM graders; `none` leaves them not run. `key_env` is the variable with the key."""

    default: str = "none"
    key_env: str = "OPENAI_API_KEY"
    cache: str = "reports/judge-cache"
    concurrency: Annotated[int, msgspec.Meta(ge=1)] = 16
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    max_requests: int | None = None


class GateTable(_Table, frozen=True):
    """`[[gate]]`: what one metric of one dimension must show, for all (`whole`) and for each value of the named slices.

    Exactly one of `at_least`, `at_most` (a rate), `margin` (AI − human must lie above −margin), `no_worse_than`
    (the same against the baseline run) and `zero` (not one bad exchange) is given. Where several
    graders measure the same metric of a dimension, the only rule grader decides, or the one that `grader` names.
    `confidence` is that of the two-sided interval. A slice with fewer than `min_n` planned exchanges is reported only.
    """

    dimension: str
    metric: str = "rate"
    grader: str | None = None
    at_least: Threshold | None = None
    at_most: Threshold | None = None
    margin: Threshold | None = None
    no_worse_than: Threshold | None = None
    zero: bool = False
    confidence: Confidence = 0.95
    slices: tuple[str, ...] = ()
    whole: bool = True
    min_n: Annotated[int, msgspec.Meta(ge=1)] = 20

    @property
    def kind(self) -> str:
        """Return the name of the one requirement that is set."""
        return next(name for name in REQUIREMENTS if getattr(self, name) not in (None, False))


REQUIREMENTS = ("at_least", "at_most", "margin", "no_worse_than", "zero")


class SuiteTable(_Table, frozen=True):
    """`[suite]`: its name, its transcripts (files or folders), and the graders it uses (all, if none).

    `split` is the half of the suite's own transcripts that is examined: graders may be tuned on `dev`, never on `exam`.
    """

    name: str
    datasets: tuple[str, ...] = ("datasets",)
    split: Split = "all"
    graders: tuple[str, ...] = ()
    trials: Annotated[int, msgspec.Meta(ge=1)] = 1


Amount = Annotated[float, msgspec.Meta(ge=0)]


class PriceTable(_Table, frozen=True):
    """`[prices."MODEL"]`: what a million tokens of a model cost, read and written, in one currency for all models."""

    input_per_million: Amount
    output_per_million: Amount
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "USD"


class BudgetTable(_Table, frozen=True):
    """`[budget]`: what a run may spend on asking the agent before it stops; what is left out has no limit.

    `money` is in the currency of the prices, `tokens` counts those read and written, `minutes` those of replaying. A
    resumed run counts what it spent before.
    """

    money: Amount | None = None
    tokens: Annotated[int, msgspec.Meta(ge=0)] | None = None
    minutes: Amount | None = None
    requests: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Settings(_Table, frozen=True):
    """All of suite.toml. `agents` are named endpoints for `--agent http:NAME`, with the keys of an agent file."""

    suite: SuiteTable
    agent: AgentTable = AgentTable()
    judge: JudgeTable = JudgeTable()
    gate: tuple[GateTable, ...] = ()
    agents: dict[str, dict[str, Any]] = {}
    prices: dict[str, PriceTable] = {}
    budget: BudgetTable = BudgetTable()


@dataclass(frozen=True)
class Suite:
    """A found suite: its root folder, the shipped copy behind it, and its settings."""

    root: Path
    shipped: Path
    settings: Settings

    def path(self, relative: str) -> Path:
        """Return a path of the suite: the suite's own file if it is there, else the shipped one."""
        own = self.root / relative
        if own.exists():
            return own
        other = self.shipped / relative
        return other if other.exists() else own


def shipped_root() -> Path:
    """Return the folder of the suite that ships with chatparity: inside the wheel, else the checkout around `src`."""
    packed = Path(__file__).parent / "_suite"
    return packed if packed.is_dir() else Path(__file__).parents[2]


def find_root(start: Path | None = None) -> Path | None:
    """Return the nearest folder at or above `start` (default: here) that holds `evals/suite.toml`, or None."""
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / MARKER).is_file()), None)


def load_suite(start: Path | None = None) -> Suite:
    """Find the suite at or above `start`, else take the shipped one; read its settings and mount it."""
    shipped = shipped_root()
    root = find_root(start) or shipped
    found = Suite(root=root, shipped=shipped, settings=read_settings(root / MARKER))
    mount(root, shipped)
    return found


def read_settings(path: Path) -> Settings:
    """Read suite.toml. Raises UsageError or InputError naming the file, the key and what was expected."""
    try:
        settings = msgspec.toml.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no suite here: expected a file evals/suite.toml") from error
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        raise InputError([Problem(path, None, place.rstrip("`").lstrip("."), message)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    wrong: list[Problem] = []
    for index, gate in enumerate(settings.gate):
        if not gate.whole and not gate.slices:
            nothing = 'whole = false leaves nothing to ask: expected slices, for example slices = ["language"]'
            wrong.append(Problem(path, None, f"gate[{index}] ({gate.dimension})", nothing))
        given = [name for name in REQUIREMENTS if getattr(gate, name) not in (None, False)]
        if len(given) != 1:
            expected = f"expected exactly one of {', '.join(REQUIREMENTS)}, got {', '.join(given) or 'none'}"
            wrong.append(Problem(path, None, f"gate[{index}] ({gate.dimension})", expected))
    currencies = sorted({price.currency for price in settings.prices.values()})
    if len(currencies) > 1:
        wrong.append(Problem(path, None, "prices", f"expected one currency for all, got {', '.join(currencies)}"))
    if wrong:
        raise InputError(wrong)
    return settings


def mount(root: Path, shipped: Path) -> ModuleType:
    """Make (or return) the module `chatparity_suite` over a suite's root and the shipped copy.

    Raises UsageError when another suite is mounted in this process already.
    """
    wanted = [str(path) for path in dict.fromkeys((root, shipped))]
    mounted = sys.modules.get(MODULE)
    if mounted is not None:
        if list(mounted.__path__) != wanted:
            raise UsageError(f"one suite a process: {next(iter(mounted.__path__))} is mounted, cannot mount {root}")
        return mounted
    module = ModuleType(MODULE, "The mounted suite: graders, reports and evals of a team, then the shipped ones.")
    module.__path__ = wanted
    sys.modules[MODULE] = module
    return module
