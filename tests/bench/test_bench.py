"""The bench's own parts: what it counts must be right; how fast anything is, is not asked here."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator

import pytest

from bench import bodies, figures, load, options, phone
from bench.bodies import Door
from bench.rows import draft, drift, publish, sheet
from bench.rows import paint as paint_row
from bench.rows.receiver import BARE, DJSTRIPE, DRAINING, RECEIVER, Subject, result
from gobiz_admin.gobiz.signatures import matches

ANSWERS = {
    b"/ok": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"/none": b"HTTP/1.1 204 No Content\r\n\r\n",
    b"/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"/busy": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
}


class Handler(socketserver.StreamRequestHandler):
    """Answers by the path; `/gone` with the end of the connection."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            path = line.split()[1]
            length = 0
            while (field := self.rfile.readline()) != b"\r\n":
                if field.lower().startswith(b"content-length:"):
                    length = int(field.split(b":")[1])
            self.server.bodies.append(self.rfile.read(length))
            if path == b"/gone":
                return
            answer = ANSWERS[path]
            # In two pieces: an answer need not come at once.
            self.wfile.write(answer[:25])
            self.wfile.flush()
            self.wfile.write(answer[25:])


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.bodies = []
        threading.Thread(target=running.serve_forever, args=[0.05], daemon=True).start()
        yield running
        running.shutdown()


def requests_to(*paths: str) -> list[bytes]:
    return [bodies.post(path, f"body {number}".encode(), {}) for number, path in enumerate(paths)]


def test_each_request_is_sent_once_and_its_answer_counted(server):
    answers = load.run(server.server_address, requests_to(*["/ok", "/none", "/chunked", "/busy"] * 25), 8)
    assert answers.statuses == [200, 204, 200, 503] * 25
    assert answers.taken == [number for number in range(100) if number % 4 != 3]
    assert sorted(server.bodies) == sorted(f"body {number}".encode() for number in range(100))
    assert all(0 < seconds <= answers.elapsed for seconds in answers.seconds)
    assert answers.rate == pytest.approx(75 / answers.elapsed)


def test_a_broken_connection_is_no_answer_and_the_others_go_on(server):
    answers = load.run(server.server_address, requests_to("/ok", "/gone", "/ok", "/ok"), 1)
    assert answers.statuses == [200, load.NO_ANSWER, 200, 200]
    assert answers.taken == [0, 2, 3]


