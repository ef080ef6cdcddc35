"""What a version changed, in words."""

from django import template

from menus.views.wording import summary_of

register = template.Library()


@register.filter
def in_numbers(changes: dict[str, int]) -> str:
    """`{{ version.changes|in_numbers }}`: “Changes 3 prices, removes none.”; "" where nothing was counted."""
    return summary_of(changes) if changes else ""
