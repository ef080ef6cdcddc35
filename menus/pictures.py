"""Pictures: made square PNGs of at most 1 MB, stored by content, served without login.

Source: gobiz-api.md, "Catalog": at most 1 MB, 1:1, `image/png`, publicly reachable.
"""

import hashlib
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from PIL import Image

from gobiz_admin.merchants.models import Merchant
from menus.models import MenuItem, Picture
from menus.picture_files import (
    SMALLEST_SIDE,
    Box,
    Header,
    PictureRefused,
    read_square,
    resized,
)

__all__ = [
    "Box",
    "Made",
    "PictureRefused",
    "keep_picture",
    "make_square",
    "public_url",
    "shown_address",
    "square_png",
    "store_picture",
]

LARGEST_UPLOAD = 10 * 1024 * 1024
LARGEST_PNG = 1_000_000
LARGEST_SIDE = 1200
# Tried one after the other until the PNG is small enough.
SIDES = (1200, 1000, 800, 640, SMALLEST_SIDE)
COLOURS = (256, 128, 64)
# About what a photo's PNG keeps of its size with 256 colours.
BYTES_LEFT_BY_PALETTE = 0.4
# A large picture takes some 120 MB while it is decoded: a crowd of uploads waits for its turn, but holds no
# thread of the web process for longer than some of them take.
_TURN = threading.BoundedSemaphore(2)
LONGEST_WAIT = 10.0


@dataclass(frozen=True)
class Made:
    """A square PNG; `colours` is 0 when it has all of them. `source`: what it was made from."""

    side: int
    png: bytes
    colours: int
    source: Header

    @property
    def facts(self) -> dict[str, Any]:
        """What was done to it, for the page to say."""
        return {
            "side": self.side,
            "bytes": len(self.png),
            "colours": self.colours,
            "from": [self.source.kind, self.source.width, self.source.height],
        }


def store_picture(
    merchant: Merchant, upload: UploadedFile, box: Box | None = None, small_ok: bool = False
) -> Picture:
    """The merchant's picture of that content, made and stored if it is new; `box` is cut out, else the middle."""
    return keep_picture(merchant, make_square(_content(upload), box, small_ok))


def keep_picture(merchant: Merchant, made: Made) -> Picture:
    """The merchant's picture of that PNG, stored if it is new."""
    sha256 = hashlib.sha256(made.png).hexdigest()
    name = f"pictures/{merchant.pk}/{sha256}.png"
    if not default_storage.exists(name):
        name = default_storage.save(name, ContentFile(made.png))
    values = {"file": name, "side": made.side, "size": len(made.png), "facts": made.facts}
    return Picture.objects.get_or_create(merchant=merchant, sha256=sha256, defaults=values)[0]


def _content(upload: UploadedFile) -> bytes:
    if not upload.size:
        raise PictureRefused("empty")
    if upload.size > LARGEST_UPLOAD:
        raise PictureRefused("too_large")
    upload.seek(0)
    return upload.read()


def square_png(content: bytes, box: Box | None = None, small_ok: bool = False) -> tuple[int, bytes]:
    """Its side in pixels, and the PNG: upright, its middle or the box, without what a camera wrote into it."""
    made = make_square(content, box, small_ok)
    return made.side, made.png


def make_square(content: bytes, box: Box | None = None, small_ok: bool = False) -> Made:
    """The square PNG of a picture in any of the formats that we read; raises PictureRefused.

    Smaller than 500 × 500 only where that is what the picture has, and `small_ok`. Refused as "busy" when others
    are made for so long that its turn does not come.
    """
    with _turn():
        square, source = read_square(content, box, LARGEST_SIDE, small_ok)
        for side, colours, png in _candidates(square):
            if len(png) <= LARGEST_PNG:
                return Made(side, png, colours, source)
    raise PictureRefused("does_not_fit")


@contextmanager
def _turn() -> Iterator[None]:
    if not _TURN.acquire(timeout=LONGEST_WAIT):
        raise PictureRefused("busy")
    try:
        yield
    finally:
        _TURN.release()


def _candidates(largest: Image.Image) -> Iterator[tuple[int, int, bytes]]:
    """The picture at each size: in all its colours, then in fewer; far fewer only at the smallest size."""
    whole = _png(largest)
    yield largest.width, 0, whole
    for side in [largest.width, *(side for side in SIDES if side < largest.width)]:
        square = resized(largest, side)
        # Seldom does a photo compress much better when it is smaller: most tries can be spared.
        expected = len(whole) * (side / largest.width) ** 2
        if side != largest.width and expected < 1.3 * LARGEST_PNG:
            yield side, 0, _png(square)
        for colours in COLOURS if side == SIDES[-1] else COLOURS[:1]:
            if expected * BYTES_LEFT_BY_PALETTE < 1.3 * LARGEST_PNG or side == SIDES[-1]:
                yield side, colours, _png(_with_colours(square, colours))


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


def shown_address(item: MenuItem) -> str:
    """Where the item's picture stands: ours, else that of the live menu or the merchant; "" when it has none."""
    return public_url(item.picture) if item.picture else item.image_url
