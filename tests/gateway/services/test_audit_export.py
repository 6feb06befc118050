"""The layout of CloudTrail loses nothing and hides nothing."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.chain import COLUMNS, GENESIS, canonical, intact, link, moment
from gateway.services.audit_export import OPERATIONS, agrees, event_name, layout, line, link_of
from gateway.services.audit_files import FileInspection
from tests.support.trails import record, signer

FIELDS = {
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "requestID",
    "eventID",
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def chained(told: AuditRecord, number: int = 1, previous: str = GENESIS) -> AuditRecord:
    """The record as the store gives it back."""
    actor = told.actor
    values = {
        "sequence": number,
        "at": moment(told.at),
        "tag": told.tag.value,
        "actor_kind": actor.kind,
        "actor_name": actor.name,
        "actor_address": actor.address,
        "actor_user_agent": actor.user_agent,
        "actor_person": actor.person,
        "actor_credential": actor.credential,
        "request_id": actor.request_id,
        "organisation": told.organisation,
        "target": told.target,
        "reason": told.reason,
        "outcome": told.outcome,
        "before": canonical(told.before),
        "after": canonical(told.after),
    }
    hashed = link(tuple(values[name] for name in COLUMNS), previous)
    return replace(told, sequence=number, previous=previous, hash=hashed)


DONE = chained(record(1))
REFUSED = chained(record(2, outcome="refused: no"), 2, DONE.hash)


@pytest.mark.parametrize("one", [DONE, REFUSED], ids=["done", "refused"])
def test_every_field_is_there_and_the_record_can_be_made_again(one: AuditRecord) -> None:
    document = json.loads(line(one))
    assert set(document) >= FIELDS
    assert agrees(document) and intact(link_of(document))


def test_what_was_refused_has_an_error_and_no_answer() -> None:
    document = layout(REFUSED)
    assert (document["errorCode"], document["errorMessage"]) == ("Refused", "refused: no")
    assert document["responseElements"] is None
    assert "errorCode" not in layout(DONE) and layout(DONE)["responseElements"]["after"]


@given(name=TEXT, agent=TEXT, reason=TEXT, value=TEXT)
def test_hostile_texts_stay_what_they_are_on_one_line(name: str, agent: str, reason: str, value: str) -> None:
    actor = Actor("admin", name, "192.0.2.1", agent)
    one = chained(record(1, actor=actor, reason=reason, after={value: value}))
    text = line(one)
    assert text.isascii() and text.isprintable() and len(text.splitlines()) == 1
    document = json.loads(text)
    assert (document["userIdentity"]["userName"], document["userAgent"]) == (name, agent)
    assert document["requestParameters"]["reason"] == reason
    assert document["responseElements"]["after"] == {value: value}
    assert intact(link_of(document))


@pytest.mark.parametrize("name", sorted(layout(REFUSED)))
def test_no_field_can_be_changed_unseen(name: str) -> None:
    document = json.loads(line(REFUSED))
    if name in ("readOnly", "eventCategory", "eventVersion"):
        return
    document[name] = {"a": 1} if isinstance(document[name], dict) else "other"
    assert not FileInspection(signer()).report([json.dumps(document)]).sound


def test_left_out_records_are_no_fault_of_an_export() -> None:
    later = chained(record(9), 9, "e" * 64)
    lines = [line(each) for each in (DONE, REFUSED, later)]
    assert FileInspection(signer()).report(lines).sound
    swapped = [lines[1], lines[0], lines[2]]
    assert [each.fault.value for each in FileInspection(signer()).report(swapped).findings] == ["moved"]
    other = chained(record(2, reason="other"), 2, "d" * 64)
    found = FileInspection(signer()).report([lines[0], line(other)]).findings
    assert [(each.fault.value, each.first) for each in found] == [("replaced", 1)]


def test_every_tag_has_a_name() -> None:
    assert event_name(AuditTag.WIPE_REQUIRED) == "WipeMobileDevice"
    assert event_name(AuditTag.PROFILE_LINK_CREATED) == "ProfileLinkCreated"
    assert all(event_name(tag).isalnum() for tag in AuditTag)
    assert len(set(OPERATIONS.values())) == len(OPERATIONS)
