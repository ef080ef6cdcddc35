"""Words for times and events."""

from django import template

from webhooks import event_words, lag

register = template.Library()


@register.filter
def duration(seconds: float | None) -> str:
    return lag.duration(seconds)


@register.filter(name="event_words")
def event_in_words(event_name: str) -> str:
    return event_words.in_words(event_name)
