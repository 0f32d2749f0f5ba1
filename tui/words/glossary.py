"""The glossary: what the words of the lessons mean, which of them a text has, and the text with links to them.

All of it is pure functions on the terms of presets/glossary/words.toml; the help sheet shows them, and the lesson's text
leads there. A link is `glossary:slug`, and only the first place where a word stands becomes one, so that a story stays calm.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import presets

SCHEME = "glossary:"
LISTS = ("also", "see", "presets", "settings")


@dataclass(frozen=True, slots=True)
class Term:
    """A word: its slug, how it is written, what it means, the other forms in which it stands in texts, the slugs of
    related ones, the names of presets that show it, and the labels of the rows of the form that it explains."""

    slug: str
    word: str
    says: str
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """The word and its other forms, in lower case."""
        return tuple(form.lower() for form in (self.word, *self.also))


@cache
def terms() -> dict[str, Term]:
    """Every term by its slug, in the order of the words."""
    tables = tomllib.loads(presets.glossary_text())
    found = [
        Term(slug, table["word"], " ".join(table["says"].split()), *(tuple(table.get(key, ())) for key in LISTS))
        for slug, table in tables.items()
    ]
    return {term.slug: term for term in sorted(found, key=lambda term: term.word.lower())}


def term_of_setting(label: str) -> str:
    """The slug of the term that explains this row of the form; empty where none does."""
    return next((slug for slug, term in terms().items() if label in term.settings), "")


def search(words: str) -> list[str]:
    """The slugs of the terms that were meant: forms that begin so, then forms that hold it, then explanations that do."""
    wanted = " ".join(words.lower().split())
    if not wanted:
        return list(terms())
    ranks: dict[str, int] = {}
    for slug, term in terms().items():
        if any(form.startswith(wanted) for form in term.forms):
            ranks[slug] = 0
        elif any(wanted in form for form in term.forms):
            ranks[slug] = 1
        elif all(re.search(rf"(?<!\w){re.escape(word)}", term.says.lower()) for word in wanted.split()):
            ranks[slug] = 2
    return sorted(ranks, key=lambda slug: ranks[slug])


# Words in a text ------------------------------------------------------------------------------------------------------

#: What stays as it is: fenced code, headings of both kinds, code spans, links and images, addresses, and tags.
UNTOUCHED = re.compile(
    r"""
      ^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?^[ ]{0,3}(?P=fence)[`~]*[ \t]*$|.*\Z)
    | ^[ ]{0,3}\#{1,6}(?:[ \t][^\n]*)?$
    | ^[^\n]*\S[^\n]*\n[ ]{0,3}(?:=+|-+)[ \t]*$
    | (?P<ticks>(?<!`)`+(?!`)).+?(?<!`)(?P=ticks)(?!`)
    | !?\[(?:[^\[\]]|\[[^\[\]]*\])*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])
    | ^[ ]{0,3}\[[^\]]+\]:[^\n]*$
    | <[^<>\n]+>
    | \b(?:https?://|www\.)\S+
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern of all forms, the longest first, and which term each belongs to."""
    slugs = {form: slug for slug, term in terms().items() for form in term.forms}
    longest_first = sorted(slugs, key=len, reverse=True)
    forms = "|".join(r"\s+".join(map(re.escape, form.split())) for form in longest_first)
    return re.compile(rf"(?<![\w-])(?:{forms})(?![\w-])", re.IGNORECASE), slugs


def _places(text: str) -> Iterable[tuple[re.Match[str], str]]:
    """Every place in a plain text where a term stands, with its slug."""
    pattern, slugs = _pattern()
    for match in pattern.finditer(text):
        yield match, slugs[" ".join(match.group().lower().split())]


def words_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The slugs of the terms in these texts, in the order in which they come; those in code as well."""
    return tuple(dict.fromkeys(slug for text in texts for _, slug in _places(text)))


def linked(markdown: str) -> str:
    """The Markdown with a link at the first place of each term; code, links, addresses and headings stay as they are."""
    seen: set[str] = set()
    parts: list[str] = []
    at = 0
    for untouched in UNTOUCHED.finditer(markdown):
        parts += [_link(markdown[at : untouched.start()], seen), untouched.group()]
        at = untouched.end()
    return "".join([*parts, _link(markdown[at:], seen)])


def _link(text: str, seen: set[str]) -> str:
    """The text, no part of which has to stay as it is, with links to the terms that were not `seen` yet."""
    parts: list[str] = []
    at = 0
    for match, slug in _places(text):
        if slug not in seen:
            seen.add(slug)
            parts += [text[at : match.start()], f"[{match.group()}]({SCHEME}{slug})"]
            at = match.end()
    return "".join([*parts, text[at:]])
