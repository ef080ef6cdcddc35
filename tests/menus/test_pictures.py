"""Pictures: any square enough photo becomes a small PNG, anything else a clear refusal."""

import io
import random
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from menus import pictures
from menus.models import Picture
from menus.pictures import PictureRefused, public_url, square_png, store_picture
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


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
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
