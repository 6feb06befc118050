"""``usher archive`` (product 5.7)."""

from dataclasses import replace
from datetime import timedelta

from tests.support.desk import Desk, Usher


def test_archived_devices_are_listed(usher: Usher, desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    usher("org", "safeguards", "acme", "--archive-days", "1")
    with desk.services.store.write() as transaction:
        transaction.devices.save(replace(phone, last_seen=phone.last_seen - timedelta(days=3650)))
    desk.services.archive.round()
    lines = usher("archive", "acme").stdout.splitlines()
    assert lines[1].split()[:3] == ["PHONE1", ann, "stale"]
