"""Constants as arrays of one number: they change no result, and are made once."""

from __future__ import annotations

import numpy as np
import pytest

from engine.numbers import Numbers

every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


@every_dtype
def test_a_number_is_an_array_without_axes_of_the_dtype(dtype):
    number = Numbers(dtype)[0.9]
    assert number.shape == ()
    assert number.dtype == dtype
    assert number == np.array(0.9, dtype)


def test_each_is_made_once():
    numbers = Numbers("float64")
    assert numbers[0.9] is numbers[0.9]
    assert numbers[0.9] is not numbers[0.99]
    assert list(numbers) == [0.9, 0.99]


@every_dtype
def test_filled_uses_one_array_again_and_again(dtype):
    numbers = Numbers(dtype)
    first = numbers.filled(0.1)
    assert first.shape == () and first.dtype == dtype
    assert first == np.array(0.1, dtype)
    assert numbers.filled(-3.0) is first
    assert first == -3.0
    assert not numbers  # and keeps nothing


@every_dtype
def test_several_values_become_an_array_of_the_dtype(dtype):
    rates = np.array([[0.1], [0.3]])
    found = Numbers(dtype).filled(rates)
    assert found.dtype == dtype
    assert found.tolist() == rates.astype(dtype).tolist()


@every_dtype
def test_what_is_multiplied_comes_out_as_with_a_python_float(dtype):
    vector = np.random.default_rng(0).normal(size=1000).astype(dtype)
    numbers = Numbers(dtype)
    expected = (vector * 0.1).tobytes()
    assert (vector * numbers[0.1]).tobytes() == expected
    assert (vector * numbers.filled(0.1)).tobytes() == expected
    assert np.multiply(vector, numbers.filled(np.array([0.1]))).tobytes() == expected
