"""Tables of one's own: what is guessed of them, what is said, what is refused, and that a network trains on them."""

from __future__ import annotations

import io
import os
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine import PresetError, Run, Trainer, load_preset
from engine import own_table as module
from engine.columns import GAPS, LARGEST, MOST_CELLS, TableError
from engine.datasets import Facts
from engine.layers import Architecture
from engine.optimizers import Adam
from engine.own_table import OwnTable, usual_target
from engine.run import Training

HOUSES = """\
id,rooms,district,price
a1,3,north,100.5
a2,4,south,200.25
a3,5,north,300
a4,6,east,400
a5,7,south,500
"""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "_read", type(module._read)())
    monkeypatch.setattr(module, "_planned", type(module._planned)())


def csv(text: str | bytes = HOUSES, name: str = "t.csv", **settings) -> OwnTable:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return OwnTable(file=name, **{"target": "price", "validation": 0.2, **settings})


def npz(name: str = "t.npz", settings: dict | None = None, **arrays) -> OwnTable:
    np.savez(name, **arrays)
    return OwnTable(file=name, **{"target": "y", **(settings or {})})


def rows(header: str, *lines: str, **settings) -> OwnTable:
    return csv("\n".join([header, *lines, ""]), **settings)


def column(values, name="price", **settings) -> OwnTable:
    """A table of a number from 0 on and these values to predict."""
    return rows(f"x,{name}", *(f"{index},{value}" for index, value in enumerate(values)), target=name, **settings)


def drawn(table: OwnTable, seed: int = 0):
    return table.generate(np.random.default_rng(seed))


def everything(table: OwnTable) -> tuple[np.ndarray, np.ndarray]:
    """All inputs and targets as they stand in the file."""
    whole = drawn(replace(table, validation=0.0, standardize=False, standardize_target=False))
    return whole.inputs, whole.targets


def refusal(table: OwnTable, key: str = "data.file") -> str:
    """What is wrong, in one line that can be printed."""
    with pytest.raises(TableError) as caught:
        table.facts()
    assert caught.value.key == key
    said = str(caught.value)
    assert said.isprintable()
    return said


# What a table becomes -------------------------------------------------------------------------------------------------


def test_numbers_stay_text_is_one_hot_and_what_tells_rows_apart_is_left_out():
    table = csv()
    assert table.facts() == Facts(samples=4, validation=1, features=4, classes=0)
    inputs, targets = everything(table)
    assert inputs.tolist() == [[3, 0, 1, 0], [4, 0, 0, 1], [5, 0, 1, 0], [6, 1, 0, 0], [7, 0, 0, 1]]
    assert targets.tolist() == [[100.5], [200.25], [300], [400], [500]]
    one = drawn(table)
    assert one.features == ("rooms", "district=east", "district=north", "district=south")
    assert (one.target, one.task, one.classes, one.picture) == ("price", "regression", (), None)
    assert table.guesses() == (
        'target "price": regression (numbers, 5 different)',
        '"rooms": numbers',
        '"district": text, one-hot, 3 columns',
        '"id": left out, a different text in every row',
        "1 of 5 rows is kept back for validation, drawn at random",
    )


def test_shapes_dtypes_and_units_are_those_of_every_table():
    table = csv(standardize_target=True)
    one = drawn(table)
    for part, answers, count in (
        (one.inputs, one.targets, 4),
        (one.validation_inputs, one.validation_targets, 1),
    ):
        assert part.shape == (count, 4) and part.dtype == np.float64 and part.flags.c_contiguous
        assert answers.shape == (count, 1) and answers.dtype == np.float64
    assert np.allclose(one.inputs.mean(axis=0), 0) and np.allclose(one.inputs.std(axis=0)[:1], 1)
    assert one.targets.mean() == pytest.approx(0) and one.targets.std() == pytest.approx(1)
    raw_inputs, raw_targets = everything(table)
    back = np.vstack([one.inputs, one.validation_inputs]) * one.input_scale + one.input_offset
    assert sorted(back[:, 0]) == pytest.approx(sorted(raw_inputs[:, 0]))
    back = np.vstack([one.targets, one.validation_targets]) * one.target_scale + one.target_offset
    assert sorted(back[:, 0]) == pytest.approx(sorted(raw_targets[:, 0]))
    assert (drawn(csv()).target_scale, drawn(csv()).target_offset) == (1.0, 0.0)


def test_a_scale_is_fitted_on_the_training_rows_only():
    table = column([*range(99), 1e6], validation=0.3, standardize_target=True)
    one = next(one for one in (drawn(table, seed) for seed in range(99)) if one.validation_targets.max() > 1000)
    assert one.target_offset < 100
    assert one.targets.mean() == pytest.approx(0)


def test_a_constant_target_is_a_regression_like_any_other():
    one = drawn(column([2.5] * 8, standardize_target=True))
    assert (one.target_scale, one.target_offset) == (1.0, 2.5)
    assert not one.targets.any()


