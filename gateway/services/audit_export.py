"""The trail in the field layout of a CloudTrail record (product 8; spec/workmail-api.md 5.1).

An operation that Amazon WorkMail has goes by its name, so that queries carry over; every other one by subject
and action of its tag. There is no region, and ``eventSource`` is our own. What CloudTrail has no field for
stands in ``additionalEventData``, so nothing is lost: ``link_of`` makes the record again that was hashed, and
whoever has a line can verify it. Values are data and one line, whatever they hold (T23).
"""

import json
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.records import DONE, AuditRecord, AuditTag
from gateway.records.chain import Link, moment

EVENT_VERSION = "1.11"
EVENT_SOURCE = "usher"
REFUSED = "Refused"

OPERATIONS: Mapping[AuditTag, str] = MappingProxyType(
    {
        AuditTag.ORGANISATION_CREATED: "CreateOrganization",
        AuditTag.ORGANISATION_REMOVED: "DeleteOrganization",
        AuditTag.DOMAIN_ADDED: "RegisterMailDomain",
        AuditTag.DOMAIN_REMOVED: "DeregisterMailDomain",
        AuditTag.USER_CREATED: "CreateUser",
        AuditTag.USER_CHANGED: "UpdateUser",
        AuditTag.USER_REMOVED: "DeleteUser",
        AuditTag.GROUP_CREATED: "CreateGroup",
        AuditTag.GROUP_CHANGED: "UpdateGroup",
        AuditTag.GROUP_REMOVED: "DeleteGroup",
        AuditTag.MEMBER_ADDED: "AssociateMemberToGroup",
        AuditTag.MEMBER_REMOVED: "DisassociateMemberFromGroup",
        AuditTag.RESOURCE_CREATED: "CreateResource",
        AuditTag.RESOURCE_CHANGED: "UpdateResource",
        AuditTag.RESOURCE_REMOVED: "DeleteResource",
        AuditTag.PERMISSION_GRANTED: "PutMailboxPermissions",
        AuditTag.PERMISSION_REVOKED: "DeleteMailboxPermissions",
        AuditTag.ACCESS_CHANGED: "PutMobileDeviceAccessOverride",
        AuditTag.POLICY_CHANGED: "SetMobilePolicyDetails",
        AuditTag.WIPE_REQUIRED: "WipeMobileDevice",
        AuditTag.DEVICE_REMOVED: "DeleteMobileDevice",
    }
)


def line(record: AuditRecord) -> str:
    """One record on one line of ASCII."""
    return json.dumps(layout(record))


def layout(record: AuditRecord) -> dict[str, Any]:
    """A record as CloudTrail would show it."""
    at, done = moment(record.at), record.outcome == DONE
    told = {"before": dict(record.before), "after": dict(record.after)}
    asked = {"target": record.target, "reason": record.reason}
    return {
        "eventVersion": EVENT_VERSION,
        "userIdentity": _identity(record),
        "eventTime": f"{at[:19]}Z",
        "eventSource": EVENT_SOURCE,
        "eventName": event_name(record.tag),
        "sourceIPAddress": record.actor.address,
        "userAgent": record.actor.user_agent,
        "requestParameters": asked if done else {**asked, **told},
        "responseElements": told if done else None,
        "requestID": record.actor.request_id,
        "eventID": str(uuid.UUID(hex=record.hash[:32])),
        "readOnly": False,
        "eventCategory": "Management",
        "recipientAccountId": record.organisation,
        **({} if done else {"errorCode": REFUSED, "errorMessage": record.outcome}),
        "additionalEventData": {
            "sequence": record.sequence,
            "at": at,
            "tag": record.tag.value,
            "previous": record.previous,
            "hash": record.hash,
        },
    }


def link_of(document: Mapping[str, Any]) -> Link:
    """The record of a line as it was hashed; KeyError and TypeError for a document that lacks something."""
    who, more = document["userIdentity"], document["additionalEventData"]
    asked, done = document["requestParameters"], document["responseElements"]
    told = asked if done is None else done
    return Link.of_document(
        {
            **{name: more[name] for name in ("sequence", "at", "tag", "previous", "hash")},
            "actor_kind": who["type"],
            "actor_name": who["userName"],
            "actor_person": who["principalId"],
            "actor_credential": who["accessKeyId"],
            "actor_address": document["sourceIPAddress"],
            "actor_user_agent": document["userAgent"],
            "request_id": document["requestID"],
            "organisation": document["recipientAccountId"],
            "target": asked["target"],
            "reason": asked["reason"],
            "before": told["before"],
            "after": told["after"],
            "outcome": document.get("errorMessage", DONE),
        }
    )


def agrees(document: Mapping[str, Any]) -> bool:
    """Whether the fields that repeat others say what those say."""
    more = document["additionalEventData"]
    return bool(
        document["eventTime"] == f"{more['at'][:19]}Z"
        and document["eventName"] == event_name(AuditTag(more["tag"]))
        and document["eventSource"] == EVENT_SOURCE
        and document["eventID"] == str(uuid.UUID(hex=more["hash"][:32]))
        and document["userIdentity"]["accountId"] == document["recipientAccountId"]
        and document.get("errorCode") == (REFUSED if document["responseElements"] is None else None)
    )


def event_name(tag: AuditTag) -> str:
    """``OrganisationChanged`` for ``admin:organisation:changed``, where WorkMail has no name."""
    _, subject, action = tag.value.split(":")
    derived = "".join(word.title() for word in f"{subject}-{action}".split("-"))
    return OPERATIONS.get(tag, derived)


def _identity(record: AuditRecord) -> dict[str, str]:
    return {
        "type": record.actor.kind,
        "principalId": record.actor.person,
        "accountId": record.organisation,
        "accessKeyId": record.actor.credential,
        "userName": record.actor.name,
    }
