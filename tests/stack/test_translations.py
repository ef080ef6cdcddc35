"""Texts are collected from Python and templates, kept, compiled, and gaps are found."""

import gettext
import os

import pytest

from gobiz_admin.stack import translations

VIEWS = """
from django.utils.translation import gettext as _, ngettext, pgettext
# Translators: a button
_("Publish menu")
ngettext("%(n)s item", "%(n)s items", 2)
pgettext("verb", "Order")
"""
PAGE = """{% load i18n %}{% translate "Resync menu" %}
{% blocktranslate trimmed count n=n %}
  One order
{% plural %}
  {{ n }} orders
{% endblocktranslate %}"""
TEXTS = ["%(n)s item", "Order", "Publish menu", "One order", "Resync menu"]


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "menus").mkdir()
    (tmp_path / "menus" / "views.py").write_text(VIEWS)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    return tmp_path


def translate(path, *pairs):
    text = path.read_text()
    for source, translation in pairs:
        before = f'msgid "{source}"\nmsgstr ""'
        assert before in text
        text = text.replace(before, f'msgid "{source}"\nmsgstr "{translation}"')
    path.write_text(text)


def test_new_texts_are_collected_from_both_kinds_of_file(tree):
    [path] = translations.update(tree)
    text = path.read_text()
    assert sorted(translations.missing(tree)) == sorted(TEXTS)
    assert 'msgid_plural "%(n)s orders"' in text
    assert 'msgctxt "verb"' in text
    assert "#. Translators: a button" in text
    assert "#: menus/views.py\n" in text
    assert "Date" not in text


def test_translations_are_kept_and_what_is_gone_is_dropped(tree):
    [path] = translations.update(tree)
    translate(path, ("Publish menu", "Terbitkan menu"), ("Resync menu", "Sinkronkan menu"))
    (tree / "templates" / "page.html").write_text("")
    translations.update(tree)
    text = path.read_text()
    assert "Terbitkan menu" in text
    assert "Sinkronkan menu" not in text
    assert sorted(translations.missing(tree)) == ["%(n)s item", "Order"]


def test_collecting_again_changes_nothing(tree):
    [path] = translations.update(tree)
    before = path.read_bytes()
    translations.update(tree)
    assert path.read_bytes() == before


def test_compiling_leaves_out_what_is_fuzzy_and_is_done_when_needed(tree):
    [path] = translations.update(tree)
    translate(path, ("Publish menu", "Terbitkan menu"), ("Resync menu", "Tebakan"))
    guessed = path.read_text().replace('msgid "Resync menu"', '#, fuzzy\nmsgid "Resync menu"')
    path.write_text(guessed)
    locale = tree / "gobiz_admin" / "locale"
    os.utime(path, (1, 1))
    assert translations.compile_all(locale) == [path]
    assert translations.compile_all(locale) == []
    with path.with_suffix(".mo").open("rb") as stream:
        catalog = gettext.GNUTranslations(stream)
    assert catalog.gettext("Publish menu") == "Terbitkan menu"
    assert catalog.gettext("Resync menu") == "Resync menu"
    assert "Resync menu" in translations.missing(tree)
    future = path.with_suffix(".mo").stat().st_mtime + 10
    os.utime(path, (future, future))
    assert translations.compile_all(locale) == [path]
