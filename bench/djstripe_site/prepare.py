"""Migrate, and print the path of a new webhook endpoint: `python -m bench.djstripe_site.prepare`."""

import os

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command
    from django.urls import reverse
    from djstripe.models import WebhookEndpoint

    call_command("migrate", verbosity=0, skip_checks=True)
    endpoint = WebhookEndpoint.objects.create(
        id="we_bench",
        enabled_events=["*"],
        secret=os.environ["BENCH_STRIPE_SECRET"],
        status="enabled",
        url="http://127.0.0.1/stripe/",
        livemode=False,
    )
    print(reverse("djstripe:djstripe_webhook_by_uuid", args=[endpoint.djstripe_uuid]))


if __name__ == "__main__":
    main()
