"""What a run refuses before anything is allocated."""

import pytest

from engine import PresetError, load_preset
from engine.layers import Architecture
from engine.run import MOST_PARAMETERS, MisfitError, Run


def test_a_network_too_large_to_be_held_is_refused_with_its_size():
    parameters = 145 * 4096 + 3 * 4097 * 4096 + 4097
    with pytest.raises(MisfitError, match=rf"network.hidden: these layers have {parameters} parameters") as refused:
        Run(network=Architecture(hidden=(4096, 4096, 4096, 4096)))
    assert refused.value.key == "network.hidden"
    assert str(MOST_PARAMETERS) in refused.value.message


def test_a_preset_names_it_as_a_problem_of_that_key():
    with pytest.raises(PresetError) as refused:
        load_preset("recipe", [("network.hidden", [[4096] * 16])])
    assert [problem.key for problem in refused.value.problems] == ["network.hidden"]


def test_a_large_network_within_the_bound_is_described_without_being_made():
    assert Run(network=Architecture(hidden=(4096, 4096))).parameters == 145 * 4096 + 4097 * 4096 + 4097