def test_features_are_those_that_are_named_in_that_order():
    table = csv(features=("district", "rooms"))
    assert drawn(table).features == ("district=east", "district=north", "district=south", "rooms")
    assert "left out: id" in table.guesses()
    assert drawn(csv(features=("id",))).features == ("id=a1", "id=a2", "id=a3", "id=a4", "id=a5")  # as asked


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_spelling_of_a_file_is_the_same_table(delimiter, end, mark):
    plain, targets = everything(csv())
    text = HOUSES.replace(",", delimiter).replace("\n", end)
    table = csv(mark + text.encode() + end.encode() * 2, "other.csv")
    inputs, other = everything(table)
    assert (inputs.tolist(), other.tolist()) == (plain.tolist(), targets.tolist())
    assert any("columns between" in guess for guess in table.guesses()) == (delimiter != ",")


def test_quotes_hold_delimiters_line_ends_and_quotes():
    table = rows(
        'a,"price, in £"', '"x, ""1""",1', '" y\nz ",2', "x,3", '"x, ""1""",4', target="price, in £", validation=0.0
    )
    assert drawn(table).features == ("a=x", 'a=x, "1"', "a=y?z")
    assert drawn(table).target == "price, in £"


def test_spaces_around_cells_and_names_do_not_count():
    table = rows(" rooms , price", ' 1 ,"2.5"', '2, "3.5"', validation=0.0, standardize=False)
    assert everything(table)[0].tolist() == [[1], [2]]


def test_decimal_commas_are_read_between_semicolons_and_said():
    table = rows("a;price", "1,5;10", "-2,25;20", "3;31", validation=0.0)
    assert everything(table)[0].tolist() == [[1.5], [-2.25], [3]]
    assert '"a": numbers with a decimal comma' in table.guesses()
    assert "columns between semicolons" in table.guesses()
    between_tabs = rows("a\tprice", "1,5\t10", "1,5\t20", "3\t31", validation=0.0)
    assert drawn(between_tabs).features == ("a=1,5", "a=3")


def test_two_decimal_marks_in_a_column_are_refused():
    said = refusal(rows("a;price", "1,5;1", "1.234;2", "2,5;3"))
    assert said == 't.csv: column "a" has "1,5" in line 2 and "1.234" in line 3: which mark stands before its decimals?'


@pytest.mark.parametrize("cell", ["1_000", "١٢", "0x10", "1,000.5", "$5", "--1", "1e", "twelve"])
def test_what_is_not_plainly_a_number_is_text(cell):
    table = rows("a;price", f"{cell};1", f"{cell};2", "7;3", validation=0.0)
    assert sorted(drawn(table).features) == sorted(["a=7", f"a={cell}"])


@pytest.mark.parametrize("late", [False, True])
def test_text_after_numbers_keeps_the_numbers_as_they_were_written(monkeypatch, late):
    monkeypatch.setattr("engine.csv_file.CHUNK", 4 if late else 100_000)
    table = rows("a,price", "007,1", "007,2", "1.50,3", "1.50,4", "new,5", "new,6", ",7", validation=0.0)
    assert drawn(table).features == ("a=007", "a=1.50", "a=new")
    assert '1 of 7 rows has gaps ("a" 1): dropped' in table.guesses()


def test_text_after_a_beginning_of_gaps_alone(monkeypatch):
    monkeypatch.setattr("engine.csv_file.CHUNK", 4)
    table = rows("a,price", ",1", ",2", ",3", ",4", "u,5", "v,6", "u,7", validation=0.0)
    assert drawn(table).features == ("a=u", "a=v")
    assert len(everything(table)[0]) == 3


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_numbers_come_back_bit_for_bit_however_the_file_is_cut(data, monkeypatch):
    """Written by Python's own csv module with repr, and read in chunks of any size."""
    numbers = st.floats(-1e90, 1e90).filter(lambda x: x == 0 or abs(x) > 1e-90)
    values = data.draw(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=30))
    monkeypatch.setattr("engine.csv_file.CHUNK", data.draw(st.integers(1, 70)))
    table = rows("a,price", *(f"{a!r},{b!r}" for a, b in values), task="regression")
    inputs, targets = everything(table)
    assert inputs[:, 0].tolist() == [a for a, _ in values]
    assert targets[:, 0].tolist() == [b for _, b in values]


# Classes or regression ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["yes", "no"] * 3, "classes", ("no", "yes")),
        (["True", "False"] * 3, "classes", ("False", "True")),
        ([0, 1, 1, 0], "classes", ("0", "1")),
        ([0, 0, 0, 1], "classes", ("0", "1")),
        ([-1, 1] * 3, "classes", ("-1", "1")),
        ([2, 4], "regression", ()),
        ([1.0, 2.0, 10.0] * 5, "classes", ("1", "2", "10")),
        ([*range(20)] * 5, "classes", tuple(map(str, range(20)))),
        ([*range(21)] * 5, "regression", ()),
        ([1, 2, 3] * 4, "regression", ()),
        ([0.5, 1.5] * 9, "regression", ()),
        ([34, 51, 18, 77, 25, 34], "regression", ()),
        ([7] * 9, "regression", ()),
    ],
)
def test_the_task_is_guessed_by_the_rule_that_is_stated(values, task, classes):
    table = column(values, validation=0.0)
    one = drawn(table)
    assert (one.task, one.classes, table.facts().classes) == (task, classes, len(classes))
    assert table.guesses()[0].startswith(f'target "price": {task} (')


