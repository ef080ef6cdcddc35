"""Drawn pictures of food for the seeded menus: PNG, square, small, the same for the same name."""

import hashlib
import io
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from PIL import Image, ImageDraw

SIZE = 600
DRINKS = ("es-", "teh", "kopi", "jus", "wedang", "air-", "susu")
SOUPS = ("soto", "sop", "bakso", "mie", "bubur", "rawon", "sayur", "kolak")
Colour = tuple[int, int, int]

TABLES: list[Colour] = [(250, 236, 214), (226, 240, 228), (252, 226, 214), (226, 236, 246), (244, 232, 240)]
FOODS: list[Colour] = [
    (196, 106, 42),
    (222, 158, 60),
    (158, 78, 40),
    (206, 72, 48),
    (232, 188, 92),
    (120, 72, 48),
]
GREENS: list[Colour] = [(86, 150, 70), (120, 176, 78), (58, 126, 72)]
LIQUIDS: list[Colour] = [(176, 98, 44), (232, 152, 48), (208, 84, 84), (122, 84, 60), (146, 190, 92)]


def picture(request: HttpRequest, slug: str) -> HttpResponse:
    response = HttpResponse(draw(slug), content_type="image/png")
    patch_cache_control(response, public=True, max_age=86400)
    return response


@lru_cache(maxsize=256)
def draw(slug: str) -> bytes:
    """The PNG of a dish: a glass, a bowl or a plate on a coloured table, by its name."""
    chance = list(hashlib.sha256(slug.encode()).digest())
    image = Image.new("RGB", (SIZE, SIZE), _pick(TABLES, chance[0]))
    pen = ImageDraw.Draw(image)
    if slug.startswith(DRINKS):
        _glass(pen, chance)
    else:
        _dish(pen, chance, is_soup=slug.startswith(SOUPS))
    small = image.quantize(64)  # flat colours: a palette makes the file a tenth as big
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def _glass(pen: ImageDraw.ImageDraw, chance: list[int]) -> None:
    liquid = _pick(LIQUIDS, chance[1])
    pen.ellipse((170, 500, 430, 550), fill=_darker(_pick(TABLES, chance[0]), 24))
    pen.polygon([(190, 110), (410, 110), (380, 525), (220, 525)], fill=(246, 250, 252))
    pen.polygon([(198, 190), (402, 190), (376, 515), (224, 515)], fill=liquid)
    pen.ellipse((198, 172, 402, 208), fill=_lighter(liquid, 40))
    for index in range(3):
        left, top = 225 + index * 52, 200 + chance[2 + index] % 50
        pen.rounded_rectangle((left, top, left + 44, top + 44), 8, fill=_lighter(liquid, 70))
    pen.line([(330, 200), (375, 50)], fill=_pick(GREENS, chance[6]), width=14)


def _dish(pen: ImageDraw.ImageDraw, chance: list[int], is_soup: bool) -> None:
    pen.ellipse((60, 76, 552, 568), fill=_darker(_pick(TABLES, chance[0]), 28))
    pen.ellipse((50, 50, 550, 550), fill=(255, 255, 255))
    pen.ellipse((92, 92, 508, 508), fill=_pick(LIQUIDS, chance[1]) if is_soup else (244, 244, 240))
    if not is_soup:
        pen.ellipse((130, 190, 340, 400), fill=(255, 252, 240), outline=(232, 226, 206), width=5)
    for index in range(5 if is_soup else 3):
        _piece(pen, chance, index, is_soup)
    for index in range(6):
        left, top = 150 + chance[16 + index] % 260, 150 + chance[22 + index] % 260
        pen.ellipse((left, top, left + 26, top + 18), fill=_pick(GREENS, chance[26 + index % 3]))


def _piece(pen: ImageDraw.ImageDraw, chance: list[int], index: int, is_soup: bool) -> None:
    """One rounded piece of food with a light on it."""
    colour = _pick(FOODS, chance[2] + index)
    left = (150 if is_soup else 290) + chance[4 + index] % (190 if is_soup else 60)
    top = (150 + chance[9 + index] % 190) if is_soup else 140 + index * 105
    size = 90 + chance[3] % 40
    pen.rounded_rectangle((left, top, left + size + 30, top + size), 42, fill=colour)
    pen.arc((left + 12, top + 12, left + size, top + size - 12), 190, 280, fill=_lighter(colour, 50), width=8)


def _pick(colours: list[Colour], number: int) -> Colour:
    return colours[number % len(colours)]


def _lighter(colour: Colour, by: int) -> Colour:
    return (min(255, colour[0] + by), min(255, colour[1] + by), min(255, colour[2] + by))


def _darker(colour: Colour, by: int) -> Colour:
    return (max(0, colour[0] - by), max(0, colour[1] - by), max(0, colour[2] - by))
