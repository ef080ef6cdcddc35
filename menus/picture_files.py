"""Reading a picture that somebody sent: every limit is asked of the header, before anything is decoded."""

import io
import math
import warnings
from dataclasses import dataclass

import pillow_heif
from PIL import Image, ImageCms, ImageOps

# What phones take (JPEG, HEIC), what browsers save (PNG, WebP, AVIF), and GIF.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "HEIF", "AVIF")
MOST_PIXELS = 40_000_000
SMALLEST_SIDE = 500
# Below this nothing can be recognised, whatever is asked for.
LEAST_SIDE = 100
LARGEST_PROFILE = 1024 * 1024
# A browser's fractions end in pixels of a smaller preview.
ROUNDING = 0.01
_SRGB = ImageCms.createProfile("sRGB")

pillow_heif.register_heif_opener()


class PictureRefused(Exception):
    """`code`: empty, too_large, too_many_pixels, not_an_image, too_small, far_too_small, odd_box, does_not_fit,
    busy."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Box:
    """A square of the upright picture: `x` of its width, `y` of its height, `side` of its shorter side."""

    x: float
    y: float
    side: float

    def check(self) -> None:
        """Raises PictureRefused when it can lie in no picture."""
        numbers = (self.x, self.y, self.side)
        if not all(map(math.isfinite, numbers)) or min(numbers) < 0 or not 0 < self.side <= 1 + ROUNDING:
            raise PictureRefused("odd_box")

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, within the picture; PictureRefused when the square is not."""
        self.check()
        shorter = min(width, height)
        fits = self.x * width + self.side * shorter <= (1 + ROUNDING) * width
        if not fits or self.y * height + self.side * shorter > (1 + ROUNDING) * height:
            raise PictureRefused("odd_box")
        side = min(max(1, round(self.side * shorter)), shorter)
        left = min(round(self.x * width), width - side)
        top = min(round(self.y * height), height - side)
        return left, top, left + side, top + side


def middle_of(width: int, height: int) -> Box:
    """The largest square in the middle."""
    shorter = min(width, height)
    return Box((width - shorter) / 2 / width, (height - shorter) / 2 / height, 1.0)


@dataclass(frozen=True)
class Header:
    """What a picture's first bytes say of it."""

    kind: str
    width: int
    height: int


def header_of(content: bytes) -> Header:
    """Kind and size; PictureRefused when it is no picture. Nothing is decoded."""
    image = _opened(content)
    return Header(image.format or "", image.width, image.height)


def read_square(content: bytes, box: Box | None, largest: int, small_ok: bool) -> tuple[Image.Image, Header]:
    """The square of the upright picture in RGB, at most `largest` wide, without metadata; and what it came from."""
    image = _opened(content)
    header = Header(image.format or "", image.width, image.height)
    if image.width * image.height > MOST_PIXELS:
        raise PictureRefused("too_many_pixels")
    if box:
        box.check()
    # By its shorter side, so that it does not matter here how the camera was held.
    side = round(min(image.size) * min(1.0, box.side if box else 1.0))
    _refuse_small(side, small_ok)
    try:
        if image.format == "JPEG":
            # A phone's picture is decoded at a fraction of its size, and of its time.
            image.draft("RGB", (image.width * largest // side, image.height * largest // side))
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        cut = (box or middle_of(*image.size)).pixels(*image.size)
        return _flat(_at_most(image.crop(cut), largest), image.info.get("icc_profile")), header
    except PictureRefused:
        raise
    except Exception:  # noqa: BLE001 - decoders raise many kinds on broken files
        raise PictureRefused("not_an_image") from None


def _refuse_small(side: int, small_ok: bool) -> None:
    if side < LEAST_SIDE:
        raise PictureRefused("far_too_small")
    if side < SMALLEST_SIDE and not small_ok:
        raise PictureRefused("too_small")


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Size is judged by our own limit, in one place.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError:
        raise PictureRefused("too_many_pixels") from None
    except Exception:  # noqa: BLE001 - as above
        raise PictureRefused("not_an_image") from None
    if not image.width or not image.height:
        raise PictureRefused("not_an_image")
    return image


def _at_most(square: Image.Image, side: int) -> Image.Image:
    if square.mode not in ("RGB", "RGBA"):
        square = square.convert("RGBA" if square.has_transparency_data else "RGB")
    return resized(square, side) if square.width > side else square


def resized(square: Image.Image, side: int) -> Image.Image:
    """The square at that side."""
    if square.width == side:
        return square
    return square.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _flat(square: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB on white in a screen's colours, and nothing else: no transparency, no profile, no metadata."""
    flat = Image.new("RGB", square.size, "white")
    flat.paste(square, mask=square.getchannel("A") if square.mode == "RGBA" else None)
    if profile and len(profile) <= LARGEST_PROFILE:
        try:
            # A new iPhone's colours would be pale without their profile.
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ImageCms.profileToProfile(flat, source, _SRGB, inPlace=True)
        except (ImageCms.PyCMSError, OSError, ValueError):
            return flat
    return flat
