"""Who vouches for an account that is not their own (T9). What comes of it: ``test_persons``,
``tests/attacks/test_approvals``."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records.administrators import Administrator
from gateway.records.authority import MACHINE, Appointment, Authority, Role
from gateway.services.vouching import hands_over, require_vouching
from tests.support.stores import NOON

ANN = Administrator("a-ann", "ann", "Ann", NOON, "test", "a-ann", "ann@acme.example")
OWNER = Authority("olga", "p-olga", MACHINE, account="a-olga")
MOVED = replace(ANN, address="else@acme.example")


@pytest.mark.parametrize(
    ("who", "after", "handed"),
    [
        (OWNER, MOVED, True),
        (OWNER, replace(ANN, display_name="A"), False),
        (OWNER, replace(MOVED, issuer="https://login.example", subject="ann"), False),
        (replace(OWNER, account="a-ann"), MOVED, False),
    ],
    ids=["another address", "another name", "bound to a user of the provider", "her own"],
)
def test_another_address_may_hand_an_account_over(who: Authority, after: Administrator, handed: bool) -> None:
    assert hands_over(who, ANN, after) is handed


@pytest.mark.parametrize(
    ("who", "account", "kind"),
    [
        (replace(OWNER, account="a-ann"), ANN, Kind.CONFLICT),
        (
            replace(OWNER, appointments=(Appointment(Role.OWNER, "m-1"),)),
            replace(ANN, appointments=MACHINE),
            Kind.FORBIDDEN,
        ),
    ],
    ids=["oneself", "somebody who may do more"],
)
def test_nobody_vouches_for(who: Authority, account: Administrator, kind: Kind) -> None:
    with pytest.raises(GatewayError) as refused:
        require_vouching(who, account)
    assert refused.value.kind is kind
    require_vouching(OWNER, account)
