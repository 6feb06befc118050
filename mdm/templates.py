"""Policies to start from (product 4, research/peers.md 1b): what others ask for, as data with its source.

A template is a document like any other; once copied into an organisation it is the organisation's own. What
is strict by default here (partial acknowledgement, devices without a policy) is relaxed only where its title
says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Template:
    """A policy document to start from.

    Attributes:
        title: what an administrator reads. source: where its values come from.
        document: as ``mdm.policy.Policy.from_document`` reads it.
    """

    name: str
    title: str
    source: str
    document: Mapping[str, Any]


TEMPLATES: tuple[Template, ...] = (
    Template(
        "workmail-default",
        "As Amazon WorkMail starts: 4 characters, simple ones allowed, erased after 10 wrong attempts",
        "research/peers.md 2a: the defaults by a third party's article; AWS's own page names no values",
        {
            "settings": {
                "DevicePasswordEnabled": True,
                "AllowSimpleDevicePassword": True,
                "MinDevicePasswordLength": 4,
                "AlphanumericDevicePasswordRequired": False,
                "MaxDevicePasswordFailedAttempts": 10,
                "DevicePasswordHistory": 0,
                "RequireDeviceEncryption": False,
                "RequireStorageCardEncryption": False,
            }
        },
    ),
    Template(
        "exchange-default",
        "As Exchange starts: asks for nothing, and serves devices that fetch no policy",
        "research/peers.md 2b: defaults of New-MobileDeviceMailboxPolicy, as read in August 2026",
        {
            "settings": {
                "DevicePasswordEnabled": False,
                "AlphanumericDevicePasswordRequired": False,
                "AllowSimpleDevicePassword": True,
                "MinDevicePasswordComplexCharacters": 1,
                "DevicePasswordHistory": 0,
                "PasswordRecoveryEnabled": False,
                "RequireDeviceEncryption": False,
                "RequireStorageCardEncryption": False,
                "AllowBluetooth": 2,
                "AttachmentsEnabled": True,
                "AllowHTMLEmail": True,
                "RequireManualSyncWhenRoaming": False,
            },
            "allow_non_provisionable": True,
            "accept_external": False,
            "refresh_hours": 0,
        },
    ),
    Template(
        "nist-minded",
        "Minded like NIST SP 800-124: lock, encryption, erasure after wrong attempts, nothing unsigned",
        "NIST SP 800-124 Rev. 2 names the controls (authentication, lock, encryption, wipe, untrusted "
        "applications) and leaves the numbers to the organisation; its companion SP 800-63B speaks against "
        "forced changes. The numbers are ours: general knowledge, not read again for this table",
        {
            "settings": {
                "DevicePasswordEnabled": True,
                "AllowSimpleDevicePassword": False,
                "MinDevicePasswordLength": 6,
                "MaxDevicePasswordFailedAttempts": 10,
                "MaxInactivityTimeDeviceLock": 300,
                "DevicePasswordExpiration": 0,
                "RequireDeviceEncryption": True,
                "RequireStorageCardEncryption": True,
                "AllowUnsignedApplications": False,
                "AllowUnsignedInstallationPackages": False,
            },
            "allow_non_provisionable": False,
            "accept_partial": False,
            "accept_external": False,
            "refresh_hours": 24,
        },
    ),
    Template(
        "own-phones",
        "For people's own phones: a lock, and room for what an employer cannot decide there",
        "research/wants.md 2 and 15: what iOS, Gmail and Outlook honour alike (mdm.families)",
        {
            "settings": {
                "DevicePasswordEnabled": True,
                "MinDevicePasswordLength": 4,
                "AllowSimpleDevicePassword": False,
            },
            "accept_partial": True,
            "accept_external": True,
        },
    ),
)

BY_NAME: Mapping[str, Template] = MappingProxyType({template.name: template for template in TEMPLATES})
