"""The preset that `descent new` writes: small, ready to train, and every key with a comment of what it may be.

The comments are made from the table of settings, so that they say what the program allows today.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import tomlkit

from engine.schema import annotation_at, describe, table_class
from engine.sheet import Sheet
from tui.writing.about_keys import ABOUT

WIDTH = 110

STORY = """\"\"\"
Two half moons that no straight line can part. Watch the accuracy: it stays near that of a straight line
at first, and then the network finds the bend.

Write here what to look at, and why it happens.
\"\"\""""

#: Table by table: its keys and their values as TOML, with "#" before those that are only shown.
TABLES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "",
        (
            ("title", ""),
            ("lesson", '"Own presets"'),
            ("order", "1000"),
            ("summary", '"Two half moons, and a network that learns to tell them apart."'),
            ("story", STORY),
            (
                "things_to_try",
                '[\n  "Press . a few times while it trains: when does the line begin to jump?",\n'
                '  "Set hidden to none: how far does a straight line get?",\n]',
            ),
            ("seed", "0"),
        ),
    ),
    ("data", (("name", '"moons"'), ("samples", "400"), ("validation", "200"), ("noise", "0.15"), ("standardize", "false"))),
    ("network", (("hidden", "[16]"), ("activation", '"tanh"'), ("initializer", '"glorot_normal"'), ("dropout", "0.0"))),
    (
        "training",
        (
            ("#loss", '"binary_cross_entropy"'),
            ("epochs", "100"),
            ("batch_size", "32"),
            ("shuffle", "true"),
            ("#clip_norm", "1.0"),
            ("#memory_limit", '"512 KiB"'),
        ),
    ),
    ("training.optimizer", (("name", '"adam"'), ("learning_rate", "0.01"), ("#weight_decay", "0.0"))),
    ("#training.schedule", (("#name", '"cosine"'), ("#final", "0.0"))),
    (
        "#training.early_stopping",
        (("#monitor", '"validation_loss"'), ("#patience", "10"), ("#min_delta", "0.0"), ("#restore_best", "true")),
    ),
    (
        "show",
        (
            ("seconds", "12"),
            ("loss_axis", '"linear"'),
            ("#second", '"accuracy"'),
            ("#hide", '["verdict"]'),
            ("#lock", '["settings.seed"]'),
        ),
    ),
)

REST = """\
# As many questions as you like; a key shows the answer.
[[question]]
asks = "How many iterations has an epoch here?"
answer = "13: 400 samples make twelve batches of 32, and the last 16 make one of their own."

# What is true of it, as something that can be false: `descent verify` trains it and says whether it held.
[[claim]]
{says}
says = "It tells nine of ten points apart that it has never seen"
{in_seeds}
in_seeds = 0.9
{words}
# lesson_says = "a network can bend"
# source = "lesson-1.txt"
# verdict = "right"

[[claim.check]]
{metric}
metric = "validation_accuracy"
{at}
at = "final"
above = 0.9  # or below, between, equals, within_factor, falls, same_as, closed_form, stopped

# Two runs or more make a comparison: each says only what it has otherwise. In a comparison a check names its run.
# [[run]]
# name = "small steps"
# training.optimizer.learning_rate = 0.001
#
# [[run]]
# name = "large steps"
# training.optimizer.learning_rate = 0.1
"""


def new_text(name: str) -> str:
    """The text of a new preset that is called `name`."""
    lines = [
        "# A preset of descent. What is left out is as it usually is; lines that begin with # are only shown.",
        "# descent check FILE says what is wrong in it, descent show FILE what it comes to.",
        "",
    ]
    for table, keys in TABLES:
        lines += _table(table, keys, name)
    document: dict[str, Any] = {"claim": [{"check": [{}]}]}

    def about(key: str) -> str:
        return "\n".join(_comment(document, key))

    words = describe(annotation_at(Sheet, document, "claim[1].verdict"))
    take = describe(annotation_at(Sheet, document, "claim[1].check[1].take"))
    return (
        "\n".join(lines)
        + "\n"
        + REST.format(
            says=about("claim[1].says"),
            in_seeds=about("claim[1].in_seeds"),
            words="\n".join(
                _wrapped(f"what a lesson says of it, in its own words, in which file, and how they fare ({words})")
            ),
            metric="\n".join(_wrapped(ABOUT["Check.metric"])),
            at="\n".join(_wrapped(f"{ABOUT['Check.at']}; or over ({ABOUT['Check.over']}) and take ({take})")),
        )
    )


def _table(table: str, keys: tuple[tuple[str, str], ...], name: str) -> Iterator[str]:
    """The lines of one table, each key below what it means and may be."""
    path = table.removeprefix("#")
    values = {key.removeprefix("#"): value for key, value in keys}
    document: Any = {}
    node = document
    for part in path.split(".") if path else ():
        node = node.setdefault(part, {})
    if "name" in values:
        node["name"] = tomlkit.value(values["name"]).unwrap()
    if path:
        if about := ABOUT.get(_owner(document, path)):
            yield f"# {about}"
        yield f"# [{path}]" if table != path else f"[{path}]"
    for key, value in keys:
        word = key.removeprefix("#")
        dotted = f"{path}.{word}" if path else word
        yield from _comment(document, path if word == "name" else dotted, choice=word == "name")
        written = value if word != "title" else tomlkit.item(name).as_string()
        yield f"{'# ' if key != word else ''}{word} = {written}"
    yield ""


def _comment(document: Any, key: str, choice: bool = False) -> Iterator[str]:
    """What a key means and what it may be, as comments."""
    annotation = annotation_at(Sheet, document, key)
    allowed = describe(annotation).removeprefix("a table with name ")
    about = "" if choice else ABOUT.get(_owner(document, key), "")
    if about and allowed in ("text", "a list, each text"):
        allowed = ""  # which its value shows
    yield from _wrapped(f"{about} ({allowed})" if about and allowed else about or allowed)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ")


def _owner(document: Any, key: str) -> str:
    """The key as `ABOUT` has it: the dataclass of its table, and its last part."""
    above, _, last = key.rpartition(".")
    if not above:
        return f"Sheet.{last}"
    annotation, node = annotation_at(Sheet, document, above), document
    for part in above.split("."):
        name, *index = part.replace("]", "").split("[")
        node = node[name]
        for at in index:
            node = node[int(at) - 1]
    cls = table_class(annotation, node)
    return f"{cls.__name__ if cls else ''}.{last}"
