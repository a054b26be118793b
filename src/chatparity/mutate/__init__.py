"""Planted faults: known faults are put into good answers, to see which graders notice."""
