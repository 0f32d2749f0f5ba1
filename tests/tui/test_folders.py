"""The user's own folders: where the system says, or below DESCENT_HOME; nothing is made by asking."""

from pathlib import Path

import platformdirs
import pytest

from tui.home.folders import presets_folder, state_folder


def test_descent_home_holds_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DESCENT_HOME", str(tmp_path / "mine"))
    assert state_folder() == tmp_path / "mine"
    assert presets_folder() == tmp_path / "mine" / "presets"
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("unset", [None, ""])
def test_without_it_they_are_where_the_system_says(monkeypatch: pytest.MonkeyPatch, unset: str | None) -> None:
    if unset is None:
        monkeypatch.delenv("DESCENT_HOME", raising=False)
    else:
        monkeypatch.setenv("DESCENT_HOME", unset)
    assert state_folder() == Path(platformdirs.user_state_dir("descent", appauthor=False))
    assert presets_folder() == Path(platformdirs.user_config_dir("descent", appauthor=False)) / "presets"


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DESCENT_HOME", "~/descent")
    assert state_folder() == tmp_path / "descent"
