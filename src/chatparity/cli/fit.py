"""`chatparity fit`: a learned grader from people's labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.options import AsJson
from chatparity.cli.show import complain, progress, say
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.learned.model import Measured, Model

EXAMPLES = """Examples:

  chatparity fit labelled.jsonl --label politeness -o graders/politeness.learned.json

  chatparity calibrate others.jsonl --graders graders/politeness.learned.json"""


def command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Transcripts whose answers people have rated.")],
    label: Annotated[str, typer.Option(metavar="NAME", help="accuracy, politeness or hallucinated.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The model, ending in .learned.json.")],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the grader is called; default: DIMENSION_learned.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Another seed makes other folds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Fit a grader from labels.

    Prints how good it is on conversations that it has not seen, and draws its learning curve. In graders/ it is used
    like any grader; it decides a gate once chatparity calibrate has licensed it.
    """
    from chatparity.grading.load import FITTED

    if not out.name.endswith(FITTED) or out.name == FITTED:
        raise UsageError(f"-o {out}: expected a name that ends in {FITTED}: by that a suite knows a model")
    from chatparity.learned.file import write_model
    from chatparity.learned.fit import fit
    from chatparity.learned.page import write_curve
    from chatparity.suite import load_suite

    load_suite()
    with progress("fitting") as show:
        fitted = fit(paths, label, name=name, seed=seed, on_progress=show)
    model = fitted.model
    write_model(out, model)
    picture = write_curve(out, model)
    for language, count in fitted.left_out.items():
        complain(f"{count} labelled answers in {language} left out: too few of a kind to claim the language")
    if as_json:
        import msgspec

        told: dict[str, object] = {
            "file": str(out),
            "figure": str(picture),
            "name": model.name,
            "version": model.version,
        }
        told |= {"n": model.n, "good": model.good, "conversations": model.conversations, "pass_at": model.pass_at}
        say(msgspec.json.encode({**told, "languages": model.languages, "quality": model.quality}).decode())
        return
    _tell(model)
    say(f"model: {out}")
    say(f"learning curve: {picture}")


def _tell(model: Model) -> None:
    """Say what the model is and how good it is."""
    languages = ", ".join(model.languages)
    say(f"{model.name}@{model.version}: {model.n} answers ({model.good} good) of {model.conversations} conversations")
    say(f"in {languages}; passes from a probability of {model.pass_at:.2f} on")
    say("on conversations that it has not seen (nested cross-validation, 95 % intervals over conversations):")
    quality = model.quality
    say(f"  AUC {_figure(quality.auc)}, n = {quality.auc.n}")
    say(f"  people's faults that it finds {_figure(quality.sensitivity)}, n = {quality.sensitivity.n}")
    say(f"  good answers that it clears {_figure(quality.specificity)}, n = {quality.specificity.n}")
    say(f"  Brier score {quality.brier:.3f}; of one probability for all {quality.brier_of_share:.3f}")


def _figure(found: Measured) -> str:
    if found.estimate is None or found.low is None or found.high is None:
        return f"not known ({found.method})"
    return f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]"
