"""Transcripts of a file by their id, read from their place in it when they are asked for, so that none is held."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.transcript import Transcript


class _Id(msgspec.Struct):
    id: str


class TranscriptFile:
    """The transcripts of one JSON Lines file. `only` names the ids that will be asked for; all, where it is None."""

    def __init__(self, path: Path, only: Container[str] | None = None) -> None:
        """Find the place of each line. Raises UsageError where there is no file, InputError for a bad line."""
        self.path = path
        self._places: dict[str, tuple[int, int]] = {}
        decoder, place = msgspec.json.Decoder(_Id), 0
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    try:
                        name = decoder.decode(line).id
                    except (msgspec.DecodeError, UnicodeDecodeError) as error:
                        raise InputError([Problem(path, number, "", f"not a transcript: {error}")]) from error
                    if only is None or name in only:
                        self._places[name] = (place, number)
                    place += len(line)
        except FileNotFoundError as error:
            raise UsageError(f"{path}: no such file: expected transcripts") from error

    def get(self, name: str) -> Transcript | None:
        """Return a transcript, None where the file has none of that name. Raises InputError for one that is invalid."""
        found = self._places.get(name)
        if found is None:
            return None
        place, number = found
        with self.path.open("rb") as file:
            file.seek(place)
            line = file.readline()
        try:
            return msgspec.json.decode(line, type=Transcript)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError([Problem(self.path, number, "", f"not a transcript: {error}")]) from error
