"""The judge's memory on disk: one small file an answer, named by what was asked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

FORMAT = 1


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of the cache: the answer, and nothing of the question but its hash in the file's name."""

    format: int
    name: str
    answer: dict[str, Any]
    input_tokens: int
    output_tokens: int


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
        """Return the answer kept under `key`, or None."""
        try:
            kept = msgspec.json.decode(self.path(key).read_bytes(), type=Kept)
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return kept if kept.format == FORMAT else None

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