def test_the_task_is_what_is_asked_for():
    assert drawn(column([0, 1] * 5, task="regression")).targets.shape == (8, 1)
    assert drawn(column([0.5, 1.25] * 5, task="classes")).classes == ("0.5", "1.25")
    assert refusal(column(["a", "b"] * 5, task="regression"), "data.task") == (
        't.csv: target "price" is text, such as "a" in line 2: a regression needs numbers'
    )
    assert 'such as "x" in line 4' in refusal(column([1, 2, "x", 4], task="regression"), "data.task")


def test_class_numbers_are_in_the_order_of_the_names():
    assert everything(column(["b", "c", "a", "b"]))[1].tolist() == [1, 2, 0, 1]
    assert everything(column([10, 9, 10, 9]))[1].tolist() == [1, 0, 1, 0]
    assert everything(column([10, 9, 10, 9]))[1].dtype == np.int64


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        (["cat"] * 5, "guess", 'target "price" is "cat" in every row: nothing to learn'),
        ([3] * 5, "classes", 'target "price" is "3" in every row: nothing to learn'),
        (["a", "b", "c"], "guess", 'has 3 different values in 3 rows, such as "a" in line 2: too many to be classes'),
        ([f"n{i // 2}" for i in range(2004)], "guess", 'has 1002 different values in 2004 rows, such as "n0" in'),
        ([*range(1001)], "classes", 'too many to be classes (task = "regression" predicts the number)'),
        ([*range(9), "x"], "guess", 'has 10 different values in 10 rows, such as "x" in line 11: too many'),
    ],
)
def test_a_target_that_cannot_be_learned(values, task, words):
    assert words in refusal(column(values, task=task), "data.target")


# Gaps -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", ["", "NA", "nan", "NaN", "?", "null", "NULL", " ", "n/a", "#N/A"])
@pytest.mark.parametrize("text", [False, True])
def test_rows_with_a_gap_are_dropped_and_counted_or_refused(gap, text):
    cells = ["u", "v", "u", "v"] if text else ["1", "2", "3", "4"]
    lines = [f"{cell},{index}" for index, cell in enumerate(cells)]
    table = rows("a,price", *lines[:2], f"{gap},7", *lines[2:], f"{gap},8", "1,", validation=0.0)
    assert '3 of 7 rows have gaps ("a" 2, "price" 1): dropped' in table.guesses()
    assert everything(table)[1].tolist() == [[0], [1], [2], [3]]
    assert refusal(replace(table, gaps="refuse"), "data.gaps") == (
        't.csv: 3 of 7 rows have gaps ("a" 2, "price" 1), the first in lines 4, 7, 8; gaps = "drop" leaves such rows out'
    )


def test_a_gap_in_a_column_that_is_not_used_is_none():
    lines = ["1,,1", "2,,2", "3,,3"]
    table = rows("a,b,price", *lines, features=("a",), gaps="refuse", validation=0.0)
    assert table.facts().samples == 3
    said = refusal(replace(table, features=(), gaps="drop"), "data.features")
    assert said == 't.csv: 3 of 3 rows have gaps ("b" 3): no row is left, and at least 2 are needed; name other features'


def test_a_text_that_stands_only_in_dropped_rows_has_no_column():
    table = rows("a,price", "u,1", "v,2", "w,", "u,4", validation=0.0)
    assert drawn(table).features == ("a=u", "a=v")


def test_the_words_for_a_gap_are_small_letters():
    assert all(word == word.lower() == word.strip() for word in GAPS)


# Training and validation ----------------------------------------------------------------------------------------------


def test_classes_are_kept_back_in_equal_shares_and_another_seed_gives_another_split():
    table = column(["a"] * 50 + ["b"] * 20 + ["c"] * 5, validation=0.2)
    one = drawn(table)
    assert np.bincount(one.targets).tolist() == [40, 16, 4]
    assert np.bincount(one.validation_targets).tolist() == [10, 4, 1]
    assert table.facts() == Facts(60, 15, 1, 3)
    assert drawn(table).inputs.tobytes() == one.inputs.tobytes()
    assert drawn(table, 1).inputs.tobytes() != one.inputs.tobytes()
    assert "15 of 75 rows are kept back for validation, drawn of each class" in table.guesses()


@pytest.mark.parametrize("values", [[*range(40)], ["a", "b"] * 20])
def test_a_row_is_in_one_part_and_both_parts_keep_the_order_of_the_file(values):
    table = column(values, validation=0.5, standardize=False)
    one = drawn(table)
    first, second = one.inputs[:, 0].tolist(), one.validation_inputs[:, 0].tolist()
    assert sorted(first + second) == [*range(40)]
    assert first == sorted(first) and second == sorted(second)
    assert drawn(table, 1).inputs.tolist() != one.inputs.tolist()


