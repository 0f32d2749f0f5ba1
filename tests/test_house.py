"""The house rules that a test can see: who imports whom, how long a file is, what is packed, what is said."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

HOUSE = Path(__file__).parents[1]
PACKAGES = ("engine", "tui", "presets")
LONGEST = 320  # lines of a module
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

modules = sorted(path for package in PACKAGES for path in (HOUSE / package).rglob("*.py"))
every_module = pytest.mark.parametrize("path", modules, ids=[str(path.relative_to(HOUSE)) for path in modules])
every_engine_module = pytest.mark.parametrize(
    "path", [path for path in modules if path.parts[len(HOUSE.parts)] == "engine"], ids=lambda path: path.name
)


def settings() -> dict:
    return tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))


def in_a_fresh_python(code: str, **environment: str) -> list[str]:
    """The lines that `code` prints in a process of its own, with no thread variables but those given."""
    inherited = {name: value for name, value in os.environ.items() if name not in THREADS}
    done = subprocess.run(
        [sys.executable, "-c", code], env=inherited | environment, cwd=HOUSE, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


# Who imports whom -----------------------------------------------------------------------------------------------------


def test_importing_the_engine_imports_no_screen_and_no_pydantic():
    code = "import sys, engine; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(in_a_fresh_python(code))
    assert "numpy" in loaded
    assert "engine" in loaded
    assert not loaded & {"textual", "rich", "plotext", "click", "pydantic", "pydantic_core", "tomlkit", "tui"}


def test_training_imports_no_screen_either():
    code = """
import sys
from engine import Trainer, load_preset
Trainer(load_preset("recipe").runs[0]).step()
print(*{name.partition('.')[0] for name in sys.modules})
"""
    assert not set(in_a_fresh_python(code)) & {"textual", "rich", "plotext", "click", "tui"}


def test_the_import_contracts_are_kept():
    contracts = settings()["tool"]["importlinter"]["contracts"]
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--config", HOUSE / "pyproject.toml", "--no-cache"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(contracts)} kept, 0 broken" in done.stdout


def test_the_contract_of_the_panes_names_every_pane():
    contracts = settings()["tool"]["importlinter"]["contracts"]
    named = next(one["modules"] for one in contracts if one["name"] == "panes do not know each other")
    there = {f"tui.panes.{path.stem}" for path in (HOUSE / "tui" / "panes").glob("*.py")}
    assert set(named) == there - {"tui.panes.__init__", "tui.panes.alone"}  # `alone` is their way in from outside


# How long, and what is said -------------------------------------------------------------------------------------------


@every_module
def test_no_module_is_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@every_module
def test_every_module_says_in_prose_what_it_is(path):
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert said is not None
    assert said.endswith(".")
    assert len(said.split()) >= 4


def public(body: list[ast.stmt]) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in body if isinstance(node, kinds) and not node.name.startswith("_")]


@every_engine_module
def test_every_public_class_and_function_of_the_engine_has_a_docstring(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert [node.name for node in public(body) if not ast.get_docstring(node)] == []


#: What the protocol Objective and the class Dropout say of their methods, which classes of other modules have as well.
FOLLOWED = {
    method.name
    for module, name in (("objective.py", "Objective"), ("layers.py", "Dropout"))
    for cls in public(ast.parse((HOUSE / "engine" / module).read_text(encoding="utf-8")).body)
    if isinstance(cls, ast.ClassDef) and cls.name == name
    for method in public(cls.body)
    if ast.get_docstring(method)
}


@every_engine_module
def test_every_public_method_of_the_engine_has_a_docstring_of_its_own_or_of_the_protocol_it_follows(path):
    classes = [node for node in public(ast.parse(path.read_text(encoding="utf-8")).body) if isinstance(node, ast.ClassDef)]
    bases = {base.id for cls in classes for base in cls.bases if isinstance(base, ast.Name)}
    models = [cls for cls in classes if cls.name in bases or "Protocol" in ast.dump(ast.Tuple(cls.bases, ast.Load()))]
    said = {method.name for cls in models for method in public(cls.body) if ast.get_docstring(method)} | FOLLOWED
    silent = [
        f"{cls.name}.{method.name}"
        for cls in classes
        for method in public(cls.body)
        if not ast.get_docstring(method) and method.name not in said
    ]
    assert silent == []


# What is packed -------------------------------------------------------------------------------------------------------


def test_the_wheel_takes_the_three_packages_and_nothing_in_them_is_left_out():
    hatch = settings()["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert hatch == {"packages": list(PACKAGES)}  # no include or exclude that could lose a preset
    assert all((HOUSE / package / "__init__.py").is_file() for package in PACKAGES)


def data_files() -> list[Path]:
    return sorted([*(HOUSE / "presets").rglob("*.toml"), *(HOUSE / "engine" / "data").rglob("*.npz")])


def test_there_are_data_files_to_pack():
    assert {path.name for path in data_files()} >= {"recipe.toml", "digits.toml", "digits.npz"}


@pytest.mark.parametrize("path", data_files(), ids=lambda path: path.name)
def test_a_data_file_is_found_as_a_resource_and_not_ignored(path):
    package, *inside = path.relative_to(HOUSE).parts
    resource = files(package).joinpath(*inside)
    assert resource.read_bytes() == path.read_bytes()
    ignored = (HOUSE / ".gitignore").read_text(encoding="utf-8").split()  # hatch leaves out what git ignores
    parts = [path.relative_to(HOUSE)]
    parts += [Path(part) for part in path.relative_to(HOUSE).parts]
    assert [rule for rule in ignored for part in parts if part.match(rule.strip("/"))] == []
    if path.suffix == ".toml":
        assert tomllib.loads(resource.read_text(encoding="utf-8"))
    else:
        with resource.open("rb") as file, np.load(file, allow_pickle=False) as table:
            assert all(len(table[name]) for name in table.files)


def test_every_bundled_table_comes_with_its_source_and_licence():
    said = (HOUSE / "engine" / "data" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in data_files() if path.suffix == ".npz" and path.name not in said] == []


# Threads --------------------------------------------------------------------------------------------------------------

SHOW_THREADS = f"import os; print(*(os.environ.get(name, '-') for name in {THREADS}))"


def test_the_engine_keeps_blas_on_one_thread():
    assert in_a_fresh_python("import engine; " + SHOW_THREADS) == ["1"] * 4


def test_a_number_of_threads_that_the_user_set_is_left_alone():
    found = in_a_fresh_python("import engine; " + SHOW_THREADS, OMP_NUM_THREADS="3")
    assert found == ["3", "1", "1", "1"]


def test_where_numpy_is_there_already_it_is_too_late_and_nothing_is_set():
    assert in_a_fresh_python("import numpy, engine; " + SHOW_THREADS) == ["-"] * 4
