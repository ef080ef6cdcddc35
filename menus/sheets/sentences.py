"""What is wrong with a file or a row, in words: what happened, and what to type or to do instead."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from menus.forms.fields import Words
from menus.sheets.plans import Reason

FILE: dict[str, Words] = {
    "none": _("Choose a file first: the one that you downloaded here and changed."),
    "empty": _("“%(file)s” is empty. Save it again in your spreadsheet program, and choose it again."),
    "too_large": _(
        "“%(file)s” is larger than 5 MB. A menu of 5,000 rows is far smaller: take pictures out of the file, or "
        "divide it in two."
    ),
    "too_many_files": _("Choose at most four files at once."),
    "too_many_rows": _(
        "There are more than %(most)s rows. Divide them over several files, and delete the empty rows below the last."
    ),
    "unpacks_to_too_much": _(
        "“%(file)s” holds far more than a menu. Copy your rows into a new file, and choose that one."
    ),
    "old_office": _(
        "“%(file)s” is an old Excel file (.xls), or one with a password. Save it as Excel workbook (.xlsx) without a "
        "password, or as CSV."
    ),
    "no_sheet": _(
        "“%(file)s” is not a spreadsheet that we can read. Save it as Excel workbook (.xlsx) or as CSV, and choose "
        "that file."
    ),
    "no_text": _(
        "“%(file)s” is neither an Excel workbook (.xlsx) nor a CSV file. Save your sheet as one of these, and choose "
        "that file."
    ),
    "broken": _(
        "“%(file)s” is damaged. Open it in your spreadsheet program, save it again as .xlsx, and choose it again."
    ),
    "quotation_mark": _(
        'In “%(file)s”, a quotation mark (") near row %(row)s is opened and not closed, so that we cannot tell the '
        "cells apart. Put the text in quotation marks, double those within it, or save the sheet as .xlsx."
    ),
    "no_headings": _(
        "No headings that we know were found. One of the first rows has to name the columns, at least Name or "
        "external_id and one more, as the template does."
    ),
    "no_rows": _("There are headings, and no rows below them. Nothing would be imported."),
}
ROW: dict[str, Words] = {
    "required": _("There is no “%(column)s”. A new row needs one: type it."),
    "no_identity": _("There is neither a name nor an external_id. Type the name."),
    "id_taken": _(
        "The external_id “%(id)s” was used before in this catalog, by something that is gone, and is never given out "
        "twice. Leave the cell empty for a new one, or type another."
    ),
    "id_format": _(
        "“%(id)s” cannot be an external_id. Use letters, digits, hyphens and underscores, at most 200, without spaces, "
        "or leave the cell empty for a new one."
    ),
    "id_twice": _("Another row has the external_id “%(id)s”, too. Give each its own."),
    "twice": _("Another row is about the same one. Keep one of them."),
    "ambiguous": _("Several are called “%(name)s”. Type in the external_id which one is meant."),
    "unknown_category": _(
        "There is no variant category “%(name)s”. Type one that there is, or add it to the sheet of variants."
    ),
    "ambiguous_category": _(
        "Several variant categories are called “%(name)s”. Type the external_id of one instead."
    ),
    "no_category": _("There is no variant category. Type the name of the one to which it belongs."),
    "elsewhere": _(
        "This variant belongs to “%(name)s”, and does not move. Leave its external_id empty for a new one."
    ),
    "category_differs": _(
        "Another row says something else about this variant category. Type the same in both, or change one of them "
        "only."
    ),
}
DOUBTS: dict[str, Words] = {
    "low_price": _(
        "A price below Rp 100: did 15.000 become 15 in the spreadsheet program? Type 15000 without a dot, then."
    ),
    "same_name": _(
        "This menu has an item of that name already, with another external_id: there will be two."
    ),
}


def file_sentence(code: str, facts: dict[str, Any]) -> str:
    """Why a file was refused, and what to do."""
    shown = {**facts, "file": str(facts.get("file", ""))[:60]}
    return str(FILE[code]) % shown


def reason(field: str, code: str, **facts: Any) -> Reason:
    """The reason of that code, at that column, in the reader's language."""
    return Reason(field, code, str(ROW[code]) % facts)
