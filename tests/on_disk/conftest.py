"""Runs are written without waiting, where a test asks for it."""

import pytest

from engine.on_disk import writer as writing


@pytest.fixture
def eager(monkeypatch):
    """Write everything at once, and a checkpoint every few milliseconds."""
    monkeypatch.setattr(writing, "EVERY", 0.0)
    monkeypatch.setattr(writing, "CHECKPOINTS", 0.003)
    monkeypatch.setattr(writing, "SHARE", 1.0)
