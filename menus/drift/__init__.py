"""Drift: the live menu differs from the last confirmed version. Read, sorted, and decided about."""
