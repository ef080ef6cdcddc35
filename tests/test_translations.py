"""Both languages always."""

import re

from gobiz_admin.stack import translations

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")


def test_every_text_has_its_indonesian() -> None:
    assert translations.missing() == []


def test_no_translation_asks_for_a_value_that_its_text_does_not_have() -> None:
    """It would be an error of the page, in this language only."""
    wrong = []
    for path in translations.po_files():
        for message in translations.existing(path):
            texts = message.id if isinstance(message.id, tuple | list) else [message.id]
            strings = message.string if isinstance(message.string, tuple | list) else [message.string]
            known = {name for text in texts for name in PLACEHOLDER.findall(text)}
            wrong += [
                (text, string)
                for text in texts[:1]
                for string in strings
                if text and not set(PLACEHOLDER.findall(string)) <= known
            ]
    assert wrong == []
