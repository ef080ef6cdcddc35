"""Pictures: any square enough photo becomes a small PNG, anything else a clear refusal."""

import io
import random
import struct
import threading
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from menus import pictures
from menus.models import Picture
from menus.picture_files import header_of
from menus.pictures import Box, PictureRefused, make_square, public_url, square_png, store_picture
from menus.views.pictures import picture
from tests.factories import MerchantFactory


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(width=800, height=600, colour="red"):
    return Image.new("RGB", (width, height), colour)


def noise(side):
    return Image.frombytes("RGB", (side, side), random.Random(1).randbytes(side * side * 3))


def bomb(width, height):
    """A PNG whose header promises far more than it holds."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no picture at all", "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
        (encoded(plain())[:2000], "not_an_image"),
        (encoded(plain(), "BMP"), "not_an_image"),
        (bomb(6000, 6000), "not_an_image"),
        (bomb(7000, 7000), "too_many_pixels"),
        (bomb(100_000, 100_000), "too_many_pixels"),
        (encoded(plain(499, 2000)), "too_small"),
        (encoded(plain(99, 2000)), "far_too_small"),
        (encoded(plain(), "HEIF")[:-50], "not_an_image"),
        (encoded(plain(), "AVIF")[:300], "not_an_image"),
        (encoded(plain(), "TIFF"), "not_an_image"),
    ],
)
def test_refused(content, code):
    with pytest.raises(PictureRefused) as refused:
        square_png(content)
    assert refused.value.code == code


def test_size_is_judged_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST_UPLOAD", 10)
    with pytest.raises(PictureRefused) as refused:
        store_picture(MerchantFactory.build(), SimpleUploadedFile("x.png", b"x" * 11))
    assert refused.value.code == "too_large"
    with pytest.raises(PictureRefused) as refused:
        store_picture(MerchantFactory.build(), SimpleUploadedFile("x.png", b""))
    assert refused.value.code == "empty"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "HEIF", "AVIF"])
def test_becomes_a_square_png_of_its_middle(kind):
    image = plain(1800, 600)
    image.paste("blue", (600, 0, 1200, 600))
    side, png = square_png(encoded(image, kind))
    result = Image.open(io.BytesIO(png))
    assert (side, result.size, result.format) == (600, (600, 600), "PNG")
    red, _, blue = result.convert("RGB").getpixel((300, 300))
    assert blue > 200 > 60 > red


def test_a_noisy_photo_is_made_to_fit():
    side, png = square_png(encoded(noise(2000), "JPEG", quality=90))
    assert len(png) <= 1_000_000
    assert side >= 500


def test_upright_and_without_metadata():
    image = plain(600, 600)
    image.paste("blue", (0, 0, 600, 300))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    exif[0x010E] = "taken at home"
    _, png = square_png(encoded(image, "JPEG", exif=exif))
    result = Image.open(io.BytesIO(png)).convert("RGB")
    assert result.getpixel((300, 590))[2] > 200
    assert b"taken at home" not in png
    assert not Image.open(io.BytesIO(png)).getexif()


def quarters(width=1200, height=800, **options):
    """Red, green over blue, white: where a box lies can be told by its colour."""
    image = Image.new("RGB", (width, height), "white")
    image.paste((255, 0, 0), (0, 0, width // 2, height // 2))
    image.paste((0, 255, 0), (width // 2, 0, width, height // 2))
    image.paste((0, 0, 255), (0, height // 2, width // 2, height))
    return encoded(image, **options)


def colour_in(png, x=0.5, y=0.5):
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return image.getpixel((int(x * image.width), int(y * image.height)))


def test_the_chosen_box_is_cut_out():
    made = make_square(quarters(2400, 1600), Box(0.5, 0, 0.5))
    assert made.side == 800
    assert colour_in(made.png) == (0, 255, 0)
    assert colour_in(make_square(quarters(2400, 1600), Box(0, 0.5, 0.5)).png) == (0, 0, 255)


def test_the_box_is_of_the_upright_picture():
    exif = Image.Exif()
    exif[0x0112] = 6  # held upright: shown turned to the right
    made = make_square(quarters(2400, 1600, kind="JPEG", quality=95, exif=exif), Box(0, 0, 0.5))
    red, green, blue = colour_in(made.png)
    assert blue > 200 > 60 > red + green


@pytest.mark.parametrize(
    "box",
    [
        Box(0.6, 0, 0.9),
        Box(0, 0.6, 0.9),
        Box(-0.1, 0, 0.5),
        Box(0, 0, 0),
        Box(0, 0, -1),
        Box(0, 0, 1.5),
        Box(float("nan"), 0, 1),
        Box(0, float("inf"), 1),
        Box(0, 0, float("nan")),
        Box(1e308, 1e308, 1),
    ],
)
def test_a_box_outside_the_picture_is_refused(box):
    with pytest.raises(PictureRefused) as refused:
        make_square(encoded(plain(1000, 1000)), box, small_ok=True)
    assert refused.value.code in ("odd_box", "far_too_small")


def test_a_browsers_rounding_is_no_mistake():
    assert make_square(encoded(plain(900, 600)), Box(0.3333334, 0, 1.0000001)).side == 600


def test_what_is_small_is_taken_only_when_it_is_said():
    content = encoded(plain(1000, 1000))
    with pytest.raises(PictureRefused) as refused:
        make_square(content, Box(0, 0, 0.4))
    assert refused.value.code == "too_small"
    assert make_square(content, Box(0, 0, 0.4), small_ok=True).side == 400


def test_what_was_done_is_told():
    facts = make_square(encoded(noise(1500), "JPEG", quality=95)).facts
    assert facts["from"] == ["JPEG", 1500, 1500]
    assert facts["colours"] in (256, 128, 64)
    assert facts["bytes"] <= 1_000_000
    assert make_square(encoded(plain(700, 600))).facts["colours"] == 0


def test_wide_colours_become_those_of_a_screen():
    # A profile that swaps nothing but gamma is enough to see that it is applied, and gone.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    png = make_square(encoded(plain(600, 600, (180, 90, 40)), "PNG", icc_profile=profile)).png
    assert "icc_profile" not in Image.open(io.BytesIO(png)).info
    broken = make_square(encoded(plain(600, 600, (180, 90, 40)), "PNG", icc_profile=b"no profile")).png
    assert colour_in(broken) == (180, 90, 40)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_becomes_rgb(mode):
    png = make_square(encoded(Image.new(mode, (600, 600)), "JPEG" if mode == "CMYK" else "PNG")).png
    assert Image.open(io.BytesIO(png)).mode in ("RGB", "P")


SOURCES = [encoded(noise(520), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "HEIF", "AVIF")]


def is_square_or_refused(content, box=None):
    try:
        made = make_square(content, box, small_ok=True)
    except PictureRefused as refused:
        return refused.code
    image = Image.open(io.BytesIO(made.png))
    assert image.size == (made.side, made.side)
    assert image.format == "PNG"
    assert len(made.png) <= 1_000_000
    return ""


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=4000))
def test_random_bytes_are_refused(content):
    assert is_square_or_refused(content)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SOURCES), st.floats(0, 0.999))
def test_what_was_cut_short_is_refused_or_whole(content, part):
    # GIF's last frame, and a JPEG's or WebP's last bytes, may be missing without that anything is.
    is_square_or_refused(content[: int(len(content) * part)])


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(SOURCES), st.data())
def test_damage_never_leaks_out(content, data):
    damaged = bytearray(content)
    for place in data.draw(st.lists(st.integers(0, min(400, len(content) - 1)), max_size=6)):
        damaged[place] = data.draw(st.integers(0, 255))
    is_square_or_refused(bytes(damaged))


@settings(max_examples=80, deadline=None)
@given(*[st.floats(allow_nan=True, allow_infinity=True)] * 3)
def test_any_numbers_are_a_box_or_refused(x, y, side):
    is_square_or_refused(SOURCES[0], Box(x, y, side))


@settings(max_examples=60, deadline=None)
@given(st.integers(100, 900), st.integers(100, 900), st.floats(0, 1), st.floats(0, 1), st.floats(0.2, 1))
def test_every_square_within_is_taken(width, height, along, down, side):
    shorter = min(width, height)
    box = Box(along * (1 - side * shorter / width), down * (1 - side * shorter / height), side)
    left, top, right, bottom = box.pixels(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert right - left == bottom - top


@pytest.mark.parametrize("kind", ["PNG", "GIF", "HEIF", "AVIF", "WEBP"])
def test_a_bomb_is_refused_by_its_header(kind, monkeypatch):
    """40 million pixels are many to make: the limit is lowered instead, and decoding forbidden."""
    content = encoded(plain(), kind)
    assert header_of(content).width == 800
    monkeypatch.setattr("menus.picture_files.MOST_PIXELS", 1000)
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("it was decoded"))
    with pytest.raises(PictureRefused) as refused:
        make_square(content)
    assert refused.value.code == "too_many_pixels"


def test_transparency_becomes_white():
    _, png = square_png(encoded(Image.new("RGBA", (600, 600), (0, 0, 0, 0))))
    assert Image.open(io.BytesIO(png)).convert("RGB").getpixel((1, 1)) == (255, 255, 255)


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def test_the_same_picture_is_stored_once_per_merchant(db, media):
    content = encoded(plain())
    merchant = MerchantFactory()
    first = store_picture(merchant, SimpleUploadedFile("a.png", content))
    again = store_picture(merchant, SimpleUploadedFile("b.jpg", content))
    other = store_picture(MerchantFactory(), SimpleUploadedFile("a.png", content))
    assert first.pk == again.pk != other.pk
    assert public_url(first) == public_url(other) == f"http://testserver/pictures/{first.sha256}.png"
    assert first.file.name == f"pictures/{merchant.pk}/{first.sha256}.png"
    assert Picture.objects.count() == 2
    assert len(list(media.rglob("*.png"))) == 2


def test_served_without_login_for_ever(db, media, rf):
    stored = store_picture(MerchantFactory(), SimpleUploadedFile("a.png", encoded(plain())))
    response = picture(rf.get("/"), sha256=stored.sha256)
    assert response["Content-Type"] == "image/png"
    assert "immutable" in response["Cache-Control"]
    assert len(b"".join(response.streaming_content)) == stored.size
    assert response["Content-Length"] == str(stored.size)
    assert stored.facts["side"] == stored.side


def test_who_has_it_is_told_that_it_has_not_changed(db, media, client):
    stored = store_picture(MerchantFactory(), SimpleUploadedFile("a.png", encoded(plain())))
    address = f"/pictures/{stored.sha256}.png"
    first = client.get(address)
    assert first.status_code == 200
    assert "Cookie" not in first.headers.get("Vary", "")
    assert len(b"".join(first.streaming_content)) == stored.size
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in again["Cache-Control"]
    assert client.get(f"/pictures/{'0' * 64}.png").status_code == 404
    other = client.get(address, headers={"if-none-match": '"another"'})
    assert other.status_code == 200
    assert b"".join(other.streaming_content).startswith(b"\x89PNG")
    assert client.head(address).status_code == 200


def test_a_lost_file_is_a_404_and_comes_back_with_the_next_upload(db, media, client):
    merchant, content = MerchantFactory(), encoded(plain())
    stored = store_picture(merchant, SimpleUploadedFile("a.png", content))
    next(media.rglob("*.png")).unlink()
    address = f"/pictures/{stored.sha256}.png"
    assert client.get(address).status_code == 404
    store_picture(merchant, SimpleUploadedFile("a.png", content))
    response = client.get(address)
    assert response.status_code == 200
    assert len(b"".join(response.streaming_content)) == stored.size


# --- a crowd ----------------------------------------------------------------------------------


def test_one_whose_turn_does_not_come_is_refused_and_takes_nobodys_turn(monkeypatch):
    turn = threading.BoundedSemaphore(1)
    monkeypatch.setattr(pictures, "_TURN", turn)
    monkeypatch.setattr(pictures, "LONGEST_WAIT", 0.01)
    content = encoded(plain(600, 600))
    with turn:
        for _ in range(2):
            with pytest.raises(PictureRefused, match="busy"):
                make_square(content)
    with pytest.raises(PictureRefused, match="not_an_image"):
        make_square(b"no picture")
    assert make_square(content).side == 600
