"""What runs the product on one machine: `make run`, `make test` and their servers.

Nothing in here knows Django, so that a part of it starts in a blink and works before the
packages are installed (`bootstrap.py`) or the database exists.
"""
