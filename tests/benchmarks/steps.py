"""A step of training, by us and by all peers, on one net: the main table of the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec

from floor import dot_floor, matmul_floor
from nets import Net
from ours import evaluation, ours
from plain_numpy import plain_numpy
from tables import table
from timing import Effort, Peer, Timed, in_turns

#: Peers that may not be installed: what to import, the module here, and the function in it.
OTHERS = {"torch": ("pytorch", "pytorch_peers"), "sklearn": ("scikit", "scikit_peers")}
PEERS = ("matmul floor", "dot floor", "ours", "plain NumPy", "scikit-learn", "PyTorch", "PyTorch with metrics")


def others(without: Iterable[str]) -> tuple[list[Callable[[Net, str], list[Peer]]], list[str], list[str]]:
    """What makes the peers that are installed, what to say of each, and the names of those that are missing."""
    makers, said, missing = [], [], []
    for name, (module, function) in OTHERS.items():
        if name in without or find_spec(name) is None:
            missing.append(name)
            continue
        found = import_module(module)
        makers.append(getattr(found, function))
        said.append(f"{name} {found.VERSION}")
    return makers, said, missing


def timed(net: Net, dtype: str, makers: list[Callable[[Net, str], list[Peer]]], effort: Effort) -> Timed:
    """All peers in turns on one net."""
    peers = [matmul_floor(net, dtype), dot_floor(net, dtype), ours(net, dtype), plain_numpy(net, dtype)]
    for make in makers:
        peers += make(net, dtype)
    return in_turns(peers, effort)


def step_tables(nets: list[Net], dtypes: list[str], makers: list[Callable[[Net, str], list[Peer]]], effort: Effort) -> str:
    """Times, ratios to the floor and to us, and evaluations, for every net and dtype."""
    times, to_floor, to_us, evaluations = [], [], [], []
    for dtype in dtypes:
        for net in nets:
            found = timed(net, dtype, makers, effort)
            head = net.label, dtype, net.batch
            times.append((*head, *(found.microseconds(name) if name in found.seconds else None for name in PEERS)))
            to_floor.append((*head, *(found.ratio(name, "matmul floor") for name in ("ours", "dot floor"))))
            to_floor[-1] += (found.ratio("ours", "dot floor"),)
            to_us.append((*head, *(found.ratio(name, "ours") for name in PEERS[3:])))
            once = evaluation(net, dtype, effort)
            evaluations.append((*head[:2], net.samples, once, once / found.microseconds("ours") / net.batches))
    names = "net", "dtype", "batch"
    return "\n".join(
        [
            table(
                "Microseconds per step, the median over all rounds",
                (*names, *PEERS),
                times,
                "Ours has all metrics and the history in it, the others the loss; nobody evaluates at the end of an epoch.",
            ),
            table(
                "Times the floor: median of the paired ratios (smallest-largest)",
                (*names, "ours / matmul floor", "dot floor / matmul floor", "ours / dot floor"),
                to_floor,
                "The floor is every forward and backward product of a step and nothing else, a sample a row, no biases.\n"
                "Its dot column is the same products by ndarray.dot, which starts quicker than np.matmul.",
            ),
            table(
                "Times ours: how much longer the others take for a step",
                (*names, *PEERS[3:]),
                to_us,
                "scikit-learn: one timed fit of many epochs, divided by n_iter_ x batches; its setup is spread over them.\n"
                "PyTorch: nn.Sequential, Adam(fused=True), loss.item(); with metrics: accuracy and three norms too.",
            ),
            table(
                "Our evaluation at the end of an epoch, left out above",
                ("net", "dtype", "rows", "microseconds", "of an epoch's steps"),
                [(*row[:-1], f"{row[-1]:.0%}") for row in evaluations],
            ),
        ]
    )