def test_a_class_is_never_kept_back_whole():
    one = drawn(column(["a"] * 9 + ["b"], validation=0.9))
    assert set(one.targets.tolist()) == {0, 1}


def test_blind_training_has_no_validation_rows():
    table = csv(validation=0.0)
    one = drawn(table)
    assert one.validation_inputs.shape == (0, 4) and one.validation_targets.shape == (0, 1)
    assert table.guesses()[-1] == "no rows are kept back for validation"


def test_a_share_that_keeps_back_no_row_is_refused():
    said = refusal(csv(validation=0.05), "data.validation")
    assert said == "t.csv: 0.05 of 5 rows keeps back none: take more, or 0"


def test_settings_that_do_not_suit_the_rows():
    assert "one training row alone has no spread" in refusal(column([1.5, 2.5], validation=0.9), "data.standardize")
    said = refusal(column(["a", "b"] * 5, standardize_target=True), "data.standardize_target")
    assert said == 't.csv: target "price" is classes, which have no scale'


def trained(data: OwnTable) -> Trainer:
    training = Training(epochs=60, batch_size=16, optimizer=Adam(learning_rate=0.02))
    trainer = Trainer(Run(data=data, network=Architecture(hidden=(8,)), training=training))
    for _ in trainer:
        pass
    return trainer


def points(count: int = 120):
    rng = np.random.default_rng(7)
    return rng.normal(size=(count, 2)), rng.integers(0, 2, count)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_network_learns_classes(classes):
    xs, side = points()
    names = [f"c{int(x[0] > 0) + (int(x[1] > 0) if classes == 3 else 0)}" for x in xs]
    table = rows("a,b,side,price", *(f"{x[0]},{x[1]},s{s},{n}" for x, s, n in zip(xs, side, names, strict=True)))
    trainer = trained(table)
    assert len(trainer.table.classes) == classes
    assert trainer.history.initial.accuracy < 0.85
    assert trainer.history.epochs[-1].validation.accuracy > 0.85


def test_a_network_learns_prices_and_predicts_them_in_their_own_units():
    xs, side = points()
    prices = 300_000 + 100_000 * xs[:, 0] + 50_000 * side
    table = rows(
        "a,b,side,price", *(f"{x[0]},{x[1]},s{s},{p}" for x, s, p in zip(xs, side, prices, strict=True)),
        standardize_target=True,
    )  # fmt: skip
    trainer = trained(table)
    last = trainer.history.epochs[-1]
    assert last.train.loss < 0.01 and last.validation.r2 > 0.95
    one = trainer.table
    inputs = one.inputs * one.input_scale + one.input_offset
    raw = one.targets * one.target_scale + one.target_offset
    assert raw.min() < 200_000 < 400_000 < raw.max()
    assert np.abs(trainer.predict(inputs) - raw).mean() == pytest.approx(last.train.mean_absolute_error)
    assert last.train.mean_absolute_error > 100


# The file and its memory ----------------------------------------------------------------------------------------------


def test_a_file_is_read_once_for_all_that_is_asked_of_it(monkeypatch):
    reads = []
    read = module.read_csv
    monkeypatch.setattr(module, "read_csv", lambda *arguments: reads.append(arguments) or read(*arguments))
    table = csv()
    table.facts(), table.guesses(), drawn(table), drawn(replace(table, validation=0.0))
    replace(table, features=("rooms",)).facts()
    assert len(reads) == 1
    for index in range(3):
        csv(name=f"other{index}.csv").facts()
    replace(table, validation=0.5).facts()
    assert len(reads) == 5  # only the newest are kept
    assert len(module._read) <= module.KEPT >= len(module._planned)


def test_settings_keep_the_rows_that_they_read_and_new_ones_look_anew():
    table = csv()
    before = drawn(table).inputs.tobytes()
    os.utime("t.csv", ns=(1, 1))
    Path("t.csv").write_text(HOUSES + "a6,8,south,600\n")
    assert drawn(table).inputs.tobytes() == before and table.facts().samples == 4
    assert replace(table).facts() == Facts(5, 1, 4, 0)
    Path("t.csv").unlink()
    assert drawn(table).inputs.tobytes() == before
    assert refusal(replace(table)) == "t.csv: No such file or directory"


