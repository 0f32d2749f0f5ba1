"""Tables with anything wrong in them: CSV text cut and spoilt, NPZ files that are damaged, lie, or would run code."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import own_table as module
from engine.columns import TableError
from engine.own_table import OwnTable
from tui.loading import Refused, load

quickly = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150)
ODD = "\x00\x07\x1b\x7f\x85\x9b\u200b\u202e\ufeff\ue000"
place = st.integers(0, 10**6)

plain = st.integers(-3, 300).map(str) | st.sampled_from(["0.5", "NA", "u", "v"])
cells = st.one_of(
    plain,
    st.floats(width=32).map(repr),
    st.sampled_from(
        [
            "",
            "NA",
            "?",
            " ",
            "1e999",
            "-1e101",
            "1e-200",
            "1,5",
            "1.234,5",
            "0x10",
            "1_000",
            "١٢",
            "a",
            "b",
            "yes",
            "no",
            "True",
        ]
    ),
    st.sampled_from(
        [
            '"',
            '""',
            '"a',
            'a"',
            '"a"b',
            '"a\nb"',
            "'",
            "\\",
            "\x1b[2J",
            "\u202eabc",
            "猫",
            "[red]",
            "=1+1",
            "9" * 400,
            "x" * 3000,
        ]
    ),
    st.text(st.sampled_from('ab1.,;|\t"\n\r ' + ODD), max_size=6),
)
names = st.sampled_from(
    ["a", "b", "y", "price", "", "a", " y ", "1", "NaN", "猫", "\x1b]0;x\x07", "[red]r[/]", "a,b", "x" * 3000, '"q"']
)
pieces = st.sampled_from(
    [
        b"\x00",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b'"',
        b"\n",
        b"\r",
        b"\r\n",
        b",",
        b";",
        b"\t",
        b"|",
        b"\xed\xa0\x80",
        b"x" * 9000,
    ]
)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kept in ("_read", "_planned", "_refused"):
        monkeypatch.setattr(module, kept, type(module._read)())


def trained_on(table: OwnTable) -> None:
    """What is accepted can be drawn, described, and has finite numbers of the sizes that it says."""
    facts = table.facts()
    made = table.generate(np.random.default_rng(0))
    assert made.inputs.shape == (facts.samples, facts.features) and len(made.validation_inputs) == facts.validation
    assert np.isfinite(made.inputs).all() and np.isfinite(np.asarray(made.targets, float)).all()
    said = (*made.features, *made.classes, made.target, *table.guesses())
    assert [name for name in said if not name.isprintable()] == []


def spread(spoils: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Each at four places: most of the time goes into thinking of one."""
    for what, at, *rest in spoils:
        for each in range(4 if what != "keep" else 1):
            yield what, at + 31 * each, *rest


def looked_at(judge: Any, file: str, content: bytes, wishes: dict[str, Any]) -> None:
    """A file read as settings read it, and now and then as the command line does."""
    Path(file).write_bytes(content)

    def read() -> OwnTable:
        table = OwnTable(file=file, **wishes)
        table.facts()
        return table

    table = judge.judge(read, (TableError,), file)
    if table is not None:
        trained_on(table)
    if judge.tried % 20 == 0:
        judge.judge(lambda: load(file, (), None, (), wishes["target"] or None), (Refused,), file)


wanted = st.fixed_dictionaries(
    {"target": st.sampled_from(["y", "y", "y", "a", "X"]) | names},
    optional={
        "features": st.sampled_from([(), ("a",), ("a",), ("a", "a"), ("y",), ("nope",)])
        | st.lists(names, max_size=3).map(tuple),
        "task": st.sampled_from(["guess", "classes", "regression"]),
        "gaps": st.sampled_from(["drop", "drop", "refuse"]),
        "validation": st.sampled_from([0.0, 0.0, 0.2, 0.9, 0.001]),
        "standardize": st.booleans(),
        "standardize_target": st.booleans(),
    },
)


def test_csv_files(judge):
    @quickly
    @given(
        st.just(["a", "y"]) | st.lists(names, max_size=2).map(lambda extra: ["a", "y", *extra]),
        st.lists(st.lists(plain, min_size=2, max_size=2), max_size=12)
        | st.lists(st.lists(cells, min_size=1, max_size=5), max_size=9),
        st.sampled_from([",", ";", "\t", "|", ", ", " "]),
        st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
        st.booleans(),
        st.lists(
            st.tuples(st.sampled_from(["flip", "cut", "put", "repeat", "keep"]), place, st.integers(1, 255), pieces),
            min_size=8,
            max_size=8,
        ),
        wanted,
    )
    def fuzz(header, rows, delimiter, end, even, spoils, wishes):
        if even:
            rows = [(row * len(header))[: len(header)] for row in rows]
        content = end.join(delimiter.join(row) for row in [header, *rows, []]).encode("utf-8", "surrogatepass")
        for what, at, by, piece in spread(spoils):
            at %= len(content) + 1
            made = content
            if what == "flip":
                made = content[:at] + bytes([(content[at : at + 1] or b" ")[0] ^ by]) + content[at + 1 :]
            elif what == "cut":
                made = content[:at]
            elif what == "put":
                made = content[:at] + piece + content[at:]
            elif what == "repeat":
                made = content[:at] + content[at : at + by] * 20 + content[at:]
            looked_at(judge, "t.csv", made, wishes)

    fuzz()


