"""What a setting may be, said once.

A setting is a field of a frozen dataclass whose annotation carries a `Range`. The preset reader, the form on the
screen, the error messages and the documentation are all made from that one annotation.
"""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import Any, get_args, get_origin

#: Shared by every dataclass that a preset can name (as `__pydantic_config__`, so that nothing here imports pydantic).
STRICT: dict[str, Any] = {"extra": "forbid", "strict": True}


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a number: `low <= x <= high`, or `low < x` where `above` is true; with `below`, `x < high`."""

    low: float
    high: float
    above: bool = False
    below: bool = False

    def holds(self, value: float) -> bool:
        """Whether `value` lies inside; NaN never does."""
        over = value > self.low if self.above else value >= self.low
        under = value < self.high if self.below else value <= self.high
        return over and under

    def __str__(self) -> str:
        if self.above or self.below:
            left, right = ("above" if self.above else "from"), ("below" if self.below else "to")
            return f"{left} {self.low:.15g} {right} {self.high:.15g}"
        return f"{self.low:.15g} to {self.high:.15g}"

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The bounds as pydantic's own; a core schema is a plain dict, so pydantic is not imported."""
        schema = dict(handler(source))
        schema["gt" if self.above else "ge"] = self.low
        schema["lt" if self.below else "le"] = self.high
        return schema


class OrTable:
    """Marks a union of plain values and one table: which of them is meant is told by what is written.

    Without it, an unknown key of the table would be reported as "not a number".
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        kinds = {kind_of(part): handler.generate_schema(part) for part in get_args(source)}

        def written(value: object) -> str | None:
            kind = "table" if isinstance(value, dict) or is_dataclass(value) else kind_of(type(value))
            return kind if kind in kinds else "number"

        return {"type": "tagged-union", "discriminator": written, "choices": kinds}


def kind_of(annotation: Any) -> str:
    """ "table", "list" or "number": which member of a union marked `OrTable` this is."""
    if is_dataclass(annotation):
        return "table"
    return "list" if (get_origin(annotation) or annotation) in (tuple, list) else "number"


class Tagged:
    """Marks a union of dataclasses that are told apart by their `name`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        choices = {choice.name: handler.generate_schema(choice) for choice in get_args(source)}
        return {"type": "tagged-union", "discriminator": "name", "choices": choices}
