"""What is sent to GoFood for an outlet. Source: gobiz-api.md, "Catalog" and "How we read": Sending."""

import hashlib
import json
from typing import Any

from gobiz_admin.merchants.models import Outlet
from menus.hours import sendable
from menus.models import Catalog
from menus.pictures import public_url
from menus.tree import CategoryNode, ItemNode, Tree, VariantNode, load_tree

Payload = dict[str, Any]


def items_of(payload: Payload) -> list[Payload]:
    """The items of all menus of a payload, in their order."""
    return [item for menu in payload["menus"] for item in menu["menu_items"]]


def variants_of(payload: Payload) -> list[Payload]:
    """The variants of all variant categories of a payload, in their order."""
    return [variant for category in payload["variant_categories"] for variant in category["variants"]]


def build_payload(outlet: Outlet) -> Payload:
    """`menus` and `variant_categories` of the outlet's catalog as it is now, in the shape of PUT catalog."""
    catalog = Catalog.objects.get(sellings__outlet=outlet)
    return payload_of(load_tree(catalog, outlet))


def payload_of(tree: Tree) -> Payload:
    """The payload of a loaded tree: nothing is read, nothing is written."""
    menus = []
    for menu in tree.menus:
        items = [_item(item) for item in menu.items if not item.hidden]
        # A menu that is empty here only because all of it is hidden is hidden too.
        if items or not menu.items:
            menus.append({"name": menu.menu.name, "menu_items": items})
    return {"menus": menus, "variant_categories": [_category(category) for category in tree.categories]}


def _item(node: ItemNode) -> Payload:
    item = node.item
    image = public_url(item.picture) if item.picture else item.image_url
    optional = {"internal_name": item.internal_name, "description": item.description, "image": image}
    return {
        "external_id": item.external_id,
        "name": item.name,
        **{name: value for name, value in optional.items() if value},
        "in_stock": node.in_stock,
        "price": node.price,
        "operational_hours": sendable(item.operational_hours),
        "variant_category_external_ids": [category.category.external_id for category in node.categories],
    }


def _category(node: CategoryNode) -> Payload:
    category = node.category
    selection = {"min_quantity": category.min_quantity, "max_quantity": category.max_quantity}
    return {
        "external_id": category.external_id,
        "name": category.name,
        **({"internal_name": category.internal_name} if category.internal_name else {}),
        "rules": {"selection": selection},
        "variants": [_variant(variant) for variant in node.variants if not variant.hidden],
    }


def _variant(node: VariantNode) -> Payload:
    return {
        "external_id": node.variant.external_id,
        "name": node.variant.name,
        "price": node.price,
        "in_stock": node.in_stock,
    }


def checksum(payload: Payload) -> str:
    """SHA-256 over the payload's canonical JSON: the same content, the same checksum."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
