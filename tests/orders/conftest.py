from tests.gobiz_answers import gobiz

__all__ = ["gobiz"]
