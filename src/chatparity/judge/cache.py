"""The judge's memory on disk: one small file a question, named by what was asked; an artefact to commit or share."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

FORMAT = 2


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file of the cache: what was asked, exactly as it was sent, and what came of it.

    `question` is empty where nothing is redacted: a cache that is shared holds no personal data that was not sent.
    `answer` is None where no answer fitted the schema or the model declined: then `failure` says so, as (kind,
    message). `chances` are the probabilities of each score where the endpoint gave them.
    """

    format: int
    name: str
    question: dict[str, Any]
    answer: dict[str, Any] | None = None
    failure: tuple[str, str] | None = None
    chances: dict[str, float] | None = None
    input_tokens: int = 0
    output_tokens: int = 0


def key_of(question: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a question's canonical JSON: keys sorted, so that equal questions have equal keys."""
    return hashlib.sha256(msgspec.json.encode(question, order="deterministic")).hexdigest()


class Cache:
    """Answers under `folder`, in two levels of folders; several processes may use it at the same time.

    A file that cannot be read as an answer counts as absent and is written anew. Nothing is synced to the disk: what a
    power cut loses is asked again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Return where the answer under `key` lies."""
        return self.folder / key[:2] / key[2:4] / f"{key}.json"

    def get(self, key: str) -> Kept | None:
        """Return what is kept under `key`, or None."""
        try:
            return _read(self.path(key).read_bytes())
        except FileNotFoundError:
            return None

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer; its file appears whole or not at all."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"{key}.{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            half.write_bytes(msgspec.json.encode(kept))
            half.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                half.unlink()

    def every(self) -> Iterator[Kept]:
        """Yield all that is kept, in order of the keys; files that are no answers are passed over."""
        for path in sorted(self.folder.glob("??/??/*.json")):
            kept = _read(path.read_bytes())
            if kept is not None:
                yield kept


def _read(data: bytes) -> Kept | None:
    """Return a file's content, or None where it is none of this format."""
    try:
        kept = msgspec.json.decode(data, type=Kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return kept if kept.format == FORMAT and (kept.answer is not None or kept.failure is not None) else None
