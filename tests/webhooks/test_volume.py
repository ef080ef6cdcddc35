"""With many rows, no query of the page "Webhooks" or of home reads a whole table, or sorts one app's rows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.home import needs_of, rows_of
from tests.factories import GobizAppFactory, OutletFactory
from webhooks import retention
from webhooks.health import counts_of, health_of
from webhooks.listing import Filters, Result, page_of
from webhooks.silence import silences_of

pytestmark = pytest.mark.django_db
ROWS = int(os.environ.get("VOLUME_ROWS", "40000"))
# More than a page of the log, its look for what is rare, and every index's root; far less than ROWS.
MOST_ROWS_READ = 5_000
FILL = """
INSERT INTO webhooks_notification (gobiz_app_id, outlet_id, event_id, event_name, order_number, raw, headers,
    verdict, sent_at, received_at, state, note, traceback, unread, attempts, next_attempt_at, finished_at)
SELECT %(app)s, CASE WHEN n %% 50 = 0 THEN NULL ELSE %(outlet)s::bigint END, 'e-' || %(outlet)s || '-' || n,
    (ARRAY['gofood.order.merchant_accepted', 'gofood.order.completed', 'gofood.order.placed'])[1 + n %% 3],
    'F-' || n / 3, decode(repeat('61', 300), 'hex'), '{}',
    CASE WHEN n %% 200 = 0 THEN 'forged' ELSE 'verified' END,
    now() - (%(rows)s - n) * interval '20 s', now() - (%(rows)s - n) * interval '20 s' + interval '1 s',
    CASE WHEN n %% 50 = 0 THEN 'ignored' WHEN n %% 5000 = 1 THEN 'dead' WHEN n %% 9000 = 1 THEN 'failed'
        WHEN n > %(rows)s - 5 THEN 'pending' ELSE 'done' END,
    CASE WHEN n %% 200 = 0 THEN 'forged' WHEN n %% 50 = 0 THEN 'unknown_outlet' ELSE '' END,
    '', '[]', 1, now() - (%(rows)s - n) * interval '20 s', now()
FROM generate_series(1, %(rows)s) n
"""


@pytest.fixture
def crowd(cast) -> Any:
    """Two apps of the merchant, three outlets, and many notifications; as many of somebody else."""
    second = GobizAppFactory(merchant=cast.merchant)
    cast.apps = [cast.app, second]
    cast.outlets = [
        cast.outlet,
        OutletFactory(merchant=cast.merchant, gobiz_app=cast.app),
        OutletFactory(merchant=cast.merchant, gobiz_app=second),
    ]
    with connection.cursor() as cursor:
        for outlet in [*cast.outlets, cast.other_outlet]:
            cursor.execute(FILL, {"app": outlet.gobiz_app_id, "outlet": outlet.pk, "rows": ROWS // 4})
        cursor.execute("ANALYZE webhooks_notification")
    return cast


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def rows_read(node: dict[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + removed) * node["Actual Loops"])


def check_plans(work: Any) -> list[str]:
    """What is wrong with the plans of the queries that `work` asks; empty when nothing is."""
    with CaptureQueriesContext(connection) as captured:
        work()
    wrong = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if "webhooks_notification" not in query["sql"] or not query["sql"].startswith(("SELECT", "(")):
                continue
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query["sql"])
            found = cursor.fetchone()[0]
            plan = (json.loads(found) if isinstance(found, str) else found)[0]
            for node in nodes(plan["Plan"]):
                if node.get("Relation Name") == "webhooks_notification" and (
                    node["Node Type"] in ("Seq Scan", "Parallel Seq Scan") or rows_read(node) > MOST_ROWS_READ
                ):
                    wrong.append(
                        f"{node['Node Type']} {node.get('Index Name')} {rows_read(node)} rows "
                        f"{plan['Execution Time']} ms: {query['sql'][:300]}"
                    )
            if os.environ.get("VOLUME_ROWS"):
                print(f"{plan['Execution Time']:8.1f} ms  {query['sql'][:110]}")
    return wrong


FILTERS = {
    "none": {},
    "event": {"event_name": "gofood.order.placed"},
    "event that never came": {"event_name": "gofood.order.webhook_error"},
    "failed": {"result": Result.FAILED},
    "without effect": {"result": Result.WITHOUT_EFFECT},
    "unknown outlet": {"result": Result.UNKNOWN_OUTLET},
    "not verified": {"result": Result.NOT_VERIFIED},
    "order": {"order_number": "F-77"},
    "no such order": {"order_number": "F-none"},
    "failed, of an event": {"result": Result.FAILED, "event_name": "gofood.order.webhook_error"},
}


def test_health_and_silence(crowd):
    wrong = check_plans(lambda: health_of(crowd.apps)) + check_plans(lambda: counts_of(crowd.apps))
    assert wrong + check_plans(lambda: silences_of(crowd.outlets)) == []


def test_home(crowd):
    rows: list[Any] = []
    wrong = check_plans(lambda: rows.extend(rows_of(crowd.outlets)))
    assert wrong + check_plans(lambda: needs_of(crowd.merchant, rows)) == []


def test_pruning(crowd, settings):
    """Also where nothing is old any more, while the statistics still say that much is."""
    settings.NOTIFICATION_DAYS = 2
    assert check_plans(retention.prune) == []


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
def test_the_log(crowd, filters):
    older = page_of(crowd.apps, Filters(**filters)).older_before
    of_one = {"outlet": crowd.outlet, **filters}
    wrong = check_plans(lambda: page_of(crowd.apps, Filters(**filters)))
    wrong += check_plans(lambda: page_of(crowd.apps, Filters(**filters), older))
    assert wrong + check_plans(lambda: page_of(crowd.apps, Filters(**of_one))) == []
