"""Importers: files of other tools become transcripts, and what cannot be mapped is counted."""

from chatparity.importers.formats import FORMATS, import_file
from chatparity.importers.result import ImportResult, Note

__all__ = ["FORMATS", "ImportResult", "Note", "import_file"]
