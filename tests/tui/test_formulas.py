"""What is printed follows from the formula that is printed: every one is worked out again, from its own text.

`worked_out` knows nothing of the code under test: it reads the text of a formula, as somebody with a calculator would.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Run, Trainer, load_preset
from engine.activations import ACTIVATIONS
from engine.functions import Line
from engine.layers import Architecture
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.points import Blobs, Moons
from engine.run import Training
from engine.surfaces import HillyPark, Ravine, Valley
from tui.canvas import plain, width_of
from tui.formulas.loss import row_losses
from tui.formulas.network import Recipe, index_of
from tui.formulas.parts import Equation, broken, equation, joined, number, printed, summed, times, total
from tui.formulas.parts import given as single
from tui.formulas.rows import Apart, Chosen, Names, first_choice, fitted
from tui.formulas.surface import slope_words
from tui.hidden import NOTHING, Hidden

FIRST = Chosen()
WIDTHS = (53, 78, 89, 150)
CALCULATOR = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "abs": abs,
    "max": max,
    "sign": lambda e: float(np.sign(e)),
    "clip": lambda e, low, high: min(high, max(low, e)),
}


def worked_out(text: str, **symbols: float) -> float:
    """What a formula comes to as it is written."""
    text = re.sub(r"\.\.\. \(\d+ more: ([^)]*)\)", r"(\1)", text).replace("^", "**")
    return float(eval(text, {"__builtins__": {}}, CALCULATOR | symbols))


def follows(form: str, result: str) -> None:
    """The formula comes to its result, to the digits that are printed."""
    value, printed_value = worked_out(form), float(result)
    digits = max(3, len(re.sub(r"e.*|\.", "", result.lstrip("-")).lstrip("0")))
    last = 10.0 ** (math.floor(math.log10(abs(printed_value))) - digits + 1) if printed_value else 1e-12
    assert abs(value - printed_value) <= 0.500001 * last, (form, value, result)


def on_screen(text: str) -> dict[str, list[str]]:
    """The formulas in some rows: by their left side, the forms between the signs of equality; words and notes left out."""
    found: list[str] = []
    for line in text.splitlines():
        said = re.split(r"(?<=\S) {3}(?=\S)", line.strip())[0]
        if re.match(r"  [A-Za-z_/]+ :?= ", line):
            found.append(said)
        elif re.match(r" {4,}\S", line) and found:
            found[-1] += " " + said
    taken: dict[str, list[str]] = {}
    for each in found:
        left, *forms = re.split(r" :?= ", each)
        taken[left if left not in taken else f"{left} again"] = [form.replace(" /(", "/(").strip() for form in forms]
    return taken


def apart(trainer: Trainer, chosen: Chosen = FIRST, hidden: Hidden = NOTHING) -> Apart:
    run, training, network = trainer.run, trainer.run.training, trainer.run.network
    recipe = Recipe(
        network.activation,
        "" if run.surface else run.loss,
        network.dropout,
        training.l1,
        training.l2,
        training.clip_norm,
    )
    names = Names(trainer.table.features, trainer.table.classes, "points") if trainer.table else Names()
    return Apart(trainer.apart, recipe, chosen, names, run.surface, hidden)


def network(**settings) -> Run:
    """A small run: what stands in Training or Architecture goes there."""
    of_network = {key: settings.pop(key) for key in ("hidden", "activation", "dropout") if key in settings}
    data = settings.pop("data", Moons(samples=40, validation=10))
    return Run(
        data=data, network=Architecture(**{"hidden": (5, 3), **of_network}), training=Training(batch_size=8, **settings)
    )


def shown_in_every_phase(run: Run, chosen: Chosen, width: int = 89, steps: int = 0) -> dict[str, dict[str, list[str]]]:
    """The formulas on the screen, of each phase of the iteration after so many steps; each is worked out again."""
    trainer, found = Trainer(run), {}
    for _ in range(steps):
        trainer.step()
    for name in ("forward", "loss", "backward", "update"):
        trainer.step_phase()
        text = plain(apart(trainer, chosen).rows(width, 60))
        assert "…" not in text, text
        found[name] = on_screen(text)
        for left, forms in found[name].items():
            assert len(forms) > 1 or left in ("dL/du", "a", "slope"), (left, forms)
            if len(forms) > 1 and re.search(r"\d", forms[-2]):
                follows(forms[-2], forms[-1])
    return found


# numbers and sums ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (0.5, "0.5"), (0.50001, "0.5000"), (1.0, "1"), (-3.0, "-3"), (12.3456, "12.35"),
        (1234.56, "1235"), (123456.7, "123457"), (1.5e9, "1.5e+09"), (1.23456e-05, "1.235e-05"), (1e-08, "1e-08"),
        (0.001, "0.001"), (math.nan, "NaN"), (math.inf, "inf"), (-math.inf, "-inf"), (99999.9, "100000"),
    ],
)  # fmt: skip
def test_a_number_has_four_digits_or_is_exact(value, text):
    assert number(value) == text


def test_a_negative_number_after_a_plus_is_taken_off_and_a_negative_factor_has_brackets():
    expr = joined(times(2.0, -3.0), " + ", -4.0, " - ", -5.0, compute=lambda *each: sum(each))
    assert expr.text(expr.numbers(4)) == "2*(-3) - 4 + 5"
    squared = joined("1 - ", -0.5, "^2", compute=lambda a: 1 - a * a)
    assert printed(squared) == ("1 - (-0.5)^2", "0.75")


def test_numbers_have_as_many_digits_as_the_result_needs_and_no_more():
    text, result = printed(joined(1.00004, " - ", 1.0, compute=lambda a, b: a - b))
    assert (text, result) == ("1.00004 - 1", "4.000e-05")
    text, result = printed(joined(0.123456789, "*", 2.0, compute=lambda a, b: a * b))
    assert text in ("0.1235*2", "0.12346*2", "0.12345*2")
    assert number(worked_out(text)) == result == "0.2469"


FACTORS = st.floats(-1e3, 1e3)


@settings(max_examples=200)
@given(st.lists(st.tuples(FACTORS, FACTORS), min_size=1, max_size=40), st.integers(0, 39), st.integers(20, 120))
def test_a_sum_shows_the_chosen_term_and_what_all_others_come_to(pairs, chosen, room):
    terms = [times(*pair) for pair in pairs]
    chosen %= len(terms)
    expr = total(terms, chosen, room, single(0.25))
    text, result = printed(expr)
    follows(text, result)
    exact = math.fsum(a * b for a, b in pairs) + 0.25
    assert number(exact, 4) == result or len(result) < 6 or math.isclose(float(result), exact, rel_tol=1e-2, abs_tol=1e-9)
    assert terms[chosen].parts[0] in expr.values


def test_as_many_terms_as_have_room_and_two_at_least():
    terms = [times(0.25, 0.5) for _ in range(10)]
    assert printed(total(terms, 9, 200))[0].count("*") == 6
    assert printed(total(terms, 9, 60))[0] == "0.25*0.5 + 0.25*0.5 + 0.25*0.5 + ... (7 more: 0.875)"
    assert printed(total(terms, 9, 10))[0] == "0.25*0.5 + 0.25*0.5 + ... (8 more: 1)"
    assert printed(summed(terms[:2], [0, 1], 0.0))[0] == "0.25*0.5 + 0.25*0.5"


def test_numbers_that_are_none_are_printed_and_never_raise():
    expr = joined(math.nan, "*", math.inf, compute=lambda a, b: a * b)
    assert printed(expr) == ("NaN*inf", "NaN")
    assert printed(joined("exp(", 800.0, ")", compute=math.exp)) == ("exp(800)", "NaN")  # no result is made up


def test_an_equation_is_broken_before_a_sign_of_equality_then_before_a_plus():
    one = equation("z", "w*x + b", joined(times(0.5, 3.0), " + ", 1.0, compute=lambda a, b: a + b), note="a unit")
    assert plain(one.rows(80)) == "  z = w*x + b = 0.5*3 + 1 = 2.5   a unit"
    assert plain(one.rows(26)) == "  z = w*x + b   a unit\n    = 0.5*3 + 1 = 2.5"
    assert plain(one.rows(21)) == "  z = w*x + b\n    = 0.5*3 + 1 = 2.5"
    assert plain(one.rows(14)) == "  z = w*x + b\n    = 0.5*3\n        + 1\n    = 2.5"
    assert plain(one.brief.rows(80)) == "  z = 0.5*3 + 1 = 2.5"
    assert broken("0.41204 - 0.001*0.00076/(sqrt(5.8e-07) + 1e-08)", 30, 40)[1].startswith("/(")


def test_an_equation_without_symbols_or_with_one_number_says_nothing_twice():
    assert equation("a", "z", single(1.5)).forms == ("z", "1.5")
    assert equation("a", "", joined("max(0, ", -2.0, ")", compute=lambda z: max(0.0, z))).forms == ("max(0, -2)", "0")
    assert isinstance(equation("a", "z", single(1.5)).brief, Equation)


# every formula, against the engine and against its own text --------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_forward_and_backward_of_every_activation(activation, width):
    run = network(activation=activation)
    for chosen in (Chosen(), Chosen(1, 2, 4, 3), Chosen(2, 0, 1, 7), Chosen(0, 3, 2, 5)):
        found = shown_in_every_phase(run, chosen, width, steps=2)
        trainer = Trainer(run)
        for _ in range(2):
            trainer.step()
        phases = [trainer.step_phase() for _ in range(4)]
        place = apart(trainer, chosen).place
        digits = 3 if width < 64 else 4
        z = (*phases[0].z, phases[0].outputs)[place.layer][place.row, place.unit]
        assert found["forward"]["z"][-1] == number(float(z), digits)
        if place.layer < 2:
            a = phases[0].activations[place.layer][place.row, place.unit]
            assert found["forward"]["a"][-1] == number(float(a), digits)
        else:
            assert "a" not in found["forward"]
        delta = 8 * phases[2].deltas[place.layer][place.row, place.unit]
        assert found["backward"]["delta"][-1] == number(float(delta), digits)
        gradient = "dL/db" if place.source == phases[0].sizes[place.layer] else "dL/dw"
        assert found["backward"][gradient][-1] == number(float(phases[2].gradients[index_of(phases[2], place)]), digits)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_the_loss_and_where_the_chain_rule_begins(loss, width):
    regression = LOSSES[loss].task == "regression"
    if regression:
        data = Line(samples=40, validation=10)
    else:
        data = (
            Moons(samples=40, validation=10)
            if loss == "binary_cross_entropy"
            else Blobs(samples=40, validation=10, classes=4)
        )
    run = network(data=data, loss=loss, hidden=(4,), activation="tanh")
    digits = 3 if width < 64 else 4
    for steps, chosen in ((0, Chosen()), (3, Chosen(1, 1, 2, 5)), (3, Chosen(1, 2, 4, 1))):
        found = shown_in_every_phase(run, chosen, width, steps)
        trainer = Trainer(run)
        for _ in range(steps):
            trainer.step()
        phases = [trainer.step_phase() for _ in range(3)]
        place = apart(trainer, chosen).place
        assert found["loss"]["loss"][-1] == number(phases[1].loss, digits)
        own = row_losses(loss, phases[1].outputs, phases[1].targets)
        assert found["loss"]["L"][-1] == number(float(own[place.row]), digits)
        assert own.mean() == pytest.approx(phases[1].loss, rel=1e-12)
        delta = 8 * phases[2].deltas[-1][place.row, place.unit]
        if place.layer == 1:
            assert float(found["backward"]["delta"][-1]) == pytest.approx(float(delta), rel=0.01)


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_the_update_of_every_optimizer_in_symbols_and_in_numbers(name, width, decay):
    optimizer = OPTIMIZERS[name](learning_rate=0.05, weight_decay=decay)
    run = network(optimizer=optimizer)
    for steps in (0, 5):
        chosen = Chosen(0, 1, 1, 0)
        found = shown_in_every_phase(run, chosen, width, steps)["update"]
        trainer = Trainer(run)
        for _ in range(steps):
            trainer.step()
        phase = [trainer.step_phase() for _ in range(4)][3]
        index = index_of(phase, apart(trainer, chosen).place)
        old, new, g = (float(array[index]) for array in (phase.old, phase.new, phase.gradients))
        assert float(found["w"][-1]) == pytest.approx(new, rel=1e-3)
        assert abs(float(found["w"][-1]) - new) <= 0.02 * abs(new - old)  # digits enough to see it move
        # the symbols say the same as the numbers: from the engine's own state before the update
        values = {"w": old, "g": g, "t": steps + 1, "learning_rate": 0.05, "rate": 0.05, "weight_decay": decay}
        for key in ("momentum", "alpha", "beta1", "beta2", "epsilon"):
            values[key] = getattr(optimizer, key, 0.0)
        memory = [float(vector[index]) for vector in phase.memory]
        if name in ("adam", "adamw"):
            values |= {"m": memory[0] * (1 - 0.9), "v": memory[1] * (1 - 0.999)}
        elif memory:
            values |= {"v": memory[0], "s": memory[0]}
        for left, forms in found.items():
            symbols = forms[0]
            values[left] = worked_out(symbols, **values)
            assert values[left] == pytest.approx(float(forms[-1]), rel=6e-3), (left, forms)
        assert values["w"] == pytest.approx(new, rel=1e-9)
        if trainer.optimizer_state.vectors and name not in ("adam", "adamw"):
            after = float(trainer.optimizer_state.vectors[0][index])
            assert values["v" if "v" in found else "s"] == pytest.approx(after, rel=1e-9)


def test_a_learning_rate_changed_between_phases_is_the_one_in_the_formula():
    trainer = Trainer(network())
    for _ in range(3):
        trainer.step_phase()
    trainer.change("learning_rate", 0.75)
    trainer.step_phase()
    assert "0.75*" in plain(apart(trainer).rows(89, 20))
    trainer.change("learning_rate", 0.5)  # that of the next update: what is shown stays what was done
    assert "0.75*" in plain(apart(trainer).rows(89, 20))


def test_penalties_and_clipping_where_they_act():
    run = network(l1=0.01, l2=0.1, clip_norm=0.05)
    trainer = Trainer(run)
    phases = [trainer.step_phase() for _ in range(3)]
    text = plain(apart(trainer).rows(89, 30))
    found = on_screen(text)
    assert "g = dL/dw + l2*w + l1*sign(w) = " in text and "g := g*clip_norm/(norm + 1e-06) = " in text
    assert "clipped to 0.05" in text
    follows(*found["g"][-2:])
    follows(*found["g again"][-2:])
    assert found["g again"][-1] == number(float(phases[2].gradients[0]))
    bias = plain(apart(trainer, Chosen(weight=2)).rows(89, 30))
    assert "dL/db" in bias and "l2*w" not in bias and "clipped" in bias  # biases are free
    calm = Trainer(network(clip_norm=1e6))
    for _ in range(3):
        calm.step_phase()
    assert "not above clip_norm" in plain(apart(calm).rows(89, 30))


@pytest.mark.parametrize("row", range(8))
def test_dropout_hides_a_unit_or_makes_it_larger(row):
    run = network(dropout=0.4, activation="tanh")
    found = shown_in_every_phase(run, Chosen(row=row))
    trainer = Trainer(run)
    phase = trainer.step_phase()
    a, mask = phase.activations[0][row, 0], phase.masks[0][row, 0]
    text = plain(apart(trainer, Chosen(row=row)).rows(89, 30))
    assert ("dropout hides it" in text) == (mask == 0.0)
    assert float(found["forward"]["a again"][-1]) == pytest.approx(float(a), rel=1e-3)
    for _ in range(2):
        phase = trainer.step_phase()
    delta = 8 * phase.deltas[0][row, 0]
    assert float(found["backward"]["delta"][-1]) == pytest.approx(float(delta), rel=1e-2, abs=1e-12)


def test_a_network_that_is_very_sure_is_written_as_one_minus_what_is_left():
    outputs, targets = np.array([[30.0, 0.0, -5.0]]), np.array([[1.0, 0.0, 0.0]])
    trainer = Trainer(network(data=Blobs(samples=40, validation=10, classes=3), loss="cross_entropy"))
    for _ in range(2):
        trainer.step_phase()
    trainer.apart = replace(trainer.apart, outputs=outputs, targets=targets, inputs=np.zeros((1, 2)), loss=9.42e-14)
    found = on_screen(plain(apart(trainer).rows(150, 20)))
    assert found["L"][-2].startswith("-log(1 - ")
    assert float(found["L"][-1]) == pytest.approx(math.log1p(math.exp(-30) + math.exp(-35)), rel=0.02)
    huge = replace(trainer.apart, outputs=outputs + 900.0)  # no exponential of it exists
    trainer.apart = huge
    assert "taken off every z" in plain(apart(trainer).rows(150, 20))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("surface", [Valley(), Ravine(), HillyPark()], ids=lambda surface: surface.name)
def test_the_formulas_of_surfaces(surface, width):
    for name in sorted(OPTIMIZERS):
        run = Run(surface=surface, training=Training(optimizer=OPTIMIZERS[name](learning_rate=0.02)))
        for axis in range(len(surface.axes)):
            found = shown_in_every_phase(run, Chosen(unit=axis), width, steps=3)
            trainer = Trainer(run)
            for _ in range(3):
                trainer.step()
            phases = [trainer.step_phase() for _ in range(4)]
            digits, letter = 3 if width < 64 else 4, surface.axes[axis]
            assert found["loss"]["L"][-1] == number(phases[1].loss, digits)
            assert found["backward"][f"dL/d{letter}"][-1] == number(float(phases[2].gradients[axis]), digits)
            assert float(found["update"][letter][-1]) == pytest.approx(float(phases[3].new[axis]), rel=1e-2)
            place = dict(zip(surface.axes, map(float, phases[1].old), strict=True))
            constants = {key: getattr(surface, key) for key in ("curvature", "steepness") if hasattr(surface, key)}
            assert worked_out(found["loss"]["L"][0], **place, **constants) == pytest.approx(phases[1].loss)
            assert "the ball rolls" in plain(apart(trainer, Chosen(unit=axis)).rows(width, 20))


def test_downhill_in_words():
    assert slope_words(Valley(), [-14.0]) == "downhill: 14 a unit right"
    assert slope_words(Ravine(), [2.0, -0.5]) == "downhill: 2 a unit left and 0.5 a unit up"
    assert slope_words(Ravine(), [0.0, 0.5]) == "downhill: 0.5 a unit down"
    assert slope_words(Valley(), [0.0]) == "level ground: nowhere is downhill"
    assert "beyond" in slope_words(Valley(), [math.nan])


# rows for any room --------------------------------------------------------------------------------------------------------


def test_the_worked_example_as_it_is_shown():
    """The figures of the lesson `training-loop-step`, which are those of torch.autograd."""
    trainer = Trainer(load_preset("training-loop-step").runs[0])
    chosen, shown = Chosen(layer=1, unit=0, weight=1, row=2), []
    for _ in range(4):
        trainer.step_phase()
        shown.append(plain(apart(trainer, chosen).rows(89, 20)))
    assert "  z = sum of w*a + b = 0.7*0.46212 - 0.6*(-0.37995) + 0 = 0.5515" in shown[0]
    assert "output, row 3 of 4, weight from unit 2 of 2: w = -0.6, a = -0.3799" in shown[0]
    assert "  L = (y - t)^2 = (0.5515 - 1)^2 = 0.2012" in shown[1]
    assert "  loss = mean of L over 4 rows = (0 + 1.4268 + 0.2012 + 0.05610)/4 = 0.4210" in shown[1]
    assert "gradient norm 1.011 over 9 parameters" in shown[2]
    assert "= -0.2664" in shown[2]
    assert "  w := w - learning_rate*g = -0.6 - 0.1*(-0.26639) = -0.57336   moved by 0.02664" in shown[3]


@pytest.mark.parametrize("width", [30, 41, *WIDTHS])
@pytest.mark.parametrize("height", [0, 1, 3, 6, 9, 14, 30])
def test_rows_fit_any_room(width, height):
    for run in (network(optimizer=OPTIMIZERS["adam"]()), Run(surface=Ravine())):
        trainer = Trainer(run)
        for _ in range(8):
            trainer.step_phase()
            for chosen in (Chosen(), Chosen(1, 1, 1, 1), Chosen(-1, -1, -1, -1), Chosen(99, 99, 99, 99)):
                rows = apart(trainer, chosen).rows(width, height)
                assert len(rows) <= height
                assert all(width_of(row) <= width for row in rows)


def test_where_rows_are_few_the_result_stays():
    trainer = Trainer(network(optimizer=OPTIMIZERS["adam"]()))
    for _ in range(4):
        trainer.step_phase()
    assert re.match(r"  w := .* = ", plain(apart(trainer).rows(89, 1)))
    assert plain(apart(trainer).rows(89, 3)).count(":=") == 3
    ranked = [(2, (("a", "text"),)), (6, ()), (0, (("b", "text"),)), (6, ()), (1, (("c", "text"),))]
    assert plain(fitted(ranked, 4)) == "a\nb\nc"  # blank rows go together
    assert plain(fitted(ranked, 2)) == "b\nc"
    assert plain(fitted(ranked, 1)) == "b"


def test_one_unit_among_all_of_its_layer_as_bars():
    trainer = Trainer(network(activation="relu"))
    phase = trainer.step_phase()
    text = plain(apart(trainer, Chosen(unit=2)).rows(89, 20))
    (line,) = [line for line in text.splitlines() if "of all 5 units" in line]
    a = phase.activations[0][0]
    bars = re.search(r"units  (.*?)  largest (.*)", line)
    assert bars[2] == number(float(a.max()))
    drawn = bars[1].replace("[", "").replace("]", "")
    assert [mark == "·" for mark in drawn] == [value == 0.0 for value in a]
    assert drawn[int(a.argmax())] == "█"
    assert bars[1].index("[") == 2
    trainer.step_phase()
    assert "L of all 8 rows" in plain(apart(trainer).rows(89, 20))


@pytest.mark.parametrize("preset", ["recipe", "digits", "iris"])
def test_what_is_looked_at_first_has_something_to_say(preset):
    trainer = Trainer(load_preset(preset).runs[-1])
    phase = trainer.step_phase()
    chosen = first_choice(phase)
    place = apart(trainer, chosen).place
    assert (place.layer, place.row) == (0, 0)
    products = phase.layers(phase.old)[0].weights * phase.inputs[0][:, None]
    assert abs(phase.activations[0][0, place.unit]) == abs(phase.activations[0][0]).max() > 0.0
    assert abs(products[place.source, place.unit]) == abs(products[:, place.unit]).max() > 0.0
    assert first_choice(None) == first_choice(Trainer(Run(surface=Valley())).step_phase()) == Chosen()


HIDDEN_IN = {
    "learning_rate": ("update",), "optimizer": ("update",), "momentum": ("update",), "weight_decay": ("update",),
    "activation": ("forward", "backward"), "hidden": ("forward", "backward", "update"),
    "batch_size": ("forward", "loss", "backward"),
}  # fmt: skip


@pytest.mark.parametrize("label", sorted(HIDDEN_IN))
def test_what_is_hidden_is_not_told_by_a_formula(label):
    run = network(
        hidden=(7, 3), activation="softplus", optimizer=OPTIMIZERS["momentum"](learning_rate=0.0625, momentum=0.8125)
    )
    trainer = Trainer(run)
    hidden = Hidden(frozenset({f"settings.{label}"}))
    told = {
        "learning_rate": ("0.0625", "moved"), "optimizer": ("momentum", "velocity"), "momentum": ("0.8125",),
        "weight_decay": ("moved",), "activation": ("softplus",), "hidden": ("of 7", "/7", "7 units", "parameters"),
        "batch_size": ("of 8", "/8", "8 rows", ": 8"),
    }[label]  # fmt: skip
    for name in ("forward", "loss", "backward", "update"):
        trainer.step_phase()
        open_, covered = (plain(apart(trainer, Chosen(), each).rows(150, 40)) for each in (Hidden(), hidden))
        if name in HIDDEN_IN[label]:
            assert any(word in open_ for word in told), open_
            assert f"{label} is hidden" in covered and "w shows it" in covered
        for word in told:
            assert word not in covered.replace("momentum is hidden", ""), covered


def test_on_a_surface_the_start_may_be_hidden_too():
    trainer = Trainer(Run(surface=Valley()))
    for _ in range(4):
        trainer.step_phase()
        shown = plain(apart(trainer, Chosen(), Hidden(frozenset({"settings.start"}))).rows(89, 20))
        assert "start is hidden" in shown and "-4" not in shown


def test_float32_is_shown_as_it_is_and_a_diverged_run_too():
    shown_in_every_phase(network(dtype="float32"), Chosen(1, 1, 1, 1), steps=2)
    data = Line(samples=40, validation=10)
    trainer = Trainer(
        network(data=data, hidden=(), loss="mean_squared_error", optimizer=OPTIMIZERS["sgd"](learning_rate=900.0))
    )
    for _ in range(300):
        if not trainer.done:
            trainer.step()
    for _ in range(4):
        if not trainer.done:
            trainer.step_phase()
            assert "NaN" in plain(apart(trainer).rows(89, 20))
