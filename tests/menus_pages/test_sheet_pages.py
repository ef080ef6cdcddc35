"""Import and export as a member meets them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from menus import editing
from menus.models import SheetUpload
from menus.sheets.reading import read_upload
from tests.menus.sheets.trees import csv_file
from tests.menus_pages.conftest import Shop

HEAD = "external_id|menu|name|price"


@pytest.fixture
def shop(cast):
    return Shop(cast)


@pytest.fixture
def client(shop):
    return shop.client()


def posted(*files):
    return {"file": [SimpleUploadedFile(name, content) for name, content in files]}


def upload(shop, client, *rows, head=HEAD):
    answer = client.post(shop.url("menu_sheets", shop.catalog.pk), posted(csv_file(head, *rows)))
    assert answer.status_code == 302
    return answer["Location"]


def plan_in(page):
    return page.context["plan"].digest


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "Choose a file first"),
        ([("menu.pdf", b"%PDF-1.7")], "“menu.pdf” is neither an Excel workbook"),
        ([("menu.csv", b"a,b\n1,2\n")], "No headings that we know"),
        ([("<b>.csv", b"")], "&lt;b&gt;.csv"),
        ([("a.csv", b"name,price\nx,1\n")] * 5, "at most four files"),
        ([("a.csv", b"x" * (5 * 1024 * 1024 + 1))], "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(shop, client, files, words):
    answer = client.post(shop.url("menu_sheets", shop.catalog.pk), posted(*files))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not SheetUpload.objects.exists()


def test_uploading_changes_nothing_and_shows_everything(shop, client):
    before = shop.revision()
    item = shop.item
    rows = (f"{item.external_id}||Ayam Geprek Baru|16.000", "|Ayam|<script>|mahal", "|Camilan|Tahu|5000")
    page = client.get(upload(shop, client, *rows)).content.decode()
    assert shop.revision() == before
    for words in (
        "1 refused",
        "1 new",
        "1 changed",
        "Row 3",
        "“mahal”",
        "Ayam Geprek Baru",
        "Rp\u00a016.000",
        "“Camilan”",
    ):
        assert words in page
    assert "<script>|" not in page
    assert "&lt;script&gt;" in page
    assert page.index("Row 3") < page.index("Row 4") < page.index("Row 2")


def test_applying_needs_a_word_about_refused_rows(shop, client):
    item = shop.item
    url = upload(shop, client, f"{item.external_id}|||16.000", "|Ayam|Tahu|mahal")
    data = {"plan": plan_in(client.get(url))}
    answer = client.post(url, data)
    assert "some rows are refused" in answer.content.decode()
    item.refresh_from_db()
    assert item.price == 15000
    answer = client.post(url, {**data, "without_refused": "1"}, follow=True)
    item.refresh_from_db()
    assert item.price == 16000
    assert "The file is imported" in answer.content.decode()


def test_a_menu_that_was_changed_meanwhile_shows_the_new_plan(shop, client):
    url = upload(shop, client, f"{shop.item.external_id}|||16.000")
    shown = plan_in(client.get(url))
    editing.save_item(shop.item, {"price": 15500}, None)
    answer = client.post(url, {"plan": shown})
    assert "The menu was changed meanwhile" in answer.content.decode()
    assert "Rp\u00a015.500" in answer.content.decode()
    client.post(url, {"plan": plan_in(answer)})
    shop.item.refresh_from_db()
    assert shop.item.price == 16000


def test_applying_twice_shows_what_was_done(shop, client):
    url = upload(shop, client, "|Ayam|Tahu|5000")
    data = {"plan": plan_in(client.get(url))}
    client.post(url, data)
    assert "The file is imported" in client.post(url, data).content.decode()
    assert shop.catalog.menu_items.filter(name="Tahu").count() == 1


def test_what_changes_nothing_offers_nothing_to_apply(shop, client):
    page = client.get(upload(shop, client, f"{shop.item.external_id}||Ayam Geprek|15000")).content.decode()
    assert "The file and the menu say the same" in page
    assert 'name="plan"' not in page


def test_rows_are_filtered_and_paged(shop, client):
    url = upload(shop, client, *[f"|Ayam|Tahu {number}|5000" for number in range(150)], "|Ayam|Tempe|x")
    first, second = client.get(url, {"show": "new"}), client.get(url, {"show": "new", "page": "2"})
    assert len(first.context["lines"]) == 100
    assert len(second.context["lines"]) == 50
    assert [line["name"] for line in client.get(url, {"show": "refused"}).context["lines"]] == ["Tempe"]
    for odd in ({"show": "\x00"}, {"page": "-1"}, {"page": "x" * 999}):
        assert client.get(url, odd).status_code == 200


@pytest.mark.parametrize(
    ("what", "content_type"),
    [("menu.xlsx", "application/vnd"), ("items.csv", "text/csv"), ("variants.csv", "text/csv")],
)
def test_downloads_are_files_that_change_nothing(shop, client, what, content_type):
    answer = client.get(shop.url("menu_sheet_file", shop.catalog.pk, what))
    assert answer["Content-Type"].startswith(content_type)
    assert answer["Content-Disposition"].startswith("attachment")
    file = (what, answer.content)
    assert read_upload([file]).sheets
    page = client.post(shop.url("menu_sheets", shop.catalog.pk), posted(file), follow=True).content.decode()
    assert "The file and the menu say the same" in page


def test_there_is_no_other_file(shop, client):
    assert client.get(shop.url("menu_sheet_file", shop.catalog.pk, "menu.exe")).status_code == 404
    assert client.get(shop.url("menu_sheet_file", shop.catalog.pk, "template.xlsx")).status_code == 200


def test_anothers_upload_is_not_there(shop, client):
    url = upload(shop, client, "|Ayam|Tahu|5000")
    assert shop.client("stranger").get(url).status_code == 404
    assert shop.client("stranger").post(url).status_code == 404
    assert shop.client("cashier").get(url).status_code == 403


def test_an_upload_that_is_gone_is_a_404(shop, client):
    url = upload(shop, client, "|Ayam|Tahu|5000")
    SheetUpload.objects.all().delete()
    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 404


def test_the_page_costs_as_many_queries_for_many_rows(shop, client, django_assert_max_num_queries):
    counts = []
    for size in (5, 500):
        url = upload(shop, client, *[f"|Ayam|Tahu {number}|5000" for number in range(size)])
        with django_assert_max_num_queries(30) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]