def test_a_table_is_as_equal_as_its_settings():
    table = csv()
    table.facts()
    assert table == csv() and hash(table) == hash(csv()) and repr(table) == repr(csv())


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "t.csv: is empty"),
        (b"\xef\xbb\xbf", "t.csv: holds nothing but blank lines"),
        (b"\n\n  \n", "t.csv: holds nothing but blank lines"),
        (b"a,price\n", "t.csv: has a header and no rows"),
        (b"a,price\n1,2\n", "t.csv: has one row; at least 2 are needed"),
        (b"1,2\n3,4\n", "t.csv: the first line is all numbers: a header with the names of the columns is needed"),
        (b"a,b,a\n1,2,3\n", 't.csv: columns 1 and 3 are both named "a"'),
        (b",a,price\n0,1,2\n", "t.csv: column 1 has no name in the header: give it one, or leave the column out"),
        (b"price\n1\n2\n", 't.csv: has one column only, "price": a target and a feature are needed, '
         "with commas, semicolons, tabs or bars between them"),
        (b"a,price\n1,2\n3\n", "t.csv: line 3 has 1 cell; the header names 2 columns"),
        (b"a,price\n1,2\n\n3,4,5\n", "t.csv: line 4 has 3 cells; the header names 2 columns"),
        (b"a,price\n1,2\nx\xe9,4\n", "t.csv: line 3: byte 0xe9 is not text in UTF-8: save the file as UTF-8"),
        ("a,price\n1,2\n".encode("utf-16"), "t.csv: is text in UTF-16: save it as UTF-8"),
        (b"a,price\n1,2\n\x00,4\n", "t.csv: line 3 has a zero byte: this is not a CSV file"),
        (b'a,price\n1,2\n"x,4\n5,6\n',
         "t.csv: lines 3 to 4: a cell is longer than 131072 characters, or its quote is never closed"),
        (b'a,price\n1,2\n"x"y,4\n', "t.csv: line 3: there is text behind a closing quote"),
        (b"a,price\n1,2\n" + b"x" * 200_000 + b",4\n",
         "t.csv: line 3: a cell is longer than 131072 characters, or its quote is never closed"),
        (b"a,price\n1,2\ninf,4\n", 't.csv: "inf" in line 3, column "a", is not a number up to 1e+100 in size'),
        (b"a,price\n1,2\n3,-1e301\n", 't.csv: "-1e301" in line 3, column "price", is not a number up to 1e+100 in size'),
        (b"a,price\n1,2\n3,1e999\n", 't.csv: "1e999" in line 3, column "price", is not a number up to 1e+100 in size'),
        (b"\x1b[2J,a,price,\x1b[2J\n1,2,3,4\n", 't.csv: columns 1 and 4 are both named "\\u001b[2J"'),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table(text, words):
    assert refusal(csv(text)) == words


def test_a_column_that_is_not_there_is_guessed_or_the_others_are_listed():
    assert refusal(csv(target="pric"), "data.target") == 't.csv: there is no column "pric". Did you mean "price"?'
    assert refusal(csv(target="zzz"), "data.target") == (
        't.csv: there is no column "zzz". There are id, rooms, district, price.'
    )
    assert refusal(csv(target=""), "data.target") == (
        "t.csv: which column is to be predicted? One of id, rooms, district, price"
    )
    assert refusal(csv(features=("room", "zzz")), "data.features") == (
        't.csv: there is no column "room". Did you mean "rooms"?'
    )
    assert "is the target, and no feature of itself" in refusal(csv(features=("price",)), "data.features")
    assert refusal(csv(features=("id", "id")), "data.features") == 't.csv: "id" is named twice'
    many = rows(",".join(f"c{i}" for i in range(30)), target="zzz")
    assert refusal(many, "data.target").endswith("c18, c19 and 10 more.")


def test_no_control_code_of_a_file_is_printed_raw():
    table = rows("\x1b[2J,price", "\x07,x\x1b", "b,y", "b,x\x1b", "b,y", target="nope")
    assert refusal(table, "data.target").endswith("There are ?[2J, price.")
    table = replace(table, target="price", validation=0.0)
    assert all(guess.isprintable() for guess in table.guesses())
    one = drawn(table)
    assert all(name.isprintable() for name in (*one.features, *one.classes, one.target))


def test_text_of_too_many_kinds_says_what_to_do():
    lines = [f"t{i // 2},{i}" for i in range(102)]
    assert refusal(rows("a,price", *lines), "data.features") == (
        't.csv: column "a" has 51 different texts, such as "t0" in line 2; at most 50 can be one-hot: '
        "name the features that are to be used, without it"
    )
    assert rows("a,price", *lines[:100]).facts().features == 50
    typo = [f"{i // 2},{i}" for i in range(120)]
    assert 'such as "n.a." in line 122;' in refusal(rows("a,price", *typo, "n.a.,1"), "data.features")
    alone = rows("a,price", *(f"t{i},{i}" for i in range(60)))
    assert refusal(alone, "data.features").endswith(
        "no feature is left: every other column is a different text in every row"
    )


def test_numbers_near_0_count_as_0_and_that_is_said():
    table = rows("a,price", "1e-300,1", "-2e-200,2", "0,3", "1,4", validation=0.0)
    assert everything(table)[0][:, 0].tolist() == [0, 0, 0, 1]
    assert '"a": 2 of its numbers, below 1e-100 in size, count as 0' in table.guesses()
    assert np.isfinite(drawn(table).inputs).all()


@pytest.mark.parametrize("size", [LARGEST, 1 / LARGEST, 1.0000000000000002])
def test_the_scale_of_extreme_numbers_is_finite(size):
    one = drawn(column([size, -size, size * 0.5, size], task="regression", validation=0.0, standardize_target=True))
    assert np.isfinite(one.targets).all() and one.targets.std() == pytest.approx(1)


