"""Importers: files of other tools become transcripts, and what cannot be mapped is counted."""

from chatparity.importers.formats import FORMATS, import_file
from chatparity.importers.mapping import Mapping, load_mapping
from chatparity.importers.result import ImportResult, Note

__all__ = ["FORMATS", "ImportResult", "Mapping", "Note", "import_file", "load_mapping"]
