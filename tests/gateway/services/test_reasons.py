"""Reasons (product 5.5)."""

import pytest

from gateway.errors import GatewayError
from gateway.services.reasons import MAXIMUM_REASON, tidy_reason, wipe_reason
from mdm.device import WipeKind


def test_a_full_wipe_needs_one_and_an_account_wipe_may_have_one() -> None:
    assert wipe_reason(WipeKind.ACCOUNT, " ") == ""
    assert wipe_reason(WipeKind.DEVICE, " lost ") == "lost"
    for empty in ("", "  "):
        with pytest.raises(GatewayError) as refused:
            wipe_reason(WipeKind.DEVICE, empty)
        assert refused.value.faults == {"reason": "A full wipe needs a reason."}


def test_the_limit() -> None:
    assert tidy_reason("x" * MAXIMUM_REASON) == "x" * MAXIMUM_REASON
    with pytest.raises(GatewayError):
        tidy_reason("x" * (MAXIMUM_REASON + 1))


@pytest.mark.parametrize("text", ["a\nb", "\x00", "a\x1b[31m", "\ud800"])
def test_what_would_spoil_a_terminal_or_a_table(text: str) -> None:
    with pytest.raises(GatewayError):
        tidy_reason(text)
