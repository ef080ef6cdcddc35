"""Both languages always."""

from gobiz_admin.stack import translations


def test_every_text_has_its_indonesian() -> None:
    assert translations.missing() == []
