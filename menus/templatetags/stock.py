"""A moment in a few words, by the outlet's clock."""

from django import template

from gobiz_admin.merchants import moments

register = template.Library()
when = register.filter("when", moments.when)
