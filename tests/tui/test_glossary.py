"""The glossary: a table a word, that all point to something real; and links to it in a story that leave the rest alone."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import presets
from tui.form import FIELDS
from tui.glossary import linked, search, term_of_setting, terms, words_in

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


def test_the_file_is_no_preset():
    assert "glossary" not in presets.names()
    assert tomllib.loads(presets.glossary_text())
    with pytest.raises(FileNotFoundError):
        presets.text("glossary")


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
    assert search("zyx") == []
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
