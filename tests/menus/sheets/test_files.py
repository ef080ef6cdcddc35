"""Files of any kind: read where they are a table, else refused with what to do."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from menus.sheets.reading import read_upload
from menus.sheets.sentences import FILE, file_sentence
from menus.sheets.tables import LARGEST_FILE, LARGEST_UNPACKED, MOST_ROWS, FileRefused
from tests.menus.sheets.trees import csv_file

HEAD = "external_id,menu,name,price"


def rows_of(content, name="menu.csv"):
    upload = read_upload([(name, content)])
    sheet = upload.sheets[0]
    return [dict(zip(sheet.fields, cells, strict=True)) for _number, cells in sheet.rows]


def refusal(content, name="menu.csv"):
    with pytest.raises(FileRefused) as refused:
        read_upload([(name, content)])
    assert name in file_sentence(refused.value.code, refused.value.facts) or refused.value.code.startswith(
        ("no_", "too_many")
    )
    return refused.value.code


def workbook(*rows, title="Menu", **extra):
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for name, more in extra.items():
        other = book.create_sheet(name)
        for row in more:
            other.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zipped(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf  \r\n", "empty"),
        (b"\x00" * 100, "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "no_text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x00\x08\x02\x00\x00\x00" * 20, "no_text"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x01\x00\x02\x00" * 20, "no_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "old_office"),
        (b"<html><table><tr><td>Nama</td></tr></table></html>", "no_sheet"),
        (b'{"menus": []}', "no_sheet"),
        (b"PK\x03\x04 and then nothing", "broken"),
        (
            zipped(**{"[Content_Types].xml": "<Types/>", "xl__styles.xml": "<xf/>" * 200_000}),
            "unpacks_to_too_much",
        ),
        (
            zipped(**{"[Content_Types].xml": "<Types/>", "xl__a.xml": "<c ></c>" * 500_000}),
            "unpacks_to_too_much",
        ),
        (zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "no_sheet"),
        (zipped(**{"[Content_Types].xml": "<Types/>", "word__document.xml": "<a/>"}), "no_sheet"),
        (zipped(**{"[Content_Types].xml": "<Types/>", "xl__workbook.xml": "<a/>"}), "broken"),
        (b"just a letter to my landlord\nwith two lines\n", "no_headings"),
        (b"price,stock\n15000,yes\n", "no_headings"),
        (HEAD.encode(), "no_rows"),
        (f'{HEAD}\n1,Ayam,"Geprek,15000\n2,Ayam,Bakar,16000\n'.encode(), "quotation_mark"),
        (b"x" * (LARGEST_FILE + 1), "too_large"),
        ((HEAD + "\n" + "i,m,n,1\n" * (MOST_ROWS + 20)).encode(), "too_many_rows"),
        ((HEAD + "\n" + "\n" * 30_000 + "i,m,n,1\n").encode(), "too_many_rows"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(content, code):
    assert refusal(content) == code


def test_every_refusal_has_words():
    facts = {"file": "menu.csv", "row": 3, "most": 5000}
    assert all(file_sentence(code, facts) for code in FILE)


@pytest.mark.parametrize("size", [LARGEST_UNPACKED + 1, 300 * 1024 * 1024])
def test_a_bomb_is_refused_before_it_is_unpacked(size):
    parts = {"[Content_Types].xml": "<Types/>", "xl__sharedStrings.xml": b"\0" * size}
    assert refusal(zipped(**parts), "menu.xlsx") == "unpacks_to_too_much"


def test_a_bomb_that_lies_about_its_size_is_refused():
    content = bytearray(zipped(**{"[Content_Types].xml": "<Types/>", "xl__workbook.xml": b" " * 30_000_000}))
    # The size in the directory at the end is the one that is believed.
    at = content.rindex(b"xl/workbook.xml") - 46 + 24
    content[at : at + 4] = struct.pack("<I", 100)
    assert refusal(bytes(content), "menu.xlsx") == "broken"


def test_entities_are_refused():
    good = workbook(["name", "price"], ["Nasi", 15000])
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.namelist():
            content = old.read(part).decode()
            if part == "xl/worksheets/sheet1.xml":
                content = content.replace("<worksheet", '<!DOCTYPE a [<!ENTITY b "bbbb">]><worksheet', 1)
            new.writestr(part, content)
    assert refusal(stream.getvalue(), "menu.xlsx") == "broken"


def test_a_cell_in_the_last_row_and_column_costs_nothing():
    good = workbook(["name", "price"], ["Nasi", 15000])
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.namelist():
            content = old.read(part).decode()
            new.writestr(
                part, content.replace('r="A2"', 'r="XFD1048576"').replace('<row r="2"', '<row r="1048576"')
            )
    assert refusal(stream.getvalue(), "menu.xlsx") == "too_many_rows"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_separators_and_encodings(separator, encoding):
    _name, content = csv_file(
        ["external_id", "nama", "harga", "deskripsi"],
        ["I-1", "Nasi “é” 🍛", "15.000", "a, b; c\nd | e"],
        delimiter=separator,
    )
    assert rows_of(content.decode().encode(encoding)) == [
        {"external_id": "I-1", "name": "Nasi “é” 🍛", "price": "15.000", "description": "a, b; c\nd | e"}
    ]


def test_windows_1252_is_read_and_said():
    content = "name,price\nCrème brûlée €,15000\n".encode("cp1252")
    upload = read_upload([("menu.csv", content)])
    assert upload.sheets[0].rows == [(2, ["Crème brûlée €", "15000"])]
    assert upload.sheets[0].guessed == "cp1252"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends(line_end):
    assert rows_of(line_end.join(["name;price", "Nasi;15000", ""]).encode()) == [
        {"name": "Nasi", "price": "15000"}
    ]


def test_the_separator_that_excel_names_is_taken():
    assert rows_of(b"sep=|\r\nname|price\r\nNasi, goreng|15000\r\n")[0]["name"] == "Nasi, goreng"


def test_headings_in_any_order_case_and_language_below_a_title():
    content = "Menu Warung Satu\n\nHARGA ;stok; Nama* ;Catatan;nama\n15000;ya;Nasi;pedas;x\n"
    upload = read_upload([("menu.csv", content.encode())])
    sheet = upload.sheets[0]
    assert (sheet.fields, sheet.ignored) == (["price", "in_stock", "name"], ["Catatan", "nama"])
    assert sheet.rows == [(4, ["15000", "ya", "Nasi"])]


def test_rows_of_different_lengths_and_empty_ones():
    content = b"name,price,in stock\nNasi\n,,\n\nMie,15000,yes,,,,\n"
    assert [number for number, _ in read_upload([("a.csv", content)]).sheets[0].rows] == [2, 5]


def test_cells_of_a_workbook():
    content = workbook(
        ["external_id", "name", "price", "in stock"], [7, "Nasi", 15000.0, True], ["a", "Mie", 15.5, False]
    )
    assert rows_of(content, "menu.xlsx") == [
        {"external_id": "7", "name": "Nasi", "price": "15000", "in_stock": "true"},
        {"external_id": "a", "name": "Mie", "price": "15.5", "in_stock": "false"},
    ]


def test_sheets_of_a_workbook_are_told_apart_by_their_headings():
    content = workbook(
        ["Menu", "Nama", "Harga", "Kategori varian"],
        ["Ayam", "Geprek", 15000, "Level"],
        Varian=[["Kategori varian", "Nama", "Harga", "Pilih minimal"], ["Level", "Pedas", 0, 1]],
        Catatan=[["beli cabai"]],
    )
    upload = read_upload([("menu.xlsx", content)])
    assert [sheet.kind for sheet in upload.sheets] == ["items", "variants"]
    assert upload.skipped == ["Catatan"]


def test_what_fits_both_is_told_by_its_name():
    row = [("name", "price", "variant category"), ("Keju", "1000", "Topping")]
    assert read_upload([csv_file(*map(list, row), name="Variants.csv")]).sheets[0].kind == "variants"
    assert read_upload([csv_file(*map(list, row), name="x.csv")]).sheets[0].kind == "items"


def code_of(content):
    """Why the file is refused; "" when it is read."""
    try:
        read_upload([("x", content)])
    except FileRefused as refused:
        return refused.code
    return ""


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content):
    for start in (b"", HEAD.encode() + b"\n", b"\xff\xfe", b"PK\x03\x04"):
        assert code_of(start + content) in {"", *FILE}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    assert code_of(f"name,price\n{text}\n".encode("utf-8", "replace")) in {"", *FILE}
