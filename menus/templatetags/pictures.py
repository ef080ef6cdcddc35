"""What a template needs to show an item's picture, wherever it includes `menus/_item_picture.html`."""

from django import template

from menus.models import MenuItem
from menus.views.picture_card import Card, card_of

register = template.Library()


@register.simple_tag
def picture_card(item: MenuItem) -> Card:
    """The facts of the item's picture; at most three queries."""
    return card_of(item)
