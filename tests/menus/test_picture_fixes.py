""" "Fix it for me": fetched, made a square PNG, and put in place of what stood there, if it still does."""

import io
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from PIL import Image

from menus import editing, fixes, picture_fixes, picture_work, pictures, undoing
from menus.checks import check_catalog
from menus.models import CatalogEdit, MenuItem, Picture, PictureCheck, PictureFix
from menus.picture_fixes import fix_next, fix_pictures, latest_fix
from menus.pictures import public_url
from menus.sentences import UNEXPECTED, fix_sentence
from menus.views.edit_words import edit_sentence
from tests.factories import MemberFactory
from tests.menus.factories import MenuFactory, MenuItemFactory, selling_outlet
from tests.menus.test_picture_checks import image, put
from tests.menus.web import web

__all__ = ["web"]
pytestmark = pytest.mark.django_db
State = PictureFix.State


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def item(web):
    return MenuItemFactory(image_url=put(web, "/a.jpg", image(900, 700, "JPEG"), "image/jpeg"))


def fix(item, user=None):
    fix_pictures(item.catalog, [item.pk], user)
    picture_work.work_off()
    item.refresh_from_db()
    return latest_fix(item)


def test_it_becomes_a_picture_of_ours(item):
    user = MemberFactory(merchant=item.catalog.merchant).user
    assert fix(item, user).state == State.DONE
    assert (item.picture.side, item.picture.merchant) == (700, item.catalog.merchant)
    assert Image.open(item.picture.file.open()).format == "PNG"
    assert public_url(item.picture).endswith(f"{item.picture.sha256}.png")
    undoing.undo(undoing.last_edit(item.catalog, user), user)
    item.refresh_from_db()
    assert item.picture is None


def test_one_that_was_changed_meanwhile_is_left_alone(item, web):
    fix_pictures(item.catalog, [item.pk], None)
    editing.save_item(item, {"image_url": "https://example.com/other.png"}, None)
    picture_work.work_off()
    item.refresh_from_db()
    assert item.picture is None
    assert PictureFix.objects.get().state == State.DONE
    assert latest_fix(item) is None


def test_one_that_is_gone_meanwhile_needs_none(item):
    fix_pictures(item.catalog, [item.pk], None)
    editing.remove(item, None)
    assert picture_work.work_off() == 0


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, b"", "picture_unreachable"),
        (200, b"<html>", "not_an_image"),
        (200, b"x" * (11 * 1024 * 1024), "picture_too_large"),
        (200, image(90, 90), "far_too_small"),
    ],
)
def test_what_cannot_be_fixed_says_why_and_stays(item, web, status, body, code):
    put(web, "/a.jpg", body, status=status)
    failed = fix(item)
    assert (failed.state, failed.code) == (State.FAILED, code)
    assert fix_sentence(code) != UNEXPECTED
    assert item.picture is None
    assert not CatalogEdit.objects.exists()


def test_a_small_one_is_taken_for_it_is_live_already(item, web):
    put(web, "/a.jpg", image(400, 300, "JPEG"))
    assert fix(item).state == State.DONE
    assert item.picture.side == 300


def test_a_private_address_is_not_fetched(item):
    MenuItem.objects.update(image_url="http://10.0.0.1/a.png")
    assert fix(item).code == "picture_private"


def test_an_unexpected_error_ends_it_too(item, monkeypatch):
    monkeypatch.setattr(picture_fixes, "make_square", lambda *_, **__: 1 / 0)
    failed = fix(item)
    assert (failed.state, failed.code) == (State.FAILED, "internal")
    assert fix_sentence("internal") == UNEXPECTED


def test_one_whose_turn_does_not_come_goes_on_waiting(item, monkeypatch):
    turn = threading.BoundedSemaphore(1)
    monkeypatch.setattr(pictures, "_TURN", turn)
    monkeypatch.setattr(pictures, "LONGEST_WAIT", 0.01)
    fix_pictures(item.catalog, [item.pk], None)
    with turn:
        assert fix_next() is True
    waiting = latest_fix(item)
    assert (waiting.state, waiting.code, waiting.started_at) == (State.QUEUED, "", None)
    assert fix(item).state == State.DONE
    assert item.picture.side == 700


def test_asked_twice_it_waits_once(item):
    assert fix_pictures(item.catalog, [item.pk], None) == 1
    assert fix_pictures(item.catalog, [item.pk, item.pk], None) == 1
    assert PictureFix.objects.count() == 1
    assert fix_next() is True
    assert fix_next() is False
    assert fix_pictures(item.catalog, [item.pk], None) == 0


@pytest.fixture
def three(item):
    return [item, *(MenuItemFactory(menu=item.menu, image_url=item.image_url) for _ in range(2))]


def with_picture_of_ours():
    return MenuItem.objects.filter(picture__isnull=False).count()


