"""`python -m bench.picture_rounds ROUNDS`: the rounds of the row `picture`, in a process with Django set up."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from PIL import Image, ImageFilter

WIDTH, HEIGHT, SIDE = 4000, 3000, 1200


def main(rounds: int) -> None:
    """Print, for each photograph, the seconds of each round and what came out, as JSON."""
    django.setup()
    from menus.pictures import make_square

    measured: list[dict[str, Any]] = []
    for name, grain in (("calm", 3), ("grainy", 60)):
        content = photograph(grain)
        one: dict[str, Any] = {"name": name, "sent": len(content), "ours": [], "plain": []}
        for _ in range(rounds):
            seconds, png = timed(lambda content=content: plain(content))
            one["plain"].append(seconds)
            one["plain_bytes"] = len(png)
            seconds, made = timed(lambda content=content: make_square(content))
            one["ours"].append(seconds)
            one.update(side=made.side, bytes=len(made.png), colours=made.colours)
        measured.append(one)
    print(json.dumps(measured))


def photograph(grain: int) -> bytes:
    """A JPEG of 12 megapixels as a phone takes it: soft shapes, and more or less grain."""
    soft = Image.radial_gradient("L").resize((WIDTH, HEIGHT))
    slope = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    noise = Image.effect_noise((WIDTH, HEIGHT), grain).filter(ImageFilter.GaussianBlur(1))
    bands = [Image.blend(band, noise, 0.4) for band in (soft, slope, slope.rotate(180))]
    stream = io.BytesIO()
    Image.merge("RGB", bands).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def plain(content: bytes) -> bytes:
    """What a few lines with Pillow do: decoded, cut, made smaller, saved; of whatever size it comes out."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    left = (image.width - image.height) // 2
    square = image.crop((left, 0, left + image.height, image.height))
    stream = io.BytesIO()
    square.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(stream, "PNG")
    return stream.getvalue()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


if __name__ == "__main__":
    main(int(sys.argv[1]))
