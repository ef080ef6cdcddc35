"""What every command for operators and scripts shares: one JSON value on stdout, one line on stderr."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from gobiz_admin.gobiz.errors import GobizError
from gobiz_admin.merchants.models import Outlet


class BadInput(Exception):
    """What was asked makes no sense here: exit status 2."""


class Refused(Exception):
    """GoBiz, or our checks, said no: exit status 1. `value` is printed all the same."""

    def __init__(self, sentence: str, value: Any = None) -> None:
        super().__init__(sentence)
        self.value = value


class JsonCommand(BaseCommand):
    """A command that prints the value of `work`; mistakes end with 2, refusals with 1, and one line."""

    requires_system_checks: list[str] = []  # type: ignore[assignment]

    def work(self, **options: Any) -> Any:
        """The JSON value to print; raises BadInput, Refused or GobizError."""
        raise NotImplementedError

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        # argparse would print its usage as well: a script wants one line.
        parser.error = lambda message: _end(2, message)  # type: ignore[method-assign, assignment]
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        # Log lines would stand among the one line that says what is wrong.
        logging.disable(logging.CRITICAL)
        try:
            value = self.work(**options)
        except BadInput as error:
            raise CommandError(_one_line(str(error)), returncode=2) from error
        except Refused as error:
            if error.value is not None:
                self._print(error.value)
            raise CommandError(_one_line(str(error)), returncode=1) from error
        except GobizError as error:
            raise CommandError(_one_line(f"{error.words} ({error})"), returncode=1) from error
        except DatabaseError as error:
            raise CommandError(
                _one_line(f"The database did not answer ({type(error).__name__}). Is the stack running?"),
                returncode=1,
            ) from error
        finally:
            logging.disable(logging.NOTSET)
        self._print(value)

    def _print(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False, indent=2))


def find_outlet(outlet_id: str) -> Outlet:
    """The outlet with GoBiz's id `outlet_id`; raises BadInput when there is none, or one per environment."""
    found = list(Outlet.objects.select_related("gobiz_app", "merchant").filter(outlet_id=outlet_id)[:2])
    if not found:
        raise BadInput(f"No outlet {outlet_id} is connected.")
    if len(found) > 1:
        raise BadInput(f"Outlet {outlet_id} is connected in more than one environment.")
    return found[0]


def whole_number(text: str) -> int:
    """For `--limit N`: a whole number, one or more."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _one_line(sentence: str) -> str:
    return " ".join(sentence.split())


def _end(status: int, message: str) -> None:
    print(f"error: {_one_line(message)}", file=sys.stderr)
    raise SystemExit(status)
