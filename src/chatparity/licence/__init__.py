"""Licences: which judged or learned grader may decide which gate, in which language, on what evidence."""

from chatparity.licence.entry import Anchor, Drift, Entry, Evidence, Licence, Share
from chatparity.licence.file import licence_file, read_licence, write_licence
from chatparity.licence.hold import Held, held, refusal

__all__ = [
    "Anchor",
    "Drift",
    "Entry",
    "Evidence",
    "Held",
    "Licence",
    "Share",
    "held",
    "licence_file",
    "read_licence",
    "refusal",
    "write_licence",
]
