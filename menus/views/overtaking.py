"""What a whole form says where somebody else was faster."""

from typing import Any

from django.utils.translation import gettext as _

from menus.forms.seen import Overtaken
from menus.views.wording import shown_value


def tell_overtaken(overtaken: Overtaken) -> None:
    """Say beside each field what stands there now; saved again, what was typed takes its place."""
    form: Any = overtaken.form
    for name, theirs in overtaken.conflict.fields.items():
        words = _("Somebody else changed this meanwhile. Save again to put yours in its place.")
        if now := shown_value(name, theirs):
            words = _(
                "Somebody else changed this to “%(now)s” meanwhile. Save again to put yours in its place."
            )
            words = words % {"now": now}
        form.add_error(name, words)
    form.show_theirs(overtaken.conflict)
