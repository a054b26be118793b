"""Choosing an importer by the name of its format, and reading a file with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from chatparity.errors import InputError, Problem, UsageError
from chatparity.importers.build import Builder
from chatparity.importers.csv_file import read_csv
from chatparity.importers.draft import Draft, Source
from chatparity.importers.intercom import read_intercom
from chatparity.importers.langfuse import read_langfuse
from chatparity.importers.mapping import Mapping
from chatparity.importers.openai_chat import read_openai_chat
from chatparity.importers.otel import read_otel
from chatparity.importers.result import ImportResult, Tally
from chatparity.importers.sharegpt import read_sharegpt
from chatparity.importers.tau_bench import read_tau_bench
from chatparity.importers.values import language_code
from chatparity.importers.zendesk import read_zendesk
from chatparity.transcript import Transcript

Reader = Callable[[Source], Iterator[Draft | Problem]] | Callable[[Source], Iterator[Transcript | Problem]]
FORMATS: dict[str, Reader] = {
    "csv": read_csv,
    "intercom": read_intercom,
    "langfuse": read_langfuse,
    "openai-chat": read_openai_chat,
    "otel": read_otel,
    "sharegpt": read_sharegpt,
    "tau-bench": read_tau_bench,
    "zendesk": read_zendesk,
}
# Formats whose messages stand at no one place, so that `messages` of a mapping cannot say where.
_NO_LIST = ("csv", "langfuse", "otel")


def import_file(
    form: str,
    source: Path,
    *,
    mapping: Mapping | None = None,
    language: str | None = None,
    skip_invalid: list[Problem] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ImportResult:
    """Open a file of another tool, whose format is called `form`; its transcripts are read as they are consumed.

    `language` is that of records that name none (else it is detected); `on_progress` is told (bytes read, bytes).
    Raises UsageError for an unknown format, language or file. What cannot be read is a Problem: with a list given as
    `skip_invalid` it is added there and its conversation left out, else the end of the transcripts raises InputError
    with all of them.
    """
    if form not in FORMATS:
        raise UsageError(f'import: no format is called "{form}": there is {", ".join(sorted(FORMATS))}')
    if not source.is_file():
        raise UsageError(f"{source}: no such file")
    if language is not None and language_code(language) != language:
        raise UsageError(f"--language: expected a language tag such as pl or pt-BR, got {language!r}")
    if mapping is not None and form == "tau-bench":
        raise UsageError("import: tau-bench takes no mapping file: all its files are alike")
    if mapping is not None and mapping.messages is not None and form in _NO_LIST:
        raise UsageError(f"import: `messages` of a mapping file has no meaning for {form}")
    tally = Tally()
    opened = Source(source, mapping or Mapping(), tally, language, _told(source, on_progress))
    return ImportResult(_transcripts(form, opened, skip_invalid), tally)


def _told(source: Path, on_progress: Callable[[int, int], None] | None) -> Callable[[int], None] | None:
    """Return what tells of progress each time another hundredth of the file has been read."""
    if on_progress is None:
        return None
    size = max(1, source.stat().st_size)
    last = -1

    def told(done: int) -> None:
        nonlocal last
        share = done * 100 // size
        if share != last:
            last = share
            on_progress(done, size)

    return told


def _transcripts(form: str, source: Source, skip: list[Problem] | None) -> Iterator[Transcript]:
    """Yield the valid transcripts. Raises InputError at the end for what was not, and for a file without any."""
    builder = Builder(source, form)
    wrong: list[Problem] = []
    count = 0
    for item in FORMATS[form](source):
        made = builder.build(item) if isinstance(item, Draft) else item
        if isinstance(made, Transcript):
            count += 1
            yield made
        else:
            wrong.extend([made] if isinstance(made, Problem) else made)
    if not count and not wrong:
        wrong.append(Problem(source.path, None, "", f"expected conversations in the form of {form}, found none"))
    elif skip is not None and count:
        skip.extend(wrong)
        return
    if wrong:
        raise InputError(wrong)
