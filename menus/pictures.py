"""Pictures: made square PNGs of at most 1 MB, stored by content, served without login.

Source: gobiz-api.md, "Catalog": at most 1 MB, 1:1, `image/png`, publicly reachable.
"""

import hashlib
import io
import warnings
from collections.abc import Iterator

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps

from gobiz_admin.merchants.models import Merchant
from menus.models import Picture

LARGEST_UPLOAD = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
LARGEST_PNG = 1_000_000
LARGEST_SIDE = 1200
SMALLEST_SIDE = 500
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Tried one after the other until the PNG is small enough.
SIDES = (1200, 1000, 800, 640, SMALLEST_SIDE)
COLOURS = (256, 128, 64)
# About what a photo's PNG keeps of its size with 256 colours.
BYTES_LEFT_BY_PALETTE = 0.4


class PictureRefused(Exception):
    """`code`: empty, too_large, too_many_pixels, not_an_image, too_small, does_not_fit."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def store_picture(merchant: Merchant, upload: UploadedFile) -> Picture:
    """The merchant's picture of that content, made and stored if it is new."""
    side, png = square_png(_content(upload))
    sha256 = hashlib.sha256(png).hexdigest()
    name = f"pictures/{merchant.pk}/{sha256}.png"
    if not default_storage.exists(name):
        name = default_storage.save(name, ContentFile(png))
    picture, _ = Picture.objects.get_or_create(
        merchant=merchant, sha256=sha256, defaults={"file": name, "side": side, "size": len(png)}
    )
    return picture


def _content(upload: UploadedFile) -> bytes:
    if not upload.size:
        raise PictureRefused("empty")
    if upload.size > LARGEST_UPLOAD:
        raise PictureRefused("too_large")
    upload.seek(0)
    return upload.read()


def square_png(content: bytes) -> tuple[int, bytes]:
    """Its side in pixels, and the PNG: upright, its middle, without what a camera wrote into it."""
    image = _decoded(content)
    if min(image.size) < SMALLEST_SIDE:
        raise PictureRefused("too_small")
    for side, png in _candidates(_square(image)):
        if len(png) <= LARGEST_PNG:
            return side, png
    raise PictureRefused("does_not_fit")


def _decoded(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Size is judged below, in one place, by the header: nothing is decoded before.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise PictureRefused("too_many_pixels")
            if image.format == "JPEG":
                # A phone's picture is decoded at a fraction of its size, and of its time.
                image.draft("RGB", (LARGEST_SIDE * 2, LARGEST_SIDE * 2))
            image.load()
            return _flat(ImageOps.exif_transpose(image))
    except PictureRefused:
        raise
    except Image.DecompressionBombError:
        raise PictureRefused("too_many_pixels") from None
    except Exception:  # noqa: BLE001 - decoders raise many kinds on broken files
        raise PictureRefused("not_an_image") from None


def _flat(image: Image.Image) -> Image.Image:
    """RGB on white, and nothing else: no transparency, no palette, no metadata."""
    if not image.has_transparency_data:
        flat = Image.new("RGB", image.size)
        flat.paste(image.convert("RGB"))
        return flat
    rgba = image.convert("RGBA")
    flat = Image.new("RGB", rgba.size, "white")
    flat.paste(rgba, mask=rgba.getchannel("A"))
    return flat


def _square(image: Image.Image) -> Image.Image:
    """The middle of the picture, at most as large as the largest PNG that we make."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return _resized(image.crop((left, top, left + side, top + side)), min(side, LARGEST_SIDE))


def _resized(square: Image.Image, side: int) -> Image.Image:
    if square.width == side:
        return square
    return square.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _candidates(largest: Image.Image) -> Iterator[tuple[int, bytes]]:
    """The picture at each size: in all its colours, then in fewer; far fewer only at the smallest size."""
    whole = _png(largest)
    yield largest.width, whole
    for side in [largest.width, *(side for side in SIDES if side < largest.width)]:
        square = _resized(largest, side)
        # Seldom does a photo compress much better when it is smaller: most tries can be spared.
        expected = len(whole) * (side / largest.width) ** 2
        if side != largest.width and expected < 1.3 * LARGEST_PNG:
            yield side, _png(square)
        for colours in COLOURS if side == SIDES[-1] else COLOURS[:1]:
            if expected * BYTES_LEFT_BY_PALETTE < 1.3 * LARGEST_PNG or side == SIDES[-1]:
                yield side, _png(_with_colours(square, colours))


def _with_colours(square: Image.Image, colours: int) -> Image.Image:
    # The best colours are found in a thumbnail, in a tenth of the time.
    palette = square.resize((300, 300)).quantize(colours)
    return square.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def public_url(picture: Picture) -> str:
    """Where GoBiz fetches it: the address names the content, so it never changes its meaning."""
    return f"{settings.PUBLIC_BASE_URL}/pictures/{picture.sha256}.png"
