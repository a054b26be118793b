"""JSON Lines: transcripts read and written, and journals that survive a kill."""

from __future__ import annotations

import hashlib
import io
import math
import os
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar, cast

import jsonlines
import msgspec

from chatparity.errors import InputError, Problem, UsageError
from chatparity.invalid import DEEP, field_and_message
from chatparity.transcript import Transcript, problems

T = TypeVar("T", bound=msgspec.Struct)


NO_TRANSCRIPTS = ".not-transcripts"


def transcript_files(paths: Sequence[Path]) -> list[Path]:
    """Return the `.jsonl` files that `paths` name; folders are walked in order of names.

    A folder below them that holds a file named `.not-transcripts` is passed over with all that is in it: its JSON Lines
    are something else, and somebody said so. A file is never passed over for what it looks like.
    Raises UsageError when a path does not exist, or is a folder that holds no `.jsonl` file of transcripts.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = _inside(path)
            if not inside:
                raise UsageError(_nothing_in(path))
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or folder")
    return list(dict.fromkeys(found))


def holds_transcripts(folder: Path) -> bool:
    """Say whether a folder holds a `.jsonl` file that is walked."""
    return bool(_inside(folder))


def passed_over(paths: Sequence[Path]) -> list[Path]:
    """Return the folders in `paths` that are not walked because of their `.not-transcripts`, in order of names."""
    marks = (mark for path in paths if path.is_dir() for mark in sorted(path.rglob(NO_TRANSCRIPTS)))
    return list(dict.fromkeys(mark.parent for mark in marks))


def _inside(folder: Path) -> list[Path]:
    marked = set(passed_over([folder]))
    return sorted(file for file in folder.rglob("*.jsonl") if file.is_file() and marked.isdisjoint(file.parents))


def _nothing_in(folder: Path) -> str:
    """Return why a folder cannot be read, and the remedy."""
    marked = passed_over([folder])
    if marked:
        return f"{folder}: no transcripts here: {marked[0] / NO_TRANSCRIPTS} says so; a file that is named is read"
    return f"{folder}: no transcripts here: expected files ending in .jsonl"


class _Ids:
    """The ids that were seen, as 64 bits of a hash each: some 14 bytes an id, where a dictionary needs 200.

    Two different ids are taken for one with probability n² / 2⁶⁵: one in ten million files of 2 million ids.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 << 10))
        self._held = 0

    def add(self, name: str) -> bool:
        """Add an id; say whether it is new."""
        if self._held * 5 > len(self._slots) * 3:
            old, self._slots = self._slots, array("Q", bytes(16 * len(self._slots)))
            for one in old:
                if one:
                    self._slots[self._place(one)] = one
        digest = int.from_bytes(hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=8).digest()) or 1
        place = self._place(digest)
        new = self._slots[place] == 0
        self._slots[place] = digest
        self._held += new
        return new

    def _place(self, digest: int) -> int:
        """Return where a hash stands, or the free slot in which it would."""
        mask = len(self._slots) - 1
        place = digest & mask
        while self._slots[place] not in (0, digest):
            place = (place + 1) & mask
        return place


def scan(paths: Sequence[Path], *, compact: bool = False) -> Iterator[tuple[Path, int, Transcript | Problem]]:
    """Yield (file, line, transcript or what is wrong with it) for each line of each file, in order.

    Lines are numbered from 1. A file that cannot be decoded as UTF-8, holds a blank line, a second line with the same
    id, or no line at all gives problems, not exceptions, so that a caller can list all of them. `compact` is for
    millions: of each id only a hash is held, and a second one is told without the place of the first.
    """
    seen: dict[str, tuple[Path, int]] = {}
    ids = _Ids()
    for path in transcript_files(paths):
        number = 0
        with path.open("rb") as file:
            for number, item in _lines(path, file):
                if isinstance(item, Problem):
                    yield path, number, item
                    continue
                if compact:
                    if not ids.add(item.id):
                        message = f'expected an id of its own, got "{item.id}", which stands in an earlier line too'
                        yield path, number, Problem(path, number, "id", message)
                        continue
                    first = (path, number)
                else:
                    first = seen.setdefault(item.id, (path, number))
                if first != (path, number):
                    message = f'expected an id of its own, got "{item.id}", which stands at {first[0]}:{first[1]} too'
                    yield path, number, Problem(path, number, "id", message)
                    continue
                wrong = problems(item)
                for field, message in wrong:
                    yield path, number, Problem(path, number, field, message)
                if not wrong:
                    yield path, number, item
        if number == 0:
            yield path, 0, Problem(path, None, "", "the file is empty: expected one transcript a line")


