"""Samples: what people should look at, drawn so that what they say can be weighted back, and their labels read back."""

from __future__ import annotations

from chatparity.sample.design import Design, Draw, weighted_rate
from chatparity.sample.folder import sample_mixture, sample_run, sample_transcripts
from chatparity.sample.labels import Labelled, read_answers, read_labels
from chatparity.sample.result import Item, Sample, Stratum

__all__ = [
    "Design",
    "Draw",
    "Item",
    "Labelled",
    "Sample",
    "Stratum",
    "read_answers",
    "read_labels",
    "sample_mixture",
    "sample_run",
    "sample_transcripts",
    "weighted_rate",
]
