"""Constants as NumPy's own numbers.

For a small array, NumPy spends as long on reading a Python float beside it as on the arithmetic. A zero-dimensional array
of the same dtype is read at once, so what multiplies whole vectors in every step is kept as one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Numbers(dict[float, NDArray[np.floating[Any]]]):
    """`numbers[0.9]` is 0.9 as an array () of `dtype`, made once. `now` is one to fill with what differs each time."""

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.dtype = dtype
        self.now = np.zeros((), dtype)

    def __missing__(self, value: float) -> NDArray[np.floating[Any]]:
        made = self[value] = np.array(value, self.dtype)
        return made

    def filled(self, value: Any) -> Any:
        """`value` as an array () of `dtype` that is valid until the next call; an array of several values as one of `dtype`.

        Else NumPy would multiply a float32 vector by float64 values, and round otherwise than with one value.
        """
        if isinstance(value, np.ndarray):
            return value.astype(self.dtype, copy=False)
        self.now.fill(value)
        return self.now
