"""What a preset file may say about itself, about how it is shown and about what is trained: all but its `[[run]]`s."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from engine.datasets import Data
from engine.layers import Architecture
from engine.ranges import STRICT, Range
from engine.run import MisfitError, Seed, Training
from engine.schema import describe
from engine.surfaces import AnySurface


@dataclass(frozen=True, kw_only=True)
class Show:
    """The `[show]` table: how a run is watched. None of it changes a number.

    `seconds` a watched run takes at the default pace; `second` is what the second plot shows: accuracy for classes, the
    fitted line or the mean absolute error for regression.
    """

    seconds: Annotated[float, Range(0.0, 3600.0)] = 15.0
    loss_axis: Literal["linear", "log"] = "linear"
    second: Literal["accuracy", "fit", "error", "surface"] | None = None
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True, kw_only=True)
class Question:
    """A `[[question]]`: what the learner is asked, and the answer that a key uncovers."""

    asks: str
    answer: str
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Everything that a preset file may say but its `[[run]]`s."""

    title: str = ""
    lesson: str = "Own presets"
    order: int = 1000
    summary: str = ""
    story: str = ""
    things_to_try: tuple[str, ...] = ()
    seed: Seed = 0
    data: Data | None = None
    surface: AnySurface | None = None
    network: Architecture = field(default_factory=Architecture)
    training: Training = field(default_factory=Training)
    show: Show = field(default_factory=Show)
    question: tuple[Question, ...] = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if self.data is None and self.surface is None:
            raise MisfitError("data", None, f"missing: {describe(Data)}; or a [surface]")
