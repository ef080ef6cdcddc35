"""The GoBiz API client: pure Python on `requests`; no model and no setting of Django in it."""
