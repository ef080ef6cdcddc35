"""What GoFood has under an id that we do not know, in words, with what we propose."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from menus.live_ids import ADOPT, Stray
from menus.views.wording import OF_WORDS

LEAVE, BIND, OTHER = "leave", "bind", "other"


@dataclass
class Line:
    """One stray with what is chosen for it (leave, bind to what we take it for, another one, or adopt),
    what was typed for another one, and what is wrong with that."""

    stray: Stray
    choice: str
    typed: str = ""
    error: str = ""

    @property
    def field(self) -> str:
        return f"{self.stray.kind}-{self.stray.index}"

    @property
    def of(self) -> str:
        return str(OF_WORDS[self.stray.kind])

    @property
    def adopts(self) -> str:
        return ADOPT

    @property
    def proposal(self) -> str:
        """What binding it to what we take it for does."""
        stray = self.stray
        if stray.ours is None:
            return ""
        if stray.takes_id:
            return _("it takes GoFood's id; orders for it are recognised at once")
        return _("it keeps its own id, which the next publish brings to GoFood")


def lines_of(strays: list[Stray]) -> list[Line]:
    """Each stray with our proposal: what we take it for, else a new one."""
    return [Line(stray, BIND if stray.ours is not None else ADOPT) for stray in strays]