def test_a_silent_server_is_not_waited_for_without_end(server, monkeypatch):
    monkeypatch.setattr(load, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setitem(ANSWERS, b"/half", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    answers = load.run(server.server_address, requests_to("/half", "/half"), 2)
    assert answers.statuses == [load.NO_ANSWER] * 2


def test_a_pace_is_kept(server):
    answers = load.run(server.server_address, requests_to(*["/ok"] * 20), 4, per_second=200)
    assert answers.statuses == [200] * 20
    assert answers.elapsed >= 19 / 200


def test_the_load_comes_from_a_process_of_its_own(server):
    own = load.OwnProcess()
    try:
        assert own.run(server.server_address, requests_to("/ok")).statuses == [200]
    finally:
        own.close()


def test_notifications_are_signed_distinct_and_of_the_usual_length():
    deliveries = Door("/door/", "secret", ["G1", "G2"]).shuffled_lives(10)
    assert len({delivery.event_id for delivery in deliveries}) == 40
    outlets_of: dict[str, set[str]] = {}
    for delivery in deliveries:
        head, _, raw = delivery.request.partition(b"\r\n\r\n")
        signature = head.rpartition(b"X-Go-Signature: ")[2].decode()
        assert matches(["secret"], raw, signature)
        assert abs(len(raw) - bodies.LENGTH) < 10
        message = json.loads(raw)
        assert message["header"]["event_id"] == delivery.event_id
        number = message["body"]["order"]["order_number"]
        outlets_of.setdefault(number, set()).add(message["body"]["outlet"]["id"])
    assert len(outlets_of) == 10
    assert all(len(outlets) == 1 for outlets in outlets_of.values())


def test_percentiles_and_ratios():
    assert figures.percentile([], 50) == 0
    assert figures.percentile([3, 1, 2, 4], 50) == 2
    assert figures.percentile(range(1, 101), 99) == 99
    assert figures.percentile([5], 99) == 5
    assert figures.ratios([1, 2, 3], [2, 4, 0]) == [0.5, 0.5, 0.0]
    # A slow round slows both sides: the ratio of the medians would say something else.
    assert figures.median_ratio([100, 10, 60], [200, 20, 80]) == 0.5


def subject(name: str, rates: list[float], missing: int = 0) -> Subject:
    seconds = [[0.010] * 99 + [0.030]] * len(rates)
    return Subject(name, ("", 0), "", "", lambda count: [], rates, seconds, missing=missing)


def test_goals_are_read_off_the_ratios_within_rounds():
    measured = [subject(BARE, [1000, 100]), subject(DJSTRIPE, [120, 12]), subject(RECEIVER, [600, 60])]
    found = result([*measured, subject(DRAINING, [300, 30])])
    assert [goal.met for goal in found.goals] == [True, True, True, True]
    assert found.missing == 0


def test_what_was_not_measured_is_said_and_what_is_missing_is_counted():
    found = result([subject(BARE, [1000]), subject(RECEIVER, [400], missing=3), subject(DRAINING, [1])])
    assert [goal.met for goal in found.goals] == [False, None, True, False]
    assert found.missing == 3
    assert "not measured" in str(found)
    assert "NOT MET" in str(found)


def test_rows_and_sizes_are_chosen_by_the_command_line():
    names, chosen = options.read(["lag", "receiver", "--rounds", "2"], ["receiver", "rows", "lag"])
    assert names == ["receiver", "lag"]
    assert (chosen.rounds, chosen.drain_rounds) == (2, 2)
    assert options.read([], ["receiver", "rows"])[0] == ["receiver", "rows"]
    assert options.read(["--quick"], ["receiver"])[1] == options.QUICK
    with pytest.raises(SystemExit):
        options.read(["speed"], ["receiver"])


def test_the_sheets_goal_is_of_the_slowest_round_from_end_to_end():
    one = sheet.Measured("CSV", [0.1, 0.1], {"read": [1, 1], "plan": [2, 2], "apply": [3, 8]})
    found = sheet.result([one], 2000)
    assert one.totals == [6, 11]
    assert [goal.met for goal in found.goals] == [False]
    assert "2,000 rows in under 10 s" in str(found)


def test_the_paints_goals_are_of_who_has_just_signed_in_with_4g():
    times = {
        (kind, network, visit, items): [{"paint": paint, "row": paint + 1, "first_byte": 0.1}] * 3
        for (kind, network), slower in zip(paint_row.CASES, (1, 9, 9), strict=True)
        for visit, later in zip(phone.VISITS, (9, 1, 9), strict=True)
        for items, paint in ((50, 0.6 * slower * later), (500, 0.8 * slower * later))
    }
    assert [goal.met for goal in paint_row.result(times, slower=1.5).goals] == [True, True]
    times[phone.MID_RANGE, phone.FAST_4G, phone.SIGNED_IN, 500] = [
        {"paint": 1.2, "row": 2, "first_byte": 0.1}
    ] * 3
    assert [goal.met for goal in paint_row.result(times, slower=1.5).goals] == [False, False]


def test_a_slow_machine_is_not_made_faster():
    visitor = phone.Phone.__new__(phone.Phone)
    visitor.speed = 500.0
    assert visitor.slower(phone.MID_RANGE) == 1
    assert visitor.slower(phone.CHEAP) == pytest.approx(500 / 264)


def test_a_review_is_the_sum_of_its_steps():
    found = draft.result({step: [0.1, 0.2] for step in [*draft.STEPS, "json.dumps"]}, 2000, 7)
    assert "all of it" in str(found)
    assert "(4.0)" in found.goals[0].words
    assert found.goals[0].met


def test_publishing_is_shown_beside_gobiz_alone_and_beside_one_worker():
    taken = {"GoBiz alone": [1.0, 2.0], "1 worker": [4.0, 8.0], "2 workers": [2.0, 4.0]}
    memory = {"1 worker": [90.0, 120.4], "2 workers": [80.0, 70.0]}
    shown = str(publish.result({publish.BARE: taken.pop("GoBiz alone"), **taken}, memory, options.QUICK))
    assert "4.00" in shown
    assert "120" in shown
    assert "0.50 (0.50…0.50)" in shown


def test_drift_is_shown_with_its_memory():
    memory = dict.fromkeys(("memory before", "peak after one outlet", "peak after all"), 2048)
    shown = str(drift.result({"reading alone": [1.0], "the scan": [3.0], **memory}, options.QUICK))
    assert "3.00" in shown
    assert "2 MB" in shown