def _lines(path: Path, file: BinaryIO) -> Iterator[tuple[int, Transcript | Problem]]:
    """Yield each line of a file as a transcript or as the problem it has."""
    decoder = msgspec.json.Decoder(Transcript)
    reader = jsonlines.Reader(_without_mark(file), loads=decoder.decode)
    number = 0
    while True:
        number += 1
        try:
            item = reader.read()
        except EOFError:
            return
        except jsonlines.InvalidLineError as error:
            yield number, _problem(path, number, error)
        except UnicodeDecodeError as error:
            yield number, Problem(path, number, "", f"expected UTF-8, got byte 0x{error.object[error.start]:02x}")
        except RecursionError:
            yield number, Problem(path, number, "", DEEP)
        else:
            yield number, cast("Transcript", item)


def _without_mark(file: BinaryIO) -> BinaryIO:
    """Step over a UTF-8 byte order mark, which some editors write, and return the file."""
    if file.read(3) != b"\xef\xbb\xbf":
        file.seek(0)
    return file


def _problem(path: Path, number: int, error: jsonlines.InvalidLineError) -> Problem:
    """Turn a decoding error into the line, the field and what was expected there."""
    cause = error.__cause__ or error
    if isinstance(cause, UnicodeDecodeError):
        return Problem(path, number, "", f"expected UTF-8, got byte 0x{cause.object[cause.start]:02x}")
    if not str(error.line or "").strip():
        return Problem(path, number, "", "expected a transcript, got a blank line: remove it")
    text = str(cause)
    if isinstance(cause, msgspec.ValidationError):
        field, message = field_and_message(cause, Transcript, known_keys=False)
        return Problem(
            path,
            number,
            field,
            message.replace("object contains unknown field", "unknown field (your own data goes under `meta`):"),
        )
    if "truncated" in text:
        return Problem(path, number, "", "the line breaks off: expected a whole JSON object (was the file cut?)")
    return Problem(path, number, "", f"expected JSON: {text}")


def read_transcripts(paths: Sequence[Path], *, skip_invalid: list[Problem] | None = None) -> list[Transcript]:
    """Read all transcripts of files and folders, in order.

    With a list given as `skip_invalid`, invalid lines are added to it and left out; without one the first call that
    meets any raises InputError with all of them.
    """
    good: list[Transcript] = []
    bad: list[Problem] = []
    for _, _, item in scan(paths):
        if isinstance(item, Problem):
            bad.append(item)
        else:
            good.append(item)
    if skip_invalid is None and bad:
        raise InputError(bad)
    if skip_invalid is not None:
        skip_invalid.extend(bad)
    return good


def write_transcripts(path: Path, transcripts: Iterable[Transcript]) -> int:
    """Write transcripts to a file, one a line, and return how many; the file appears only when it is whole."""
    encoder = msgspec.json.Encoder()
    half = path.with_name(path.name + ".part")
    count = 0
    try:
        with half.open("w", encoding="utf-8", newline="\n") as file:
            writer = jsonlines.Writer(file, dumps=lambda item: encoder.encode(item).decode())
            for transcript in transcripts:
                writer.write(transcript)
                count += 1
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return count


class Journal(Generic[T]):
    """An append-only JSON Lines file of one record type that survives being killed in the middle of a write.

    What was appended survives the end of the process at once. It is put on the disk (`fsync`), where it survives a
    loss of power too, once `batch` records wait and `pause` seconds have passed since the last time, and at the end.
    """

    def __init__(self, path: Path, kind: type[T], *, batch: int = 16, pause: float = 0.25) -> None:
        self.path = path
        self._kind = kind
        self._batch = batch
        self._pause = pause
        self._synced = -math.inf
        self._encoder = msgspec.json.Encoder()
        self._file: io.BufferedWriter | None = None
        self._waiting = 0

    def read(self) -> list[T]:
        """Return the whole records; a last line that is not finished is left out.

        Reading changes nothing, so that a run can be looked at while it is written. Raises InputError when any other
        line cannot be read: a journal is never guessed at.
        """
        return list(self.records())

    def records(self) -> Iterator[T]:
        """Yield the records that `read` returns, one at a time, so that a file may be larger than memory."""
        if not self.path.exists():
            return
        decoder = msgspec.json.Decoder(self._kind)
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    problem = Problem(self.path, number, "", f"not a line of this journal: {error}")
                    raise InputError([problem]) from error

    def append(self, record: T) -> None:
        """Add one record.

        The first record added cuts off a last line that a kill left unfinished; only one process may append.
        """
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
            data = self.path.read_bytes()
            self._file.truncate(data.rfind(b"\n") + 1)
        self._file.write(self._encoder.encode(record) + b"\n")
        self._file.flush()
        self._waiting += 1
        if self._waiting >= self._batch and time.monotonic() - self._synced >= self._pause:
            self.sync()

    def sync(self) -> None:
        """Put what was appended on the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._waiting = 0
            self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close; the journal can be appended to again."""
        if self._file is not None:
            self.sync()
            self._file.close()
            self._file = None

    def __enter__(self) -> Journal[T]:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
