"""The last few tables that were drawn, so that a run that differs in its learning rate alone does not draw its rows anew.

In the lab every key that changes a setting makes new trainers. A table is the same for the same data settings and seed,
bit for bit, and nobody writes into one: its arrays say so.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from engine.own_table import OwnTable
from engine.table import Table

if TYPE_CHECKING:
    from engine.datasets import Data

KEPT = 3
MOST_BYTES = 16_000_000  # of a table that is kept

_tables: OrderedDict[tuple[Data, int], Table] = OrderedDict()


def drawn(data: Data, seed: int) -> Table:
    """The table of these data settings with this seed. Its arrays are read-only where others may have it too."""
    if isinstance(data, OwnTable):  # a file may change while the settings that name it do not; it keeps what it read itself
        return data.generate(np.random.default_rng(seed))
    key = (data, seed)
    if key in _tables:
        _tables.move_to_end(key)
        return _tables[key]
    table = data.generate(np.random.default_rng(seed))
    arrays = (table.inputs, table.targets, table.validation_inputs, table.validation_targets)
    if sum(array.nbytes for array in arrays) <= MOST_BYTES:
        for array in arrays:
            array.flags.writeable = False
        _tables[key] = table
        while len(_tables) > KEPT:
            _tables.popitem(last=False)
    return table
