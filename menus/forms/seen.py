"""A whole form that knows what was seen in it: saved is what was typed over that, and nothing else."""

from collections.abc import Callable
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from gobiz_admin.merchants.models import User
from menus.editing import EditConflict, Shown, Thing, Values
from menus.seen import digest, plain, seen

Save = Callable[[Any, Values, User | None, Shown | None], list[str]]


class Overtaken(Exception):
    """Somebody else changed `conflict.fields` since `form` was shown; nothing is saved."""

    def __init__(self, form: "SeenMixin", conflict: EditConflict) -> None:
        super().__init__(str(conflict))
        self.form, self.conflict = form, conflict


class SeenMixin:
    """A form of a row that is there already; a page may be open for an hour before it is saved."""

    data: Any
    is_bound: bool
    add_prefix: Callable[[str], str]
    _now: Shown

    def remember(self, row: Thing | None, *fields: str) -> None:
        """Carry what stands in these fields of the row; a new row has nothing that was seen."""
        self._now = {field: seen(row, field) for field in fields} if row else {}

    @property
    def shown(self) -> Shown:
        """What was seen in the fields, as the form was sent; nothing of a field that says nothing of it."""
        sent = {field: self.data.get(self._name(field)) for field in self._now} if self.is_bound else {}
        return {field: value for field, value in sent.items() if value}

    @property
    def shown_inputs(self) -> SafeString:
        """What the form sends again."""
        pairs = [(self._name(field), self.shown.get(field, now)) for field, now in self._now.items()]
        return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)

    def _name(self, field: str) -> str:
        return self.add_prefix(f"shown-{field}")

    def save_over(self, save: Save, row: Thing, values: Values, user: User | None) -> list[str]:
        """What `save` saved of the values that were typed over others; Overtaken, and nothing is saved."""
        shown = self.shown
        typed = {field: value for field, value in values.items() if shown.get(field) != digest(plain(value))}
        try:
            return save(row, typed, user, shown)
        except EditConflict as conflict:
            raise Overtaken(self, conflict) from conflict

    def show_theirs(self, conflict: EditConflict) -> None:
        """The next press is of somebody who has seen what stands there now."""
        data = self.data.copy()
        data.update({self._name(field): digest(theirs) for field, theirs in conflict.fields.items()})
        self.data = data
