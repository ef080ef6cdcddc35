"""What a check of an app found, on its way into its row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """`code` names the sentence (check_words.py), `facts` fill it in: plain JSON without secrets or addresses."""

    passed: bool
    code: str
    facts: dict[str, Any] = field(default_factory=dict)
    # It may pass by itself: look again soon.
    transient: bool = False
    retry_after: float = 0.0
