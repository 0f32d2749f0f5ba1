"""scikit-learn's MLPClassifier as a peer, with Adam and the same batch size, without early stopping or penalty.

It has no step that could be called alone without checking all its input each time, so a slice is one `fit` of many epochs,
which goes on from the last one's weights; its time is divided by the steps of `n_iter_` epochs. What `fit` does before
the first step is therefore in it, spread over the slice. It works out the loss of every batch and no other metric.
"""

from __future__ import annotations

import warnings

import sklearn
from nets import LEARNING_RATE, Net
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from timing import Peer

VERSION = sklearn.__version__


def scikit_peers(net: Net, dtype: str) -> list[Peer]:
    x, labels = net.rows(dtype)
    model = MLPClassifier(
        net.sizes[1:-1],
        solver="adam",
        alpha=0.0,
        batch_size=net.batch,
        learning_rate_init=LEARNING_RATE,
        tol=0.0,
        n_iter_no_change=10**9,
        early_stopping=False,
        warm_start=True,
        random_state=0,
    )

    def epochs(count: int) -> None:
        model.max_iter = count
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, labels)
        assert model.n_iter_ == count, f"scikit-learn trained {model.n_iter_} epochs instead of {count}"

    return [Peer("scikit-learn", epochs, net.batches)]