def test_a_table_that_is_too_large_is_refused_with_the_arithmetic(monkeypatch):
    monkeypatch.setattr("engine.csv_file.CHUNK", 10)
    monkeypatch.setattr("engine.columns.MOST_CELLS", 40)
    lines = [f"{i},{i},{i},{i}" for i in range(200)]
    assert refusal(rows("a,b,c,price", *lines)) == (
        "t.csv: already 12 rows x 4 columns = 48 cells; at most 40 are allowed: name fewer features, or keep fewer rows"
    )
    assert rows("a,b,c,price", *lines[:20], features=("a",)).facts().features == 1
    text = rows("a,price", *(f"{'uvwxyz'[i % 6]},{i}" for i in range(20)))
    assert "20 rows x 6 columns = 120 cells; at most 40" in refusal(text)
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    assert refusal(csv()) == f"t.csv: has {len(HOUSES)} bytes; at most 10 are allowed"
    assert MOST_CELLS == 5_000_000


def test_very_long_lines_and_very_many_columns_are_refused_before_they_fill_the_memory():
    began = time.monotonic()
    assert "line 1 is longer than 2000000 characters" in refusal(csv(b"a" * 10_000_000))
    assert "columns are more than the 20000 allowed" in refusal(csv(",".join(f"c{i}" for i in range(20_001)) + "\n"))
    assert time.monotonic() - began < 5


def test_files_that_are_none():
    assert refusal(OwnTable(file="nope.csv", target="y")) == "nope.csv: No such file or directory"
    assert refusal(OwnTable(file="x" * 300 + ".csv", target="y")).endswith("File name too long")
    assert "null byte" in refusal(OwnTable(file="a\0.csv", target="y"))
    assert refusal(OwnTable(file="t.xlsx", target="y")) == "t.xlsx: a table ends in .csv (text) or .npz (NumPy)"
    Path("folder.csv").mkdir()
    assert refusal(OwnTable(file="folder.csv", target="y")) == "folder.csv: is not a file"
    os.mkfifo("pipe.csv")
    assert refusal(OwnTable(file="pipe.csv", target="y")) == "pipe.csv: is not a file"


# NPZ ------------------------------------------------------------------------------------------------------------------


def test_a_matrix_and_its_answers():
    x = np.arange(12.0).reshape(6, 2)
    table = npz(X=x, y=[0, 1] * 3, extra=np.zeros(99))
    assert table.facts() == Facts(4, 2, 2, 2)
    assert drawn(table).features == ("X[0]", "X[1]")
    assert everything(table)[0].tolist() == x.tolist()
    assert "left out: extra" in table.guesses()


def test_arrays_as_columns():
    table = npz(
        rooms=np.array([1, 2, 3, 4], np.int8), district=np.array(["n", "s", "n", "s"]), flag=np.array([True, False] * 2),
        kind=np.array([b"u", b"v"] * 2), y=np.array([[1.5], [2], [3], [4]], np.float32), settings={"validation": 0.0},
    )  # fmt: skip
    one = drawn(table)
    assert one.features == ("rooms", "district=n", "district=s", "flag", "kind=u", "kind=v")
    assert one.target == "y"
    assert everything(table)[0].tolist()[1] == [2, 0, 1, 0, 0, 1]
    assert drawn(replace(table, features=("flag", "rooms"))).features == ("flag", "rooms")


def test_a_gap_in_an_array_is_no_number_or_one_of_the_words():
    table = npz(
        a=[1, np.nan, 3, 4, 5], b=np.array(["u", "v", "NA", "u", "v"]), y=[1.5, 2, 3, 4, 5], settings={"gaps": "refuse"}
    )
    said = refusal(table, "data.gaps")
    assert '2 of 5 rows have gaps ("a" 1, "b" 1), the first in rows 2, 3;' in said


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": np.zeros((3, 2)), "y": np.zeros(4)}, 'the arrays differ in their number of rows: "X" has 3, "y" has 4'),
        ({"X": np.zeros((3, 2, 2)), "y": np.zeros(3)}, 'array "X" has 3 dimensions; 1 or 2 are allowed: reshape it'),
        ({"X": np.array(3.0), "y": np.zeros(3)}, 'array "X" has 0 dimensions; 1 or 2 are allowed'),
        ({"X": np.array([1, None]), "y": np.zeros(2)}, 'array "X" holds Python objects, which are not read'),
        ({"X": np.array([1j, 2]), "y": np.zeros(2)}, 'array "X" is of type complex128, which is neither numbers nor text'),
        ({"X": np.array(["2024-01-01"], "M8[D]"), "y": np.zeros(1)}, 'array "X" is of type datetime64[D]'),
        ({"X": np.array([["a", "b"]]), "y": np.zeros(1)}, 'array "X" is text in 2 dimensions'),
        ({"X": np.array([b"\xff", b"a"]), "y": np.zeros(2)}, 'array "X" holds bytes that are not text in UTF-8'),
        ({"X": np.zeros((0, 2)), "y": np.zeros(0)}, 'array "X" is empty'),
        ({"X": np.zeros((4, 0)), "y": np.zeros(4)}, 'array "X" is empty'),
        ({"X": [[1, 2], [3, np.inf]], "y": np.zeros(2)}, '"inf" in row 2, column "X[1]", is not a number up to 1e+100'),
        ({"X": [1e200, 2], "y": np.zeros(2)}, '"1e+200" in row 1, column "X", is not a number up to 1e+100 in size'),
        ({"X": np.zeros((300, 20_000), np.int8), "y": np.zeros(300)}, "300 rows x 20001 columns = 6000300 cells"),
    ],
)
def test_arrays_that_are_no_table(arrays, words):
    assert refusal(npz(**arrays)).startswith(f"t.npz: {words}")


