"""GoBiz played on this machine, so that the product can be shown and tested without GoBiz.

It is a small Django project of its own. It imports nothing of the product and the product imports
nothing of it: they meet over HTTP, as the real GoBiz would. What it plays is written in
`gobiz-api.md`; the docstrings name the sections of that page.

Start it:

    export DJANGO_SETTINGS_MODULE=gobiz_admin.sandbox.settings DATABASE_URL=postgresql://…
    python -m django migrate && python -m django seed_sandbox
    granian --interface wsgi --workers 1 --blocking-threads 16 --port 8100 \\
        gobiz_admin.sandbox.wsgi:application

One worker process, because the delivery thread that lives in it holds its lanes in memory.
"""