def test_what_was_asked_for_together_is_taken_back_together(three):
    catalog = three[0].catalog
    user = MemberFactory(merchant=catalog.merchant).user
    fix_pictures(catalog, [item.pk for item in three], user)
    assert fix_next()
    # What somebody does meanwhile is a change of its own.
    editing.save_item(three[2], {"price": three[2].price + 500}, user)
    picture_work.work_off()
    assert with_picture_of_ours() == 3
    edit = CatalogEdit.objects.get(action="pictures_fixed")
    assert edit_sentence(edit) == "3 perbaikan"
    undoing.undo(edit, user)
    assert with_picture_of_ours() == 0
    undoing.undo(CatalogEdit.objects.get(takes_back=edit), user)
    assert with_picture_of_ours() == 3


def test_taken_back_halfway_the_others_stay_as_they_are(three):
    catalog = three[0].catalog
    user = MemberFactory(merchant=catalog.merchant).user
    fix_pictures(catalog, [item.pk for item in three], user)
    assert fix_next()
    undoing.undo(undoing.last_edit(catalog, user), user)
    picture_work.work_off()
    assert with_picture_of_ours() == 0
    assert not PictureFix.objects.exclude(state=State.DONE).exists()
    assert CatalogEdit.objects.count() == 2


def test_asked_for_one_after_the_other_they_are_two_changes(three):
    for item in three[:2]:
        fix(item)
    assert [len(edit.rows) for edit in CatalogEdit.objects.all()] == [1, 1]


@pytest.mark.parametrize("code", ["picture_not_png", "picture_not_square", "picture_too_large"])
def test_the_checks_mend_all_of_a_kind(code):
    outlet = selling_outlet()
    item = MenuItem.objects.get()
    MenuItem.objects.update(image_url="https://pictures.example.com/new.jpg")
    PictureCheck.objects.create(
        merchant=outlet.merchant, url="https://pictures.example.com/new.jpg", state="bad", code=code
    )
    found = [check for check in check_catalog(item.catalog, outlet) if check.code == code]
    assert fixes.fix(outlet, item.catalog, found, None) == 1
    assert PictureFix.objects.get().item == item
    assert not CatalogEdit.objects.exists()


def test_only_items_of_the_catalog_whose_picture_stands_elsewhere(item):
    foreign, none = MenuItemFactory(), MenuItemFactory(menu=item.menu, image_url="")
    assert fix_pictures(item.catalog, [item.pk, foreign.pk, none.pk, 2**40], None) == 1
    assert PictureFix.objects.get().item == item


@pytest.mark.parametrize("count", [2, 30])
def test_many_are_asked_for_with_as_many_queries(count, django_assert_max_num_queries):
    menu = MenuFactory()
    pks = [MenuItemFactory(menu=menu).pk for _ in range(count)]
    with django_assert_max_num_queries(6):
        assert fix_pictures(menu.catalog, pks, None) == count


def test_the_same_picture_twice_is_stored_once(item):
    other = MenuItemFactory(menu=item.menu, image_url=item.image_url)
    fix_pictures(item.catalog, [item.pk, other.pk], None)
    picture_work.work_off()
    assert Picture.objects.count() == 1
    assert MenuItem.objects.filter(picture=Picture.objects.get()).count() == 2


def test_a_dead_workers_fix_is_done_by_another(item):
    fix_pictures(item.catalog, [item.pk], None)
    PictureFix.objects.update(state=State.RUNNING, started_at=timezone.now())
    assert picture_fixes.free_stuck_fixes() == 0
    PictureFix.objects.update(started_at=timezone.now() - picture_fixes.STUCK_AFTER - timedelta(seconds=1))
    assert picture_fixes.free_stuck_fixes() == 1
    assert fix_next()
    item.refresh_from_db()
    assert item.picture is not None


def test_old_outcomes_are_forgotten_and_waiting_ones_kept(item):
    fix(item)
    PictureFix.objects.update(ended_at=timezone.now() - picture_fixes.KEPT_FOR - timedelta(days=1))
    PictureFix.objects.create(item=item, url="x")
    assert picture_fixes.forget_old_fixes() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_two(web):
    menu = MenuFactory()
    stream = io.BytesIO()
    Image.effect_noise((900, 900), 80).save(stream, "JPEG")
    url = put(web, "/n.jpg", stream.getvalue(), "image/jpeg")
    items = [MenuItemFactory(menu=menu, image_url=url) for _ in range(4)]
    fix_pictures(menu.catalog, [item.pk for item in items], None)
    done = []

    def work():
        try:
            while fix_next():
                done.append(1)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(done) == 4
    assert PictureFix.objects.filter(state=State.DONE).count() == 4
    assert MenuItem.objects.filter(picture__isnull=False).count() == 4
    assert [len(edit.rows) for edit in CatalogEdit.objects.all()] == [4]
