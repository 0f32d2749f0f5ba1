"""One lesson scenario a file, in TOML; a preset's name is its file's name without the ending. Beside them the glossary."""

from importlib.resources import files

GLOSSARY = "glossary"  # a table a word, and no preset


def names() -> list[str]:
    """The names of the presets that come with descent."""
    tables = (entry.name.removesuffix(".toml") for entry in files("presets").iterdir() if entry.name.endswith(".toml"))
    return sorted(name for name in tables if name != GLOSSARY)


def text(name: str) -> str:
    """The TOML text of one of them; FileNotFoundError where there is none of that name."""
    if name == GLOSSARY:
        raise FileNotFoundError(f"no preset {name!r}: it is the glossary")
    return (files("presets") / f"{name}.toml").read_text(encoding="utf-8")


def glossary_text() -> str:
    """The TOML text of the glossary: what the words of the lessons mean."""
    return (files("presets") / f"{GLOSSARY}.toml").read_text(encoding="utf-8")
