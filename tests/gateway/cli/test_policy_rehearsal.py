"""What a change of policy would do, told to people."""

from gateway.cli.policy_rehearsal import told
from gateway.endpoints.api.policy_views import rehearsed
from gateway.services.rehearsal import Rehearsal, Shortcoming


def test_everything_is_told_in_words() -> None:
    short = (
        Shortcoming("RequireDeviceEncryption", "12.0", "", "", 9),
        Shortcoming("RequireDeviceEncryption", "", "gmail", "Gmail for Android", 3),
    )
    lines = told(rehearsed(Rehearsal(230, 220, 214, 5, 2, short))).splitlines()
    assert lines == [
        "touches 214 of 230 devices; 220 are under this policy",
        "5 provision anyway when they come, and get it then",
        "2 are due for a wipe, which stays",
        "9 cannot carry RequireDeviceEncryption: protocol 12.0 does not have it",
        "3 will not do RequireDeviceEncryption: Gmail for Android is known to ignore it",
    ]


def test_what_is_none_is_not_told() -> None:
    assert told(rehearsed(Rehearsal())) == "touches 0 of 0 devices; 0 are under this policy"