def test_a_target_of_several_columns():
    assert refusal(npz(X=np.zeros((3, 2)), y=np.zeros((3, 2))), "data.target") == 't.npz: "y" has 2 columns: it must be one'
    assert refusal(npz(y=np.zeros(3)), "data.features") == "t.npz: has nothing besides the target"
    assert refusal(npz(X=np.zeros(3), z=np.zeros(3)), "data.target").startswith('t.npz: there is no array "y".')


def test_archives_that_are_none():
    def archive(**members: bytes) -> str:
        with zipfile.ZipFile("bad.npz", "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(name + ".npy", content)
        return refusal(OwnTable(file="bad.npz", target="y"))

    Path("bad.npz").write_bytes(b"not a zip")
    assert refusal(OwnTable(file="bad.npz", target="y")).startswith("bad.npz: is not an NPZ file that can be read (")
    with zipfile.ZipFile("bad.npz", "w") as file:
        file.writestr("note.txt", "no array")
    assert refusal(OwnTable(file="bad.npz", target="y")) == "bad.npz: holds no arrays"
    assert "is not an NPZ file that can be read" in archive(y=b"", x=b"abc")

    def promise(shape: str) -> bytes:
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": (7, 7)})
        return buffer.getvalue().replace(b"(7, 7)", shape.encode().ljust(6)[:6])

    small = io.BytesIO()
    np.save(small, np.zeros(3))
    assert "takes 7999992 bytes" not in archive(x=promise("(9,)"), y=small.getvalue())
    assert archive(x=promise("(9**9,)"[:6]), y=small.getvalue()).startswith("bad.npz: is not an NPZ file")
    assert archive(x=promise("(9, 9)"), y=small.getvalue()) == (
        'bad.npz: array "x" says that it takes 648 bytes, and takes 128'
    )
    began = time.monotonic()
    bomb = io.BytesIO()
    np.lib.format.write_array_header_1_0(bomb, {"descr": "|i1", "fortran_order": False, "shape": (300_000_000,)})
    with zipfile.ZipFile("bad.npz", "w", zipfile.ZIP_DEFLATED) as file, file.open("x.npy", "w") as member:
        member.write(bomb.getvalue())
        for _ in range(300):
            member.write(bytes(1_000_000))
    with zipfile.ZipFile("bad.npz", "a") as file:
        file.writestr("y.npy", small.getvalue())
    assert refusal(OwnTable(file="bad.npz", target="y")) == (
        'bad.npz: array "x" takes 300000000 bytes; at most 200000000 are allowed'
    )
    assert time.monotonic() - began < 20


def test_the_usual_name_of_the_answers():
    assert usual_target(["a", "target", "y"]) == "y"
    assert usual_target(["a", "labels"]) == "labels"
    assert usual_target(["a", "b"]) == ""


# Whatever the bytes are -----------------------------------------------------------------------------------------------


def look(table: OwnTable) -> None:
    """A table or one clean sentence, soon."""
    began, wrong = time.monotonic(), ""
    try:
        assert table.facts().samples == len(drawn(table).inputs)
        assert np.isfinite(drawn(table).inputs).all()
        assert all(guess.isprintable() for guess in table.guesses())
    except TableError as error:
        wrong = str(error)
    assert wrong.isprintable() and wrong.startswith(table.file if wrong else "") and len(wrong) < 2000
    assert time.monotonic() - began < 2


PIECES = st.sampled_from(
    ["a", "price", ",", ";", "\t", "|", "\n", "\r\n", "\r", '"', '""', "1", "2.5", "-3e5", "1,5", "nan", "inf", "?",
     " ", "x", "é", "\0", "\x1b", "1e400", "_", "9" * 400, "\u2028", "\ufeff", "a,price\n", "1,2\n", "a;price\n",
     "1;2\n", "u,3\n"]
)  # fmt: skip
quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(st.lists(PIECES, max_size=40), st.sampled_from(["guess", "classes", "regression"]), st.floats(0, 0.9))
@example(["a,price\n"] + ["1,2\n"] * 5, "guess", 0.2)
def test_whatever_text_is_written_is_a_table_or_one_clean_sentence(pieces, task, share):
    look(csv("".join(pieces), task=task, validation=share))
    look(csv("a,price\n1,2\n3,4\n" + "".join(pieces), task=task, validation=share, standardize_target=task == "regression"))


@quick
@given(st.binary(max_size=200))
def test_whatever_bytes_are_written_are_a_table_or_one_clean_sentence(content):
    look(csv(content))
    look(csv(b"a,price\n1,2\n3,4\n" + content))
    look(OwnTable(file=csv(content, "t.npz").file, target="y"))


@quick
@given(st.data())
def test_a_damaged_archive_is_a_table_or_one_clean_sentence(data):
    buffer = io.BytesIO()
    save = data.draw(st.sampled_from([np.savez, np.savez_compressed]))
    save(buffer, X=np.arange(12.0).reshape(6, 2), y=np.arange(6) % 2, t=np.array(["a", "b"] * 3))
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    table = csv(bytes(content[:cut]), "t.npz", target="y")
    look(table)
    look(replace(table, features=("t",)))


# In a preset ----------------------------------------------------------------------------------------------------------

PRESET = '[data]\nname = "file"\nfile = "t.csv"\ntarget = "price"\n'


def problems(source: str, *settings) -> dict[str, str]:
    with pytest.raises(PresetError) as caught:
        load_preset(source, settings)
    return {problem.key: problem.message for problem in caught.value.problems}


def test_a_file_counts_from_the_folder_of_the_preset_that_names_it():
    Path("deep/er").mkdir(parents=True)
    csv(name="deep/t.csv")
    csv(HOUSES + "a6,8,south,600\n", name="deep/other.csv")
    Path("deep/p.toml").write_text(PRESET + '[[run]]\nname = "a"\n[[run]]\nname = "b"\ndata.file = "other.csv"\n')
    first, second = load_preset("deep/p.toml").runs
    assert (first.data.file, second.data.file) == (os.path.join("deep", "t.csv"), os.path.join("deep", "other.csv"))
    assert (first.data.facts().samples, second.data.facts().samples) == (4, 5)
    Path("deep/q.toml").write_text(PRESET.replace("t.csv", "er/../t.csv"))
    assert load_preset(Path("deep/q.toml")).runs[0].data.facts().samples == 4
    absolute = Path("deep/t.csv").resolve()
    Path("deep/er/r.toml").write_text(PRESET.replace("t.csv", str(absolute)))
    assert load_preset("deep/er/r.toml").runs[0].data.file == str(absolute)


@pytest.mark.parametrize("file", ["../t.csv", "er/../../t.csv", "../deep/../t.csv", "linked.csv", "up/t.csv", "..", ""])
def test_a_relative_path_that_leads_out_of_the_preset_s_folder_is_refused(file):
    Path("deep/er").mkdir(parents=True)
    csv()
    Path("deep/linked.csv").symlink_to("../t.csv")
    Path("deep/up").symlink_to("..")
    Path("deep/p.toml").write_text(PRESET.replace("t.csv", file))
    if not file:
        assert list(problems("deep/p.toml")) == ["data.file"]  # the folder itself is no table
        return
    assert problems("deep/p.toml") == {
        "data.file": f'"{file}" leads out of the preset\'s folder: put the table there, or write its whole path'
    }
    Path("deep/p.toml").write_text(PRESET.replace("t.csv", str(Path("deep", file).absolute())))
    if file != "..":
        assert load_preset("deep/p.toml").runs[0].data.facts().samples == 4


def test_a_preset_may_be_found_by_a_link_and_its_folder_too():
    Path("deep").mkdir()
    csv(name="deep/t.csv")
    Path("deep/p.toml").write_text(PRESET)
    Path("link").symlink_to("deep")
    assert load_preset("link/p.toml").runs[0].data.facts().samples == 4


def test_a_file_that_is_set_counts_from_the_working_folder():
    Path("deep").mkdir()
    csv(name="deep/t.csv")
    csv(HOUSES + "a6,8,south,600\n", name="here.csv")
    Path("deep/p.toml").write_text(PRESET)
    assert load_preset("deep/p.toml", [("data.file", ["here.csv"])]).runs[0].data.facts().samples == 5


def test_problems_of_a_table_are_told_at_their_key_with_all_others():
    csv()
    Path("p.toml").write_text(PRESET.replace('"price"', '"pric"') + "[training]\nepochs = 0\n")
    assert problems("p.toml") == {
        "training.epochs": "0 is not a whole number, 1 to 1000000",
        "data.target": 't.csv: there is no column "pric". Did you mean "price"?',
    }
    Path("p.toml").write_text(PRESET.replace("t.csv", "u.csv"))
    assert problems("p.toml") == {"data.file": "u.csv: No such file or directory"}
    Path("p.toml").write_text('[data]\nname = "file"\n')
    assert problems("p.toml") == {"data.file": "missing: text"}
    Path("p.toml").write_text('[data]\nname = "file"\nfile = 3\n')
    assert problems("p.toml")["data.file"] == "3 is not text"
    Path("p.toml").write_text(PRESET + 'gaps = "keep"\n')
    assert "one of drop, refuse" in problems("p.toml")["data.gaps"]


def test_a_table_can_be_set_in_place_of_other_data():
    csv()
    settings = [("data.name", ["file"]), ("data.file", ["t.csv"]), ("data.target", ["price"])]
    preset = load_preset("recipe", settings)
    assert (preset.runs[0].loss, preset.second) == ("mean_squared_error", "error")
    assert problems("recipe", ("data.name", ["file"])) == {"data.file": "missing: text"}
