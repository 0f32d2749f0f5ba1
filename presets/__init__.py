"""One lesson scenario a file, in TOML; a preset's name is its file's name without the ending. Below them the glossary."""

import os

# Beside this file, wherever it is installed: importing the standard library's way to look (importlib.resources) takes
# as long as `descent --help` takes in all.
_FOLDER = os.path.dirname(__file__)


def names() -> list[str]:
    """The names of the presets that come with descent."""
    return sorted(name.removesuffix(".toml") for name in os.listdir(_FOLDER) if name.endswith(".toml"))


def text(name: str) -> str:
    """The TOML text of one of them; FileNotFoundError where there is none of that name."""
    return _read(f"{name}.toml")


def glossary_text() -> str:
    """The TOML text of the glossary, a table a word: what the words of the lessons mean."""
    return _read(os.path.join("glossary", "words.toml"))


def _read(file: str) -> str:
    with open(os.path.join(_FOLDER, file), encoding="utf-8") as opened:
        return opened.read()
