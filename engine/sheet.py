"""What a preset file may say about itself, about how it is shown and about what is trained: all but its `[[run]]`s."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from engine.claims import Claim
from engine.datasets import Data
from engine.layers import Architecture
from engine.ranges import STRICT, Range
from engine.run import MisfitError, Seed, Training
from engine.schema import describe, guess
from engine.surfaces import AnySurface

COVERED = ("verdict", "claims", "validation")
#: The rows of the settings form, by their labels.
ROWS = (
    *("data", "surface", "start", "hidden", "activation", "optimizer", "learning_rate", "momentum", "weight_decay"),
    *("batch_size", "epochs", "steps", "validation", "seed"),
)


@dataclass(frozen=True, kw_only=True)
class Show:
    """The `[show]` table: how a run is watched. None of it changes a number.

    `seconds` a watched run takes at the default pace; `second` is what the second plot shows: accuracy for classes, the
    fitted line or the mean absolute error for regression. What stands in `hide` is covered until a key uncovers it, a
    setting in `lock` cannot be changed: "settings.epochs" is the row epochs of the form.
    """

    seconds: Annotated[float, Range(0.0, 3600.0)] = 15.0
    loss_axis: Literal["linear", "log"] = "linear"
    second: Literal["accuracy", "fit", "error", "surface"] | None = None
    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        rows = tuple(f"settings.{row}" for row in ROWS)
        for key, words, allowed in (("hide", self.hide, (*COVERED, *rows)), ("lock", self.lock, rows)):
            for word in words:
                if word not in allowed:
                    shown = [*COVERED, "settings.ROW"] if key == "hide" else ["settings.ROW"]
                    near = guess(word if "." in word or word in COVERED else f"settings.{word}", allowed)
                    message = f'"{word}" is not one of {", ".join(shown)}, ROW one of {", ".join(ROWS)}.{near}'
                    raise MisfitError(f"show.{key}", word, message)


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
    claim: tuple[Claim, ...] = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    def __post_init__(self) -> None:
        if self.data is None and self.surface is None:
            raise MisfitError("data", None, f"missing: {describe(Data)}; or a [surface]")
