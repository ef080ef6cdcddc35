"""A rollout beside timed prices that begin or end at its outlets meanwhile."""

from menus.models import RolloutOutlet, Sync


def follow_timed_prices(rows: list[RolloutOutlet]) -> None:
    """Where a timed price began or ended since, the menu was sent anew with it: that one is the one to be proven."""
    sent = {row.outlet_id: row for row in rows if row.sync and row.sync.version_id == row.version_id}
    if not sent:
        return
    first = min(row.sync_id or 0 for row in sent.values())
    newer = Sync.objects.filter(outlet__in=sent, pk__gt=first).select_related("version")
    moved = []
    for sync in newer.defer("version__payload").order_by("pk"):
        row = sent.get(sync.outlet_id)
        if row is None or sync.pk <= (row.sync_id or 0):
            continue
        if sync.version.by_clock:
            row.sync, row.version = sync, sync.version
            moved.append(row)
        else:
            # What follows is made of what somebody published.
            del sent[sync.outlet_id]
    RolloutOutlet.objects.bulk_update(moved, ["sync", "version"])
