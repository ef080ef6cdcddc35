"""The import of an export changes nothing, whatever stands in the catalog; without a database."""

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from menus.hours import DAYS
from menus.hours_text import full_week, hours_text, read_hours_text
from menus.sheets.cells import as_cell, quoted, unquoted
from menus.sheets.columns import COLUMNS, ITEMS, VARIANTS, fields_of
from menus.sheets.reading import read_upload
from menus.sheets.tables import FileRefused
from menus.sheets.writing import as_csv, as_xlsx, template
from tests.menus.sheets.trees import ODD, hours, plan_of, trees

ANY_EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
languages = st.sampled_from(["en", "id"])


def nothing(plan):
    wrong = [row for row in plan.rows if row.state != "unchanged"]
    assert not wrong, [(row, row.reasons) for row in wrong][:3]
    assert not plan.menus
    assert not plan.categories


def exported(tree, kind):
    if kind == "xlsx":
        return [("menu.xlsx", as_xlsx(tree))]
    return [("items.csv", as_csv(tree, ITEMS)), ("variants.csv", as_csv(tree, VARIANTS))]


def rows_in(tree):
    variants = sum(max(1, len(node.variants)) for node in tree.categories)
    return len(tree.items) + variants


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@ANY_EXAMPLES
@given(tree=trees(), wrote=languages, reads=languages)
def test_import_of_an_export_changes_nothing(kind, tree, wrote, reads):
    with translation.override(wrote):
        files = exported(tree, kind)
    with translation.override(reads):
        if not rows_in(tree):
            with pytest.raises(FileRefused):
                plan_of(tree, *files)
            return
        plan = plan_of(tree, *files)
    nothing(plan)
    assert len(plan.rows) == rows_in(tree)


@given(hours, languages, languages)
def test_hours_are_read_as_they_were_written(week, wrote, reads):
    with translation.override(wrote):
        text = hours_text(week)
    with translation.override(reads):
        assert read_hours_text(text) == full_week(week)


@given(st.one_of(st.sampled_from(ODD), st.text()))
def test_a_cell_is_no_formula_and_comes_back(text):
    cell = as_cell(text)
    assert as_cell(cell) == cell
    assert unquoted(quoted(cell)) == cell
    assert quoted(cell)[:1] not in {"=", "+", "-", "@"}


@pytest.mark.parametrize("language", ["en", "id"])
def test_what_we_head_we_know(language):
    with translation.override(language):
        for kind, columns in COLUMNS.items():
            headings = [str(column.heading) for column in columns]
            assert fields_of(kind, headings) == [column.field for column in columns]


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_template_is_read_and_has_no_rows(language):
    with translation.override(language), pytest.raises(FileRefused) as refused:
        read_upload([("template.xlsx", template())])
    assert refused.value.code == "no_rows"


def test_all_days_of_the_week_are_there():
    assert set(full_week(None)) == set(DAYS)
