"""“Try it at one outlet first”, as the forms of publishing together and of bringing everything back say it."""

from django.utils.translation import gettext_lazy

from gobiz_admin.merchants.models import Outlet
from gobiz_admin.merchants.tenancy import MemberRequest
from menus.rollouts.starting import RolloutRefused

NOT_CHOSEN = gettext_lazy(
    "The outlet at which you want to try it first is not among the chosen ones. Nothing was sent: choose it, or "
    "another one to try it at."
)


def chosen_and_first(request: MemberRequest) -> tuple[list[Outlet], list[Outlet]]:
    """The chosen outlets, and the one of them to try it at, if any; RolloutRefused when that was not chosen."""
    wanted, trial = set(request.POST.getlist("outlets")), request.POST.get("pilot")
    chosen = [outlet for outlet in request.place.chosen_outlets if str(outlet.pk) in wanted]
    first = [outlet for outlet in chosen if str(outlet.pk) == trial]
    if trial and not first:
        raise RolloutRefused("pilot")
    return chosen, first
