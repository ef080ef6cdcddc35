"""dj-stripe from its package, as its users set it up: signatures verified, the processing deferred to Celery.

What runs at a request: Django's default middleware; dj-stripe's ProcessWebhookView, which looks its
WebhookEndpoint up, inserts a WebhookEventTrigger, verifies the Stripe-Signature header (all of it on
this machine), calls DJSTRIPE_WEBHOOK_EVENT_CALLBACK in a transaction, and saves the trigger again; and
the callback, which is a Celery task's delay() over the same Valkey that the receiver wakes by. No
worker runs. Nothing of it asks Stripe: the endpoint has no owner account whose key would be fetched,
and should any call be tried, STRIPE_API_HOST leads to a closed port of this machine.
"""
