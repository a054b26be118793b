"""The suite: the four folders a team owns, found, mounted as the module `chatparity_suite`, and its settings.

Mounting gives `chatparity_suite` a `__path__` of the suite's own root and the copy that ships with chatparity, so
Python's import system finds the suite's file first and the shipped one else. Nothing goes on `sys.path`; one suite
a process.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, get_args

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.invalid import field_and_message
from chatparity.splits import Split

MODULE = "chatparity_suite"
MARKER = Path("evals") / "suite.toml"
FOLDERS = ("graders", "reports", "evals", "datasets")
# Endpoints answer with the dated name of the model that was asked for: gpt-5-mini-2025-08-07.
_DATE = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8})$")

Confidence = Annotated[float, msgspec.Meta(gt=0.5, lt=1)]
Threshold = Annotated[float, msgspec.Meta(ge=0, le=1)]
Mode = Literal["teacher_forced", "free_running"]
SliceName = Literal["language", "market", "intent", "channel", "difficulty"]
SLICES: tuple[SliceName, ...] = get_args(SliceName)


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
    """`[judge]`: the model behind LLM graders, or several (a panel); `none` leaves them not run.

    `key_env` is the variable with the key, and `keys` names others by host. `cache` is where answers are kept, by the
    suite's root. `max_cost` (in the currency of the prices), `max_tokens` (read and written) and `max_requests` are
    what one run may spend on its judge in all its sittings. `combine` says how a panel comes to one score. `logprobs`
    asks for log-probabilities, from which a graded score is made where the endpoint gives them. With `redact` personal
    data is replaced by pseudonyms before anything is sent.
    """

    default: str = "none"
    key_env: str = "OPENAI_API_KEY"
    keys: dict[str, str] = {}
    cache: str = "reports/judge-cache"
    concurrency: Annotated[int, msgspec.Meta(ge=1)] = 16
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    max_requests: Annotated[int, msgspec.Meta(ge=0)] | None = None
    max_cost: Annotated[float, msgspec.Meta(ge=0)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=0)] | None = None
    combine: Literal["majority", "mean"] = "majority"
    logprobs: bool = True
    redact: bool = True


class LicenceTable(_Table, frozen=True):
    """`[licence]`: what a judged or learned grader must have shown against people before it may decide a gate.

    `kappa`, `sensitivity` and `specificity` are what the lower bounds of Cohen's κ, of the share of people's faults
    that it finds and of the share of people's good answers that it clears must reach, at `confidence`; `abstained` is
    the largest share of rated answers that it may leave open, `drift` the largest share of verdicts on anchors that
    may have changed. `file` is where licences are kept.
    """

    file: str = "evals/licence.json"
    kappa: Annotated[float, msgspec.Meta(ge=-1, le=1)] = 0.4
    sensitivity: Threshold = 0.75
    specificity: Threshold = 0.75
    abstained: Threshold = 0.2
    drift: Threshold = 0.05
    confidence: Confidence = 0.95


class GateTable(_Table, frozen=True):
    """`[[gate]]`: what one metric of one dimension must show, for all (`whole`) and for each value of the named slices.

    Exactly one of `at_least`, `at_most` (a rate), `margin` (AI − human must lie above −margin), `no_worse_than`
    (the same against the baseline run) and `zero` (not one bad exchange) is given. Where several
    graders measure the same metric of a dimension, the only rule grader decides, or the one that `grader` names; with
    `licence` the only one that people must have licensed: a judged or learned one. Such a grader decides nothing
    without its licence, whoever named it.
    `confidence` is that of the two-sided interval. A slice with fewer than `min_n` planned exchanges is reported only.
    """

    dimension: str
    metric: str = "rate"
    grader: str | None = None
    licence: bool = False
    at_least: Threshold | None = None
    at_most: Threshold | None = None
    margin: Threshold | None = None
    no_worse_than: Threshold | None = None
    zero: bool = False
    confidence: Confidence = 0.95
    slices: tuple[SliceName, ...] = ()
    whole: bool = True
    min_n: Annotated[int, msgspec.Meta(ge=1)] = 20

    @property
    def kind(self) -> str:
        """Return the name of the one requirement that is set."""
        return self.given[0]

    @property
    def given(self) -> list[str]:
        """Return the names of the requirements that are set: one, in a gate that was read from a file. 0 is set too."""
        values = [(name, getattr(self, name)) for name in REQUIREMENTS]
        return [name for name, value in values if value is not None and value is not False]


REQUIREMENTS = ("at_least", "at_most", "margin", "no_worse_than", "zero")


class WaiverTable(_Table, frozen=True):
    """`[[waiver]]`: a known failure that does not fail a run until `expires` (a date, that day included).

    It names either a `gate` as the scorecard does, with its slice (`escalation[pl] recall`; `kind` tells apart two of
    that name), or conversations by their `ids`. `owner` answers for it and `reason` says why; both must be there.
    """

    gate: str | None = None
    kind: str | None = None
    ids: tuple[str, ...] = ()
    owner: str = ""
    reason: str = ""
    expires: dt.date | None = None

    @property
    def named(self) -> str:
        """Return what is waived, for messages."""
        return f'gate "{self.gate}"' if self.gate is not None else f"ids {', '.join(self.ids[:3])}"

    def expired(self, today: dt.date) -> bool:
        """Say whether its last day is over; one without a date cannot be read from a file."""
        return self.expires is not None and today > self.expires


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


class ClaimsTable(_Table, frozen=True):
    """`[claims]`: the claims file, and the logs (transcripts or a table) on which its claims are gates of the suite.

    Without `logs` no test asks for them. Paths start at the suite's root.
    """

    file: str = "evals/claims.toml"
    logs: str | None = None


class Settings(_Table, frozen=True):
    """All of suite.toml. `agents` are named endpoints for `--agent http:NAME`, with the keys of an agent file."""

    suite: SuiteTable
    agent: AgentTable = AgentTable()
    judge: JudgeTable = JudgeTable()
    gate: tuple[GateTable, ...] = ()
    waiver: tuple[WaiverTable, ...] = ()
    licence: LicenceTable = LicenceTable()
    agents: dict[str, dict[str, Any]] = {}
    prices: dict[str, PriceTable] = {}
    budget: BudgetTable = BudgetTable()
    claims: ClaimsTable = ClaimsTable()

    def price(self, *models: str | None) -> PriceTable | None:
        """Return the price of the first of these models that has one, with or without the date at its end."""
        names = [name for model in models if model for name in (model, _DATE.sub("", model))]
        return next((self.prices[name] for name in names if name in self.prices), None)


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
        field, message = field_and_message(error, Settings)
        if field.endswith(".expires"):
            message += ": write the last day on which the waiver holds, expires = 2026-12-31"
        raise InputError([Problem(path, None, field, message)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    wrong: list[Problem] = []
    for index, gate in enumerate(settings.gate):
        if not gate.whole and not gate.slices:
            nothing = 'whole = false leaves nothing to ask: expected slices, for example slices = ["language"]'
            wrong.append(Problem(path, None, f"gate[{index}] ({gate.dimension})", nothing))
        given = gate.given
        if len(given) != 1:
            expected = f"expected exactly one of {', '.join(REQUIREMENTS)}, got {', '.join(given) or 'none'}"
            wrong.append(Problem(path, None, f"gate[{index}] ({gate.dimension})", expected))
    wrong += [Problem(path, None, place, message) for place, message in _bad_waivers(settings.waiver)]
    currencies = sorted({price.currency for price in settings.prices.values()})
    if len(currencies) > 1:
        wrong.append(Problem(path, None, "prices", f"expected one currency for all, got {', '.join(currencies)}"))
    if wrong:
        raise InputError(wrong)
    return settings


def _bad_waivers(waivers: tuple[WaiverTable, ...]) -> Iterator[tuple[str, str]]:
    """Yield the place of each waiver that says too little, and what it must say."""
    for index, one in enumerate(waivers):
        place = f"waiver[{index}]"
        if (one.gate is None) == (not one.ids):
            got = "both" if one.ids else "neither"
            yield place, f'expected either gate = "DIMENSION[SLICE] METRIC" or ids = ["ID", …], got {got}'
            continue
        if one.kind is not None and (one.kind not in REQUIREMENTS or one.gate is None):
            yield f"{place}.kind", f"expected one of {', '.join(REQUIREMENTS)}, beside a gate, got {one.kind!r}"
        if not one.owner.strip():
            yield f"{place} ({one.named})", 'owner is missing: name who answers for it, owner = "NAME"'
        if not one.reason.strip():
            yield f"{place} ({one.named})", 'reason is missing: say why the failure is accepted, reason = "…"'
        if one.expires is None:
            yield (
                f"{place} ({one.named})",
                "expires is missing: write the last day on which the waiver holds, expires = 2026-12-31",
            )


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
    for name in FOLDERS:
        # Made here and not found by Python: an `__init__.py` of the team's own would hide the shipped copy.
        folder = ModuleType(f"{MODULE}.{name}")
        folder.__path__ = [str(Path(path, name)) for path in wanted]
        sys.modules[folder.__name__] = folder
        setattr(module, name, folder)
    return module
