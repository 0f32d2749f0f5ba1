"""What is shipped: the wheel holds the three packages with their data, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_every_module_preset_stylesheet_and_table(shipped: set[str]) -> None:
    kinds = ("engine/**/*.py", "tui/**/*.py", "tui/*.tcss", "presets/*.*", "presets/glossary/*", "engine/data/*")
    wanted = {str(path.relative_to(ROOT)) for kind in kinds for path in ROOT.glob(kind) if path.is_file()}
    assert {"presets/recipe.toml", "tui/app.tcss", "engine/data/digits.npz", "engine/data/README.md"} <= wanted
    assert {"presets/LESSONS.md", "presets/glossary/words.toml"} <= wanted
    assert wanted <= shipped


def test_the_wheel_holds_nothing_else(shipped: set[str]) -> None:
    tops = {name.partition("/")[0] for name in shipped if ".dist-info/" not in name}
    assert tops == {"engine", "tui", "presets"}


def test_the_command_is_declared(shipped: set[str]) -> None:
    assert any(name.endswith(".dist-info/entry_points.txt") for name in shipped)
    assert any(name.endswith("LICENSE") for name in shipped)