# NPZ ------------------------------------------------------------------------------------------------------------------


class Payload:
    """What would make a file if it were ever unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("it_ran", "w"))


def npy(descr: Any, shape: Any, body: bytes, fortran: Any = False, version: int = 1) -> bytes:
    header = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + body


descrs = st.sampled_from(
    [
        "<f8",
        "<f4",
        "<i8",
        "|b1",
        "|i1",
        "<u8",
        ">f8",
        "<f2",
        "<f16",
        "<c16",
        "|O",
        "<U3",
        "|S4",
        "|V8",
        "<M8[s]",
        "<m8",
        "|S0",
        "<U0",
        "<U100000",
        "<U500000000",
        "nonsense",
        "",
        "f" * 500,
        [("a", "<f8")],
        [("a", [("b", "<f8", (2, 2))])],
        ("<f8", (3,)),
        3,
        None,
    ]
)
shapes = st.sampled_from(
    [
        (6,),
        (6, 1),
        (6, 2),
        (2, 3),
        (0,),
        (6, 0),
        (0, 6),
        (),
        (6, 1, 1),
        (-6,),
        (10**12,),
        (10**12, 10**12),
        (2**63,),
        (True,),
        (6.0,),
        "6",
        None,
        [6],
        (1,) * 70,
        (10**300, 0),
        (10**3000, 10**3000),
    ]
)
bodies = st.sampled_from([bytes(48), bytes(range(48)), b"\xff" * 48, np.arange(6.0).tobytes(), b"", bytes(47), bytes(5000)])
members = st.tuples(
    st.sampled_from(["y", "X", "a", "b", "y", "", "../up", "/abs", "\x1b[2J", "x" * 400, "X/y", "descent_recording"]),
    st.one_of(
        st.builds(npy, descrs, shapes, bodies, st.booleans(), st.sampled_from([1, 2, 3, 9])),
        st.sampled_from([np.arange(6), np.arange(12.0).reshape(6, 2), np.array(list("ababab")), np.array([0, 1] * 3)]),
        st.sampled_from([np.array([np.nan] * 6), np.full(6, np.inf), np.array(["\x1b[2J", "a"] * 3), np.zeros(6, "S3")]),
        st.just(pickle.dumps(Payload())),
        st.just(npy("|O", (1,), pickle.dumps(Payload()))),
        st.binary(max_size=30),
    ),
)
packing = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])


def packed(parts: Sequence[tuple[str, Any]], how: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, content in parts:
            if isinstance(content, np.ndarray):
                made = io.BytesIO()
                np.save(made, content)
                content = made.getvalue()
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name", "ignore:Data type alias", "ignore:.*align")
def test_npz_files(judge):
    @settings(quickly, max_examples=130)
    @given(
        st.lists(members, min_size=1, max_size=3),
        packing,
        st.lists(
            st.tuples(st.sampled_from(["flip", "cut", "put", "keep", "size"]), place, st.integers(1, 255)),
            min_size=8,
            max_size=8,
        ),
        wanted,
    )
    def fuzz(parts, how, spoils, wishes):
        parts = [*parts, ("y", np.array([0, 1] * 3)), ("X", np.arange(12.0).reshape(6, 2))]  # of two of a name, the later
        if wishes["target"] not in ("y", "a"):
            parts = parts[:-2]
        content = packed(parts, how)
        for what, at, by in spread(spoils):
            at %= len(content)
            made = content
            if what == "flip":
                made = content[:at] + bytes([content[at] ^ by]) + content[at + 1 :]
            elif what == "cut":
                made = content[:at]
            elif what == "put":
                made = content[:at] + bytes([by]) * by + content[at:]
            elif what == "size" and (found := content.find(b"PK\x01\x02")) >= 0:  # what the table of contents says
                made = content[: found + 20] + struct.pack("<II", by**3, by**4) + content[found + 28 :]
            looked_at(judge, "t.npz", made, wishes)

    fuzz()
    assert not Path("it_ran").exists()


def test_an_npz_file_with_a_pickle_in_it_runs_nothing(judge):
    np.savez("objects.npz", X=np.array([Payload()] * 6, dtype=object), y=np.arange(6))
    Path("raw.npz").write_bytes(pickle.dumps(Payload()))
    Path("inside.npz").write_bytes(packed([("X", pickle.dumps(Payload())), ("y", np.arange(6))], zipfile.ZIP_STORED))
    for file in ("objects.npz", "raw.npz", "inside.npz"):
        for target in ("y", "X", None):
            judge.judge(lambda file=file, target=target: load(file, (), None, (), target), (Refused,), file)
    assert judge.refused == judge.tried
    assert not Path("it_ran").exists()
    pickle.loads(pickle.dumps(Payload())).close()
    assert Path("it_ran").exists()  # were it run, this is what would be seen
