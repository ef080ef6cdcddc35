"""Celery's way in; the work itself stands in the modules named below."""

from celery import shared_task

from menus import (
    confirming,
    importing,
    journal,
    mornings,
    picture_work,
    readings,
    sending,
    stock,
    stock_sending,
    timed_letters,
    timed_turns,
)
from menus.drift import scanning, telling
from menus.repairing import automatic, fixing, letters
from menus.rollouts import advancing
from menus.sheets import uploads

# Where workers are busy, the wake-ups of many sweeps must not pile up.
UNTIL_THE_NEXT_SWEEPS = 10
# A turn that no worker takes in time comes again with the next hour.
DRIFT_EXPIRES = 300


@shared_task(name="menus.tasks.send_sync")
def send_sync(sync_id: int) -> None:
    sending.send(sync_id)


@shared_task(name="menus.tasks.read_back_sync")
def read_back_sync(sync_id: int) -> None:
    confirming.read_back(sync_id)


@shared_task(name="menus.tasks.run_menu_import")
def run_menu_import(import_id: int) -> None:
    importing.run_import(import_id)


@shared_task(name="menus.tasks.read_live_menu")
def read_live_menu(outlet_pk: int) -> None:
    readings.read(outlet_pk)


@shared_task(name="menus.tasks.compare_live_menu")
def compare_live_menu(outlet_pk: int) -> None:
    scanning.compare_new(outlet_pk)


@shared_task(name="menus.tasks.scan_drift")
def scan_drift(outlet_pk: int) -> None:
    scanning.scan(outlet_pk)


@shared_task(name="menus.tasks.sweep_drift")
def sweep_drift() -> None:
    """Wake workers for the outlets whose turn has come, and for what was read and not compared."""
    for task, outlets in ((scan_drift, scanning.due()), (compare_live_menu, scanning.stale())):
        for outlet_pk in outlets:
            task.apply_async(args=(outlet_pk,), expires=DRIFT_EXPIRES)


@shared_task(name="menus.tasks.tell_drift")
def tell_drift() -> None:
    telling.tell()


@shared_task(name="menus.tasks.advance_rollout")
def advance_rollout(rollout_id: int) -> None:
    advancing.advance(rollout_id)


@shared_task(name="menus.tasks.run_repairs")
def run_repairs() -> None:
    fixing.run_repairs()


@shared_task(name="menus.tasks.sweep_alerts")
def sweep_alerts() -> None:
    """Repair what waits, resync what needs no asking, and tell of alerts by e-mail."""
    fixing.run_repairs()
    automatic.look()
    letters.tell()


@shared_task(name="menus.tasks.sweep_syncs")
def sweep_syncs() -> None:
    """Free what dead workers left, and wake workers for what is due: no wake-up has to arrive."""
    sending.free_stuck_syncs()
    importing.free_stuck_imports()
    importing.expire_imports()
    readings.free_stuck_readings()
    for task, ids in (
        (send_sync, sending.due_syncs()),
        (read_back_sync, confirming.due_read_backs()),
        (run_menu_import, importing.due_imports()),
        (read_live_menu, readings.due_readings()),
        (advance_rollout, advancing.under_way()),
    ):
        for pk in ids:
            task.apply_async(args=(pk,), expires=UNTIL_THE_NEXT_SWEEPS)


@shared_task(name="menus.tasks.send_stock")
def send_stock(outlet_pk: int) -> None:
    stock_sending.send(outlet_pk)


@shared_task(name="menus.tasks.sweep_stock")
def sweep_stock() -> None:
    """Bring back what is due, free what dead workers left, and wake workers for what waits."""
    stock.bring_back()
    stock_sending.free_stuck()
    for outlet_pk in stock_sending.due_outlets():
        send_stock.apply_async(args=(outlet_pk,), expires=UNTIL_THE_NEXT_SWEEPS)


@shared_task(name="menus.tasks.ask_what_is_still_off")
def ask_what_is_still_off() -> None:
    mornings.ask_due()
    mornings.forget_old()


@shared_task(name="menus.tasks.turn_prices")
def turn_prices(outlet_pk: int) -> None:
    timed_turns.turn(outlet_pk)


@shared_task(name="menus.tasks.sweep_timed_prices")
def sweep_timed_prices() -> None:
    """Wake workers for the outlets where a timed price begins or is over, and tell of what is over and stuck."""
    timed_turns.keep_states()
    for outlet_pk in timed_turns.due_outlets():
        turn_prices.apply_async(args=(outlet_pk,), expires=UNTIL_THE_NEXT_SWEEPS)
    timed_letters.tell()


@shared_task(name="menus.tasks.forget_old_edits")
def forget_old_edits() -> None:
    journal.forget_old()


@shared_task(name="menus.tasks.forget_old_sheets")
def forget_old_sheets() -> None:
    uploads.forget_old()


@shared_task(name="menus.tasks.work_off_pictures")
def work_off_pictures() -> None:
    picture_work.work_off()


@shared_task(name="menus.tasks.sweep_pictures")
def sweep_pictures() -> None:
    for _ in range(picture_work.sweep()):
        work_off_pictures.apply_async(expires=UNTIL_THE_NEXT_SWEEPS)
