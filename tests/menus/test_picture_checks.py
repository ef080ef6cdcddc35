"""Pictures that stand elsewhere: what is found wrong with them, when they are looked at, and by how many."""

import io
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from menus import picture_checks, picture_work
from menus.fetching import Fetched
from menus.models import MenuItem, PictureCheck
from menus.picture_checks import bad_pictures, check_next, request_check, verdict
from menus.sentences import MENDABLE, PICTURE_CHECK
from tests.factories import MerchantFactory
from tests.menus.factories import CatalogFactory, MenuFactory, MenuItemFactory, selling_outlet
from tests.menus.web import web

__all__ = ["web"]
pytestmark = pytest.mark.django_db
State = PictureCheck.State


def image(width=600, height=600, kind="PNG"):
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(stream, kind)
    return stream.getvalue()


def put(web, path, body, content_type="image/png", status=200):
    web.pages[path] = (status, {"Content-Type": content_type, "Content-Length": str(len(body))}, body)
    return f"{web.url}{path}"


def catalog_with(*urls):
    menu = MenuFactory()
    for url in urls:
        MenuItemFactory(menu=menu, image_url=url)
    return menu.catalog


def checked(catalog):
    picture_work.sweep()
    picture_work.work_off()
    codes = bad_pictures(catalog)
    return {item.image_url: codes.get(item.pk, "") for item in MenuItem.objects.filter(catalog=catalog)}


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (image(), "image/png", ""),
        (image(), "text/html", "picture_not_png"),
        (image(kind="JPEG"), "image/jpeg", "picture_not_png"),
        (image(kind="JPEG"), "image/png", "picture_not_png"),
        (b"<html>", "image/png", "picture_not_png"),
        (b"", "image/png", "picture_not_png"),
        (image(600, 599), "image/png", "picture_not_square"),
        (image() + b"\0" * 1_000_000, "image/png", "picture_too_large"),
    ],
)
def test_verdicts(content, content_type, code):
    assert verdict(Fetched(content, content_type, 200))[0] == code


def test_every_code_has_its_sentence():
    assert set(picture_checks.CODES) == set(PICTURE_CHECK)
    assert set(MENDABLE) < set(PICTURE_CHECK)


def test_addresses_of_a_catalog_are_taken_in_looked_at_and_told(web):
    good, gone = put(web, "/good.png", image()), put(web, "/gone.png", b"", status=404)
    jpeg = put(web, "/a.jpg", image(kind="JPEG"), "image/jpeg")
    huge = put(web, "/huge.png", b"x" * (11 * 1024 * 1024))
    inside = "http://10.0.0.1/a.png"
    catalog = catalog_with(good, gone, jpeg, huge, inside, good)
    other = catalog_with(gone)
    assert checked(catalog) == {
        good: "",
        gone: "picture_unreachable",
        jpeg: "picture_not_png",
        huge: "picture_too_large",
        inside: "picture_private",
    }
    # By merchant: what one has found is nothing that another is told.
    assert PictureCheck.objects.filter(merchant=other.merchant).count() == 1
    check = PictureCheck.objects.get(url=jpeg)
    assert check.facts["width"] == 600
    assert check.facts["content_type"] == "image/jpeg"


def test_a_picture_of_ours_is_asked_no_more(web):
    catalog = catalog_with(put(web, "/gone.png", b"", status=404))
    checked(catalog)
    assert len(bad_pictures(catalog)) == 1
    item = MenuItem.objects.get()
    item.picture = catalog.merchant.pictures.create(sha256="a" * 64, file="x", side=600, size=1)
    item.save()
    assert bad_pictures(catalog) == {}
    PictureCheck.objects.update(due_at=timezone.now())
    assert picture_checks.forget_unused() == 1


@pytest.mark.parametrize("count", [1, 40])
def test_bad_pictures_are_one_query(count, django_assert_num_queries):
    catalog = catalog_with(*[f"http://10.0.0.1/{number}.png" for number in range(count)])
    checked(catalog)
    with django_assert_num_queries(1):
        assert len(bad_pictures(catalog)) == count


def test_sweeping_costs_the_same_however_much_there_is(django_assert_max_num_queries):
    catalog_with(*[f"https://pictures.example.com/{number}.png" for number in range(60)])
    with django_assert_max_num_queries(14):
        assert picture_work.sweep() == picture_work.AT_ONCE
    assert PictureCheck.objects.count() == 60


def test_a_large_import_is_spread_over_sweeps(monkeypatch):
    monkeypatch.setattr(picture_checks, "NEW_AT_ONCE", 5)
    catalog_with(*[f"https://pictures.example.com/{number}.png" for number in range(12)])
    assert [picture_checks.queue_new_addresses() for _ in range(4)] == [5, 5, 2, 0]


