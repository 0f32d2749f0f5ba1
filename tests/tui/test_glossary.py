"""The glossary: a table a word, that all point to something real; and links to it in a story that leave the rest alone."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Markdown
from textual.widgets._markdown import MarkdownParagraph

import presets
from tui.cli import main
from tui.form import FIELDS
from tui.screens.help import Help
from tui.words.glossary import linked, search, term_of_setting, terms, words_in

SLUGS = [
    *("accuracy", "activation", "adam", "backward-pass", "batch", "batch-size", "cross-entropy", "data-set", "divergence"),
    *(
        "dropout",
        "early-stopping",
        "epoch",
        "forward-pass",
        "generalisation",
        "gradient",
        "gradient-descent",
        "hidden-layer",
    ),
    *("initializer", "iteration", "iterations-per-epoch", "learning-rate", "learning-rate-schedule", "local-minimum"),
    *("logits", "loss", "mean-squared-error", "mini-batch", "momentum", "optimizer", "overfitting", "parameter", "patience"),
    *("plateau", "prediction", "regularisation", "relu", "seed", "softmax", "stochastic-gradient-descent", "training-loop"),
    *("training-set", "underfitting", "validation-set", "weight", "weight-decay"),
]

every_term = pytest.mark.parametrize("slug", SLUGS)


# The terms ------------------------------------------------------------------------------------------------------------


def test_there_is_a_term_for_every_slug_and_no_other():
    assert sorted(terms()) == sorted(SLUGS)


def test_every_toml_file_of_the_presets_folder_is_a_preset(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["check", presets.__path__[0]])
    assert ended.value.code == 0
    assert capsys.readouterr().out.count(": ok") == len(presets.names())


@every_term
def test_a_term_says_what_it_is_in_a_few_sentences(slug):
    term = terms()[slug]
    sentences = re.findall(r"[.?!](?=\s|$)", term.says)
    assert 2 <= len(sentences) <= 4
    assert 80 < len(term.says) < 450
    assert term.says.isprintable()


@every_term
def test_a_term_leads_to_terms_and_presets_that_exist(slug):
    term = terms()[slug]
    assert term.see
    assert set(term.see) <= set(SLUGS) - {slug}
    assert term.presets
    assert set(term.presets) <= set(presets.names())
    assert len(set(term.see)) == len(term.see) and len(set(term.presets)) == len(term.presets)


def test_every_row_of_the_form_has_one_term_and_no_term_names_another_row():
    labels = [label for term in terms().values() for label in term.settings]
    assert sorted(labels) == sorted(field.label for field in FIELDS)
    assert term_of_setting("learning_rate") == "learning-rate"
    assert term_of_setting("nothing") == ""


def test_no_form_belongs_to_two_terms():
    forms = [form for term in terms().values() for form in term.forms]
    assert [form for form in set(forms) if forms.count(form) > 1] == []


def test_where_a_lesson_is_wrong_it_is_said():
    says = {slug: term.says for slug, term in terms().items()}
    assert "10 iterations an epoch pass through the data ten times: no, once" in says["epoch"]
    assert 'that is "iterations per epoch"' in says["iteration"]
    assert "either can be measured on either set" in says["accuracy"]
    assert "noisiest" in says["batch-size"] and "noisy, not accurate" in says["stochastic-gradient-descent"]


# Searching ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "first"),
    [("lr", "learning-rate"), ("Batch S", "batch-size"), ("memorises", "overfitting"), ("val loss", "validation-set"),
     ("epo", "epoch"), ("ReLU", "relu"), ("sgd", "stochastic-gradient-descent")],
)  # fmt: skip
def test_a_term_is_found_by_any_of_its_forms(typed, first):
    assert search(typed)[0] == first


def test_words_come_before_explanations():
    found = search("momentum")
    assert found[0] == "momentum"
    assert {"adam", "optimizer"} & set(found[1:]) == {"optimizer"}  # in its explanation; Adam's does not have it
    assert search("ball") == ["momentum"]
    assert search("zyx") == search("([") == search("owards") == []  # of an explanation only where a word begins
    assert search("  ") == list(terms())


# Links ----------------------------------------------------------------------------------------------------------------


def targets(markdown: str) -> list[tuple[str, str]]:
    return re.findall(r"\[([^\[\]]+)\]\(glossary:([a-z-]+)\)", linked(markdown))


def test_the_first_place_of_a_word_becomes_a_link():
    assert linked("The loss falls, then the loss rises.") == "The [loss](glossary:loss) falls, then the loss rises."


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Epochs pass", [("Epochs", "epoch")]),
        ("mini-batches, then batches", [("mini-batches", "mini-batch"), ("batches", "batch")]),
        ("A batch size is no batch.", [("batch size", "batch-size"), ("batch", "batch")]),
        ("learning\nrate", [("learning\nrate", "learning-rate")]),
        ("a learning rate schedule", [("learning rate schedule", "learning-rate-schedule")]),
        ("10 iterations an epoch", [("iterations an epoch", "iterations-per-epoch")]),
        ("**Adam** and *momentum*", [("Adam", "adam"), ("momentum", "momentum")]),
        ("It generalizes, and overfits.", [("generalizes", "generalisation"), ("overfits", "overfitting")]),
        ("- weights\n- gradients", [("weights", "weight"), ("gradients", "gradient")]),
        ("| loss | epoch |\n|---|---|\n| 1 | 2 |", [("loss", "loss"), ("epoch", "epoch")]),
        ("glossy, epochal, weighty, re-batch, my_loss, loss_axis", []),
    ],
)
def test_words_are_found_in_all_their_forms_the_longest_first(text, links):
    assert targets(text) == links


@pytest.mark.parametrize(
    "text",
    [
        "`loss`",
        "``a ` loss``",
        "```\nloss\n```\n",
        "~~~ python\nloss\n\nepoch\n~~~",
        "```\nloss, never closed",
        "# The loss",
        "### Adam ###",
        "The loss\n========",
        "An epoch\n---",
        "[the loss](https://example.org)",
        "[the loss][1]",
        "![loss](epoch.png)",
        "[a [nested] loss](x_(epoch).html)",
        "[1]: https://example.org/loss 'the loss'",
        "<https://example.org/loss>",
        "https://example.org/loss?a=epoch",
        '<a href="loss">',
        "",
    ],
)
def test_code_links_addresses_and_headings_are_left_alone(text):
    assert linked(text) == text


def test_what_is_left_alone_is_not_the_first_place():
    assert linked("# Loss\n\n`loss` and loss") == "# Loss\n\n`loss` and [loss](glossary:loss)"


PIECES = st.lists(
    st.sampled_from(
        ["loss", "epochs", "batch size", " ", "\n", "`", "``", "[", "]", "(", ")", "# ", "*", "```\n", "<", ">", "x", "-"]
    )
)


@given(PIECES)
def test_without_its_links_the_text_is_what_it_was_and_no_word_is_linked_twice(pieces):
    text = "".join(pieces)
    made = linked(text)
    links = re.findall(r"\]\(glossary:([a-z-]+)\)", made)
    assert re.sub(r"\[([^\[\]]*)\]\(glossary:[a-z-]+\)", r"\1", made) == text
    assert len(links) == len(set(links))


@pytest.mark.parametrize("name", presets.names())
def test_the_words_of_a_story_are_linked_in_the_order_in_which_they_stand(name):
    story = tomllib.loads(presets.text(name))["story"]
    slugs = [slug for _, slug in targets(story)]
    assert slugs
    assert set(slugs) <= set(words_in([story]))


def test_the_words_of_texts_come_in_their_order_with_those_in_code():
    assert words_in(["Set `batch_size` to 8. The loss", "an epoch of loss"]) == ("batch-size", "loss", "epoch")


# On the screen --------------------------------------------------------------------------------------------------------


def at(person) -> str:
    """The word that is chosen in the glossary."""
    sheet = person.app.screen
    assert isinstance(sheet, Help)
    assert sheet.words
    return str(sheet.list.get_option_at_index(sheet.list.highlighted).prompt)


def entry(person) -> str:
    return "\n".join(str(option.prompt) for option in person.app.screen.entry.options)


def groups(person) -> list[str]:
    sheet = person.app.screen
    return [str(option.prompt) for option in sheet.list.options if option.disabled]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 50)])
async def test_from_the_settings_it_opens_at_the_row_under_the_cursor(lab, size):
    async with lab(size=size) as person:
        await person.at_row("learning_rate")
        await person.press("?")
        assert at(person) == "learning rate"
        await person.until(lambda: "How long a step is" in person.seen())
        assert "[Words]" in person.seen()
        assert "Escape closes" in person.seen()
        await person.press("escape")
        assert person.app.screen is person.lab


@pytest.mark.parametrize("preset", ["recipe", "digits", "day79-study-hours"])
async def test_every_row_of_the_settings_has_its_entry(lab, preset):
    async with lab(preset) as person:
        person.lab.settings.focus()
        await person.press("home")
        for row in person.lab.settings.form:
            await person.press("?")
            assert at(person) == terms()[term_of_setting(row.label)].word
            await person.press("escape", "down")


async def test_from_the_curves_it_opens_at_loss_and_at_what_the_second_plot_shows(lab):
    async with lab() as person:
        person.lab.query_one("#loss").focus()
        await person.press("?")
        assert at(person) == "loss"
        assert groups(person)[:3] == ["In the curves", "In this lesson", "In the training loop"]
        await person.press("escape", "tab", "?")
        assert at(person) == "accuracy"
    async with lab("day79-study-hours") as person:
        person.lab.query_one("#second").focus()
        await person.press("?")
        assert at(person) == "prediction"


async def test_from_the_lesson_its_words_come_first_in_the_order_of_the_story(lab):
    async with lab() as person:
        person.lab.lesson.focus()
        await person.press("?")
        sheet = person.lab.session.preset.sheet
        asked = [question.asks for question in sheet.question]
        words = words_in([sheet.story, *sheet.things_to_try, *asked])
        assert groups(person)[0] == "In this lesson"
        assert person.app.screen._slugs[1 : 1 + len(words)] == list(words)
        assert at(person) == terms()[words[0]].word
        await person.press("down")
        assert at(person) == terms()[words[1]].word


async def test_every_word_is_in_the_list_once_wherever_it_is_opened(lab):
    async with lab() as person:
        for name in ("settings", "tree", "loss", "second", "lesson"):
            person.lab.query_one(f"#{name}").focus()
            await person.press("?")
            assert sorted(filter(None, person.app.screen._slugs)) == sorted(SLUGS), name
            await person.press("escape")


async def test_from_the_tree_the_keys_come_first_and_tab_turns_the_page(lab):
    async with lab(size=(80, 24)) as person:
        person.lab.progress.focus()
        await person.press("?")
        assert "[Keys]" in person.seen()
        assert "One batch (pauses first)" in person.seen()
        await person.press("tab")
        await person.until(lambda: "[Words]" in person.seen())
        assert at(person) == "epoch"
        assert groups(person)[0] == "In the progress"
        await person.press("tab")
        await person.until(lambda: "One batch (pauses first)" in person.seen())
        await person.press("?")
        assert person.app.screen is person.lab
        assert person.session.steps == 0


async def test_typing_searches_from_both_pages(lab):
    async with lab() as person:
        person.lab.progress.focus()
        await person.press("?")
        await person.type("qua")  # from the keys; q does not quit, and n does not train
        assert at(person) == "mean squared error"
        await person.press("backspace", "backspace", "backspace")
        await person.type("lr")
        assert at(person) == "learning rate"
        await person.press("x", "n")
        await person.until(lambda: "nothing has 'lrxn' in it" in person.seen())
        await person.press("enter", "down")
        assert isinstance(person.app.screen, Help)
        assert person.session.steps == 0
        await person.press("escape")
        assert person.app.screen is person.lab


async def test_the_arrows_show_an_entry_each(lab):
    async with lab() as person:
        await person.at_row("batch_size")
        await person.press("?", "down")
        assert at(person) == "epoch"
        assert "One pass through all samples" in entry(person)
        await person.press("end")
        last = at(person)
        assert terms()[person.app.screen._slugs[-1]].word == last
        assert last in entry(person)
        await person.press("pageup")
        assert at(person) != last
        await person.press("home")
        assert at(person) == "data set"
        await person.until(lambda: "In the settings" in person.seen())


async def test_enter_leads_on_to_words_and_presets_and_escape_comes_back(lab):
    async with lab(size=(80, 24)) as person:
        await person.at_row("learning_rate")
        await person.press("?", "enter")
        assert person.app.screen.within
        await person.press("escape")
        assert not person.app.screen.within
        assert at(person) == "learning rate"
        await person.press("enter", "end", "enter")  # the last of those to see
        assert at(person) == terms()[terms()["learning-rate"].see[-1]].word
        assert not person.app.screen.within
        await person.press("enter", "home", "end", "home")
        await person.press("escape", "escape")
        assert person.app.screen is person.lab
        assert person.session.preset.name == "recipe"


async def test_enter_on_a_preset_opens_it(lab):
    async with lab() as person:
        await person.at_row("learning_rate")
        await person.press("?")
        assert "→ Learning rate: big, medium, tiny" in entry(person)
        await person.press("enter", "enter")
        await person.until(lambda: person.app.screen is person.lab and person.session.preset.name == "lr-big-medium-tiny")


async def test_a_preset_that_is_not_there_is_left_out(lab, monkeypatch):
    monkeypatch.setattr("tui.screens.opening.read_headings", lambda: ([], []))
    async with lab() as person:
        await person.at_row("learning_rate")
        await person.press("?")
        assert "Shown by" not in entry(person)
        assert "See" in entry(person)


async def test_the_words_of_the_story_are_underlined_and_lead_to_their_entries(lab):
    async with lab() as person:
        text = person.lab.lesson.query_one(Markdown)
        await person.until(lambda: "glossary:loss" in text.source)
        await person.until(lambda: "the loss" in person.seen())
        assert "](glossary" not in person.seen()
        paragraphs = [block for block in text.query(MarkdownParagraph) if "loss" in str(block.render())]
        spans = [span for span in paragraphs[0]._content.spans if "glossary:loss" in str(span.style)]
        assert len(spans) == 1
        assert paragraphs[0].styles.link_style.underline
        text.post_message(Markdown.LinkClicked(text, "glossary:loss"))
        await person.until(lambda: "[Words]" in person.seen())
        assert at(person) == "loss"


async def test_any_other_link_of_a_story_opens_nothing(lab, monkeypatch):
    opened = []
    async with lab() as person:
        monkeypatch.setattr(person.app, "open_url", lambda *arguments, **options: opened.append(arguments))
        text = person.lab.lesson.query_one(Markdown)
        for link in ("https://example.org", "glossary:nothing", "/etc/passwd"):
            text.post_message(Markdown.LinkClicked(text, link))
        await person.settle()
        assert person.app.screen is person.lab
        assert opened == []


async def test_a_look_into_the_glossary_is_no_pause(lab):
    async with lab(epochs=None) as person:
        await person.press("space")
        await person.until(lambda: person.session.steps >= 2)
        await person.press("?", "down", "down", "tab", "tab")
        assert person.state == "running"
        steps = person.session.steps
        await person.until(lambda: person.session.steps > steps)
