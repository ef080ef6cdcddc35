"""Putting a missing mapping right: what we know of each name, what we propose, and doing it.

`knowing` tells what is known, `cards` puts alerts of the same names together, `fixing` does what was chosen,
in a worker, and publishes. The alert closes itself by the confirmed sync (`menus.covering`).
"""
