"""A model's file: JSON that holds numbers and words and nothing that could be run, checked while it is read."""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.invalid import field_and_message
from chatparity.learned.features import NUMBERS
from chatparity.learned.model import FORMAT, Model


def write_model(path: Path, model: Model) -> None:
    """Write a model so that its file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        half.write_bytes(msgspec.json.encode(model) + b"\n")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def read_model(path: Path) -> Model:
    """Read a model. Raises InputError naming the file, the field and what was expected of it."""
    try:
        model = msgspec.json.decode(path.read_bytes(), type=Model)
    except FileNotFoundError as error:
        raise InputError([Problem(path, None, "", "no such file: expected a model of chatparity fit")]) from error
    except msgspec.ValidationError as error:
        field, message = field_and_message(error, Model)
        raise InputError([Problem(path, None, field, message)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected a model of chatparity fit: {error}")]) from error
    wrong = [Problem(path, None, field, message) for field, message in _wrong(model)]
    if wrong:
        raise InputError(wrong)
    return model


def _wrong(model: Model) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a model beyond its types."""
    if model.format != FORMAT:
        yield "format", f"expected {FORMAT}, got {model.format}: fit it anew"
    for kind in ("words", "letters"):
        terms = getattr(model, kind)
        if not len(terms.terms) == len(terms.idf) == len(terms.weights):
            yield kind, "expected one idf and one weight a term"
        if len(set(terms.terms)) != len(terms.terms):
            yield f"{kind}.terms", "expected terms that differ"
        yield from _infinite(f"{kind}.idf", terms.idf)
        yield from _infinite(f"{kind}.weights", terms.weights)
    for name in ("centres", "scales", "number_weights"):
        values = getattr(model, name)
        if len(values) != len(NUMBERS):
            yield name, f"expected {len(NUMBERS)} numbers, got {len(values)}"
        yield from _infinite(name, values)
    if any(scale <= 0 for scale in model.scales):
        yield "scales", "expected numbers above 0"
    yield from _infinite("intercept, slope, offset", (model.intercept, model.slope, model.offset))
    if not 0 < model.pass_at < 1:
        yield "pass_at", f"expected a number between 0 and 1, got {model.pass_at}"
    if not model.languages:
        yield "languages", "expected at least one"


def _infinite(name: str, values: Sequence[float]) -> Iterator[tuple[str, str]]:
    if not all(math.isfinite(value) for value in values):
        yield name, "expected finite numbers"
