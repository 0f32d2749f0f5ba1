"""A lesson ships with one seed, and what it claims is seen there: by a learner who presses space and nothing else."""

from __future__ import annotations

import pytest

import presets
from engine import load_preset
from engine.judging import judge
from engine.preset import parse_preset
from engine.together import train_together


@pytest.mark.parametrize("name", presets.names())
def test_every_claim_holds_in_the_seed_that_the_preset_comes_with(name: str) -> None:
    preset = load_preset(name)
    trainers = train_together(preset.runs)
    for claim in preset.sheet.claim:
        judgement = judge(claim, trainers)
        assert judgement.held, f"{claim.says}: {judgement.saw}"


def test_with_the_rates_swapped_the_claims_do_not_hold() -> None:
    """So that the test above is known to be able to fail."""
    text = presets.text("lr-big-medium-tiny")
    big, tiny = "learning_rate = 0.1\n", "learning_rate = 0.00001\n"
    assert text.count(big) == text.count(tiny) == 1
    swapped = parse_preset(text.replace(big, "<big>").replace(tiny, big).replace("<big>", tiny), "swapped", "swapped.toml")
    trainers = train_together(swapped.runs)
    held = [judge(claim, trainers).held for claim in swapped.sheet.claim]
    assert held == [False, True, True, False, False]  # not fast; worse than medium, though, and medium is what it was
