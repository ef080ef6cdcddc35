"""The card of an item's picture: sent, refused in place, given by its address, taken away; with and without script."""

import io
import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from menus import fetching, pictures
from menus.models import MenuItem, Picture, PictureCheck, PictureFix
from menus.pictures import LARGEST_UPLOAD
from tests.menus_pages.conftest import Shop

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true"}


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture(autouse=True)
def _no_fetching(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that fetches an address on a request is a bug."""
    monkeypatch.setattr(fetching, "_session", lambda url: pytest.fail("a page fetched an address"))


def image(width: int = 900, height: int = 600, kind: str = "JPEG") -> bytes:
    picture = Image.new("RGB", (width, height), "red")
    picture.paste((0, 0, 255), (0, 0, width // 2, height))
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


def send(
    shop: Shop, content: bytes | None = None, who: str = "owner", field: str = "picture", **values: Any
) -> Any:
    files = {field: SimpleUploadedFile("foto.jpg", content, "image/jpeg")} if content is not None else {}
    return shop.client(who).post(shop.url("item_picture", shop.item.pk), {**files, **values}, headers=HTMX)


def item(shop: Shop) -> MenuItem:
    return MenuItem.objects.select_related("picture").get(pk=shop.item.pk)


@pytest.mark.parametrize("field", ["picture", "photo"])
def test_an_upload_saves_itself_and_is_shown(shop: Shop, field: str) -> None:
    response = send(shop, image(), field=field)
    picture = item(shop).picture
    assert response.status_code == 200
    assert picture is not None
    assert picture.side == 600
    page = response.content.decode()
    assert f"{picture.sha256}.png" in page
    assert "600 × 600 pixels" in page
    assert "<html" not in page
    assert f'"item-{shop.item.pk}"' in response.headers["HX-Trigger"]


def test_the_square_that_was_chosen_is_cut_out(shop: Shop) -> None:
    send(shop, image(1600, 800), crop_x="0.5", crop_y="0", crop_side="1")
    picture = item(shop).picture
    assert picture is not None
    red, _, blue = Image.open(picture.file.open()).convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red > 200 > 60 > blue


@pytest.mark.parametrize(
    ("content", "values", "words"),
    [
        (None, {}, "Choose a picture first"),
        (b"", {}, "empty"),
        (b"<svg onload=alert(1)>", {}, "not a picture"),
        (image(400, 400), {}, "smaller than 500"),
        (image(90, 90), {"small_ok": "1"}, "smaller than 100"),
        (image(), {"crop_x": "0.9", "crop_y": "0", "crop_side": "1"}, "does not lie within"),
        (image(), {"crop_x": "0.1"}, "does not lie within"),
        (image(), {"crop_x": "x", "crop_y": "nan", "crop_side": "\x00"}, "does not lie within"),
        (b"x" * (LARGEST_UPLOAD + 1), {}, "10 MB"),
    ],
)
def test_refusals_stand_in_place_and_change_nothing(
    shop: Shop, content: bytes | None, values: dict[str, str], words: str
) -> None:
    revision = shop.revision()
    response = send(shop, content, **values)
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert "field-wrong" in page
    assert 'role="alert"' in page
    assert "HX-Trigger" not in response.headers
    assert shop.revision() == revision
    assert not Picture.objects.exists()


def test_a_small_one_is_used_when_it_is_said_and_the_page_says_so(shop: Shop) -> None:
    assert 'name="small_ok"' in send(shop, image(400, 300)).content.decode()
    page = send(shop, image(400, 300), small_ok="1").content.decode()
    assert "smaller than 500 × 500 pixels: customers may see it blurred" in page
    picture = item(shop).picture
    assert picture is not None
    assert picture.side == 300


def test_reduced_colours_are_said(shop: Shop) -> None:
    stream = io.BytesIO()
    Image.effect_noise((1300, 1300), 90).convert("RGB").save(stream, "JPEG", quality=95)
    page = send(shop, stream.getvalue()).content.decode()
    picture = item(shop).picture
    assert picture is not None
    assert ("colours were reduced" in page) == bool(picture.facts["colours"])


def test_removing_leaves_none(shop: Shop) -> None:
    send(shop, image())
    page = send(shop, do="remove").content.decode()
    assert (item(shop).picture, item(shop).image_url) == (None, "")
    assert "None yet" in page
    assert 'value="remove"' not in page


def test_an_address_is_saved_and_looked_at_by_a_worker(shop: Shop, woken: list[Any]) -> None:
    send(shop, image())
    response = send(shop, do="address", address=" https://example.com/ayam.png ")
    assert (item(shop).picture, item(shop).image_url) == (None, "https://example.com/ayam.png")
    check = PictureCheck.objects.get()
    assert (check.merchant, check.state) == (shop.merchant, PictureCheck.State.QUEUED)
    page = response.content.decode()
    assert "every 3s" in page
    assert "We look whether GoFood can fetch it" in page


@pytest.mark.parametrize(
    "address", ["", "ayam.png", "javascript:alert(1)", "http://", "https://x/" + "a" * 3000]
)
def test_what_is_no_address_is_refused_at_its_field(shop: Shop, address: str) -> None:
    before = item(shop).image_url
    response = send(shop, do="address", address=address)
    assert response.status_code == 422
    assert "not a web address" in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert item(shop).image_url == before
    assert not PictureCheck.objects.exists()


@pytest.mark.parametrize(
    ("code", "words", "mendable"),
    [
        ("", "as GoFood asks for", False),
        ("picture_unreachable", "cannot be fetched", False),
        ("picture_private", "cannot be reached from outside", False),
        ("picture_not_png", "not a PNG", True),
        ("picture_not_square", "not square", True),
        ("picture_too_large", "larger than 1 MB", True),
        ("unheard_of", "unexpected", False),
    ],
)
def test_the_card_says_what_was_found(shop: Shop, code: str, words: str, mendable: bool) -> None:
    state = PictureCheck.State.BAD if code else PictureCheck.State.GOOD
    facts = {"kind": "JPEG", "width": 900, "height": 700, "bytes": 2_345_678, "status": 200}
    PictureCheck.objects.create(
        merchant=shop.merchant, url=shop.item.image_url, state=state, code=code, facts=facts
    )
    page = shop.client().get(shop.url("item_picture", shop.item.pk)).content.decode()
    assert words in page
    assert "JPEG, 900 × 700 pixels, 2.3 MB" in page
    assert ('value="fix"' in page) == mendable
    assert "every 3s" not in page


def test_fix_it_for_me_waits_for_a_worker_and_tells_what_went_wrong(shop: Shop) -> None:
    page = send(shop, do="fix").content.decode()
    assert "We fetch it and make a PNG of ours" in page
    assert "every 3s" in page
    PictureFix.objects.update(state=PictureFix.State.FAILED, code="not_an_image")
    page = shop.client().get(shop.url("item_picture", shop.item.pk), headers=HTMX).content.decode()
    assert "It could not be fixed." in page
    assert "<html" not in page


def test_looking_again(shop: Shop) -> None:
    send(shop, do="check")
    assert PictureCheck.objects.get().url == shop.item.image_url
    send(shop, image())
    PictureCheck.objects.all().delete()
    send(shop, do="check")
    assert not PictureCheck.objects.exists()


def test_without_script_it_is_a_page_and_forms(shop: Shop) -> None:
    client, url = shop.client(), shop.url("item_picture", shop.item.pk)
    page = client.get(url).content.decode()
    assert "<html" in page
    assert 'enctype="multipart/form-data"' in page
    response = client.post(url, {"picture": SimpleUploadedFile("a.jpg", image())}, follow=True)
    assert response.redirect_chain == [(url, 302)]
    assert "Saved. GoFood gets it when you publish." in response.content.decode()
    refused = client.post(url, {"picture": SimpleUploadedFile("a.jpg", b"nothing")})
    assert refused.status_code == 422
    assert "<html" in refused.content.decode()
    assert "not a picture" in refused.content.decode()


def test_a_cashier_may_not(shop: Shop) -> None:
    assert send(shop, image(), who="cashier").status_code == 403
    assert not Picture.objects.exists()


def test_the_card_costs_few_queries(shop: Shop, django_assert_max_num_queries: Any) -> None:
    client, url = shop.client(), shop.url("item_picture", shop.item.pk)
    with django_assert_max_num_queries(11):
        client.get(url, headers=HTMX)


def test_in_a_crowd_it_says_to_try_again_and_nothing_is_changed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send(shop, image()).status_code == 200
    before = item(shop).picture
    turn = threading.BoundedSemaphore(1)
    monkeypatch.setattr(pictures, "_TURN", turn)
    monkeypatch.setattr(pictures, "LONGEST_WAIT", 0.01)
    with turn:
        answer = send(shop, image(700, 700))
    assert answer.status_code == 422
    assert "try again in a moment" in answer.content.decode()
    assert item(shop).picture == before
    assert send(shop, image(700, 700)).status_code == 200
    assert item(shop).picture != before
