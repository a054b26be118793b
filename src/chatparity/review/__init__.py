"""The quality team's workbench: people judge a sample on a page of this machine, and their labels are kept."""

from __future__ import annotations
