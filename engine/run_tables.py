"""A run back as the tables of a preset: what `read_run` reads as the same run again, in what TOML and JSON both have."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.preset import RUN_TABLES
from engine.run import Run
from engine.schema import Document

OF_DATA = ("epochs", "batch_size", "shuffle", "drop_last", "l1", "l2")  # settings of training that a surface refuses


def tables_of(run: Run) -> Document:
    """The tables that `read_run` reads as this run; of a surface, without what only a network has."""
    tables: Document = plain({key: value for key, value in asdict(run).items() if key in RUN_TABLES})
    if run.surface is not None:
        del tables["network"]
        for key in OF_DATA:
            del tables["training"][key]
    return tables


def plain(value: Any, keep: bool = False) -> Any:
    """Lists for tuples, and nothing for None, which no table can hold; `keep` keeps that at the top."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items() if entry is not None or keep}
    return [plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value
