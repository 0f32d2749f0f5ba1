"""Figures as JSON can hold them: it has no NaN and no infinity."""

from __future__ import annotations

import math
from typing import Any


def finite(value: Any) -> Any:
    """`value` with null in place of NaN and infinity, in dicts and lists too."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def spelt(value: Any) -> Any:
    """`value` with "nan", "inf" and "-inf" as words, which `float` reads again, in dicts too."""
    if isinstance(value, dict):
        return {key: spelt(entry) for key, entry in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
