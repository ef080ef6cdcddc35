"""What somebody saw when they began to type: by it, two people on one item are told of each other.

A form carries a short digest of each value that it showed. Saved is what was typed over the very
value that stands there; where another stands there by now, both are asked.
"""

import hashlib
import json
from typing import Any

from django.db.models import Model

from menus.models import MenuItem


def value_of(row: Any, field: str) -> Any:
    """The field's value as JSON has it: of another row its pk, of several their pks, of ingredients their names."""
    if field == "categories" and isinstance(row, MenuItem):
        links = sorted(row.category_links.all(), key=lambda link: (link.position, link.pk))
        return [link.category_id for link in links]
    if field == "ingredients":
        links = row.ingredient_links.all()
        if "ingredient_links" not in getattr(row, "_prefetched_objects_cache", {}):
            links = links.select_related("ingredient")
        return sorted(link.ingredient.name for link in links)
    value = getattr(row, field)
    return value.pk if isinstance(value, Model) else value


def plain(value: Any) -> Any:
    """A value that is to be saved, as `value_of` gives it."""
    if isinstance(value, list):
        return [getattr(inner, "pk", inner) for inner in value]
    return getattr(value, "pk", value)


def digest(value: Any) -> str:
    """Sixteen characters that tell this value from any other."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def seen(row: Any, field: str) -> str:
    """The digest of what stands in the field now."""
    return digest(value_of(row, field))