def test_what_is_no_address_or_too_long_is_not_found_again_and_again():
    catalog = catalog_with("no address", "https://example.com/" + "ä" * 1500)
    assert picture_checks.queue_new_addresses() == 1
    assert picture_checks.queue_new_addresses() == 0
    assert check_next() is False
    assert list(bad_pictures(catalog).values()) == ["picture_unreachable"]


def test_a_good_one_is_looked_at_again_next_week(web):
    url = put(web, "/a.png", image())
    catalog = catalog_with(url)
    checked(catalog)
    check = PictureCheck.objects.get()
    assert timedelta(days=6) < check.due_at - timezone.now() < timedelta(days=8)
    put(web, "/a.png", b"", status=404)
    PictureCheck.objects.update(due_at=timezone.now())
    assert checked(catalog) == {url: "picture_unreachable"}


def test_a_host_that_is_away_is_asked_again_soon_and_then_seldom(web):
    url = put(web, "/a.png", b"", status=503)
    catalog = catalog_with(url)
    waits = []
    for _ in range(4):
        assert checked(catalog) == {url: "picture_unreachable"}
        check = PictureCheck.objects.get()
        waits.append(round((check.due_at - timezone.now()).total_seconds() / 60))
        PictureCheck.objects.update(due_at=timezone.now())
    assert waits == [10, 60, 1440, 1440]
    put(web, "/a.png", image())
    assert checked(catalog) == {url: ""}
    assert PictureCheck.objects.get().attempts == 0


def test_what_was_found_stands_while_it_is_looked_at_again():
    catalog = catalog_with("http://10.0.0.1/a.png")
    checked(catalog)
    request_check(catalog.merchant_id, "http://10.0.0.1/a.png")
    assert PictureCheck.objects.get().state == State.QUEUED
    assert len(bad_pictures(catalog)) == 1


def test_asking_wakes_a_worker_and_asking_twice_is_one_check(woken, django_capture_on_commit_callbacks):
    merchant = MerchantFactory()
    with django_capture_on_commit_callbacks(execute=True):
        first = request_check(merchant.pk, "https://example.com/a.png")
        assert request_check(merchant.pk, "https://example.com/a.png") == first
    assert woken
    assert request_check(merchant.pk, "no address") is None


def test_a_check_is_claimed_once(web, monkeypatch):
    checks = [request_check(MerchantFactory().pk, put(web, "/a.png", image()))]
    claimed = picture_checks._claim()
    assert claimed == checks[0]
    assert check_next() is False


def test_a_dead_workers_check_is_due_again_and_given_up_in_the_end():
    request_check(MerchantFactory().pk, "https://example.com/a.png")
    old = timezone.now() - picture_checks.STUCK_AFTER - timedelta(seconds=1)
    for _ in picture_checks.AGAIN_WHEN_AWAY:
        assert picture_checks._claim() is not None
        assert picture_checks.free_stuck_checks() == 0
        PictureCheck.objects.update(started_at=old)
        assert picture_checks.free_stuck_checks() == 1
    assert picture_checks._claim() is not None
    PictureCheck.objects.update(started_at=old)
    picture_checks.free_stuck_checks()
    check = PictureCheck.objects.get()
    assert (check.state, check.code) == (State.BAD, "picture_unreachable")
    assert check.due_at > timezone.now()


def test_a_late_answer_of_a_worker_thought_dead_changes_nothing(web):
    request_check(MerchantFactory().pk, put(web, "/a.png", image()))
    first = picture_checks._claim()
    PictureCheck.objects.update(state=State.QUEUED)
    picture_checks._end(first, "picture_private", {}, False)
    assert PictureCheck.objects.get().code == ""


def test_one_that_breaks_us_does_not_stop_the_others(web, monkeypatch):
    catalog = catalog_with(put(web, "/a.png", image()), put(web, "/b.png", image()))
    monkeypatch.setattr(picture_checks, "header_of", lambda content: 1 / 0)
    assert set(checked(catalog).values()) == {"picture_unreachable"}


def test_few_work_at_once():
    for number in range(5):
        request_check(MerchantFactory().pk, f"https://example.com/{number}.png")
    for _ in range(picture_work.AT_ONCE):
        picture_checks._claim()
    assert picture_work.work_off() == 0
    assert picture_work.sweep() == 0


def test_the_item_of_another_catalog_is_not_told():
    outlet = selling_outlet(image_url="http://10.0.0.1/a.png")
    mine = outlet.selling.catalog
    checked(mine)
    assert len(bad_pictures(mine)) == 1
    assert bad_pictures(CatalogFactory(merchant=mine.merchant)) == {}
