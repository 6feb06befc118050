"""The report on one device as a page to print (product 8): from the values of ``services.device_reports``."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.endpoints.pages import render
from gateway.records import AuditRecord
from gateway.services.device_reports import DeviceReport
from mdm.device import Device

REPORTED = ("model", "friendly_name", "os", "os_language", "imei", "phone_number", "mobile_operator")


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Line:
    """One record, told."""

    record: AuditRecord
    by: str
    what: str
    changes: tuple[Change, ...]

    @property
    def subject(self) -> str:
        return self.record.tag.value.split(":")[1]

    def field(self, name: str) -> Change | None:
        """The change of one field, None where it did not change."""
        return next((each for each in self.changes if each.name == name), None)


@dataclass(frozen=True, slots=True)
class State:
    """One change of state."""

    record: AuditRecord
    by: str
    old: str
    new: str


def device_report(report: DeviceReport) -> str:
    """The page."""
    lines = [_line(record) for record in report.records]
    return render(
        "device_report.html",
        report=report,
        trail=report.trail,
        unverified=report.unverified,
        owner=report.user.address if report.user else report.key.user,
        facts=list(_facts(report)),
        layers=list(reversed(report.sheet.policy.layers)) if report.sheet else [],
        policies=[each for each in lines if each.subject == "policy"],
        states=[
            State(each.record, each.by, change.old, change.new)
            for each in lines
            if (change := each.field("state")) is not None
        ],
        lines=lines,
    )


def _facts(report: DeviceReport) -> Iterator[tuple[str, object]]:
    yield "DeviceId", report.key.device_id
    yield "user", report.user.address if report.user else f"{report.key.user} (gone)"
    if report.sheet is None:
        yield "on the list", False
        for archived in report.archived[:1]:
            yield from ((name, _text(value)) for name, value in archived.snapshot.items())
        return
    yield from _device(report.sheet.device)
    yield "compliance", report.sheet.finding.words
    yield "answer now", report.sheet.decision.level
    yield "because", report.sheet.decision.reason


def _device(device: Device) -> Iterator[tuple[str, object]]:
    yield "name given here", device.alias
    yield "type", device.device_type
    for name in REPORTED:
        yield f"{name.replace('_', ' ')} (reported)", getattr(device.information, name)
    yield "protocol", device.protocol_version
    yield "state", device.state
    yield "first seen", device.first_seen
    yield "last seen", device.last_seen
    yield "last address", device.last_ip
    yield "User-Agent", device.user_agent
    yield "policy accepted", device.provisioned_at
    yield "override", device.access
    yield "override's reason", device.access_reason


def _line(record: AuditRecord) -> Line:
    actor = record.actor
    _, subject, action = record.tag.value.split(":")
    by = "the device" if actor.kind == "device" else actor.name
    what = f"{subject} {action}".replace("-", " ")
    return Line(record, by, what, tuple(changes(record.before, record.after)))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What a record changed, field by field; those of a part by its name and their own."""
    old, new = dict(_flat(before)), dict(_flat(after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name, "") != new.get(name, ""):
            yield Change(name, old.get(name, ""), new.get(name, ""))


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from ((f"{name} {inner}", text) for inner, text in _flat(value))
        else:
            yield name, _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
