"""One lesson scenario a file, in TOML; a preset's name is its file's name without the ending. Below them the glossary."""

from importlib.resources import files


def names() -> list[str]:
    """The names of the presets that come with descent."""
    return sorted(entry.name.removesuffix(".toml") for entry in files("presets").iterdir() if entry.name.endswith(".toml"))


def text(name: str) -> str:
    """The TOML text of one of them; FileNotFoundError where there is none of that name."""
    return (files("presets") / f"{name}.toml").read_text(encoding="utf-8")


def glossary_text() -> str:
    """The TOML text of the glossary, a table a word: what the words of the lessons mean."""
    return (files("presets") / "glossary" / "words.toml").read_text(encoding="utf-8")
