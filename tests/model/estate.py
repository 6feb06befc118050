"""What ought to be true of an organisation, its people and their devices: the model beside the product.

The model knows the rules of product 4, 5 and 6 in a few lines and nothing of how the product keeps them. It
is told what an administrator ordered and what a device heard, and says who may have mail. It is careful where
the product may choose the moment (a change that is spread over a window): then it demands nothing, and still
forbids what is late.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from mdm.device import AccessLevel, WipeKind

OFFER_LIVES = timedelta(minutes=15)
APPROVAL_LIVES = timedelta(hours=24)
UNDECIDED = (AccessLevel.BLOCK, AccessLevel.QUARANTINE)


class Due(Enum):
    """How far the wipe of a device is, as the device should see it."""

    NO = "no wipe"
    DUE = "due"
    TOLD = "told"
    DONE = "done"


@dataclass
class Override:
    """An administrator's word, and until when."""

    level: AccessLevel
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass
class Ordered:
    """One order of a wipe as the model counts it."""

    id: str
    device: str
    kind: WipeKind
    by: str
    at: datetime
    waits: bool


@dataclass
class Side:
    """One device of one person, as it ought to be.

    Attributes:
        offer: key, moment and policy of the last offer.
        key, length: the final key, and the policy that was acknowledged with it; 0 for none.
        held: the last final key that the device was given, which it shows whatever has become of it.
        late: moment from which the acknowledged policy counts no more although it was left behind, None while
            it is the one in force.
        sure: nothing was in doubt since the acknowledgement: mail must be served.
    """

    name: str
    user: str
    offer: tuple[int, datetime, int] | None = None
    key: int = 0
    held: int = 1
    length: int = 0
    late: datetime | None = None
    sure: bool = False
    override: Override | None = None
    wipe: Due = Due.NO
    kind: WipeKind = WipeKind.DEVICE
    buried: bool = False

    def forget_keys(self) -> None:
        self.offer, self.key, self.length, self.late, self.sure = None, 0, 0, None, False

    def leave(self) -> None:
        """Off the list; what it says next is at first sight."""
        self.forget_keys()
        self.override, self.wipe, self.buried = None, Due.NO, False


@dataclass
class Estate:
    """Everything that decides.

    Attributes:
        base: minimum password length of the organisation's policy; ``named``: of the named policies.
        worn: target (a user, a device or empty for the organisation) to the name of its policy.
        rules: DeviceType to what the rules say of it.
    """

    sides: dict[str, Side]
    now: datetime
    base: int = 4
    named: dict[str, int] = field(default_factory=lambda: {"six": 6, "nine": 9})
    worn: dict[str, str] = field(default_factory=dict)
    rules: dict[str, AccessLevel] = field(default_factory=dict)
    default: AccessLevel = AccessLevel.ALLOW
    disabled: set[str] = field(default_factory=set)
    listed_only: set[str] = field(default_factory=set)
    orders: list[Ordered] = field(default_factory=list)
    lifted: datetime | None = None
    frozen: bool = False

    def asked_of(self, side: Side) -> int:
        """The password length that holds for a device: its own policy, its user's, the organisation's."""
        for target in (side.name, side.user, ""):
            if target in self.worn:
                return self.named[self.worn[target]]
        return self.base

    def policies_change(self, window: timedelta, before: dict[str, int]) -> None:
        """After any change of policies: who acknowledged something else than holds is late from now on or,
        where it is spread, from the end of the window."""
        for side in self.sides.values():
            wanted = self.asked_of(side)
            if side.length == wanted:
                if before[side.name] != wanted:
                    side.late, side.sure = None, False
                continue
            if before[side.name] != wanted or side.late is None:
                late = self.now + window
                side.late = late if side.late is None else max(side.late, late)
                side.sure = False

    def lengths(self) -> dict[str, int]:
        return {name: self.asked_of(side) for name, side in self.sides.items()}

    def level(self, side: Side, device_type: str) -> AccessLevel:
        """The order of product 6.1, in this model's words."""
        if side.user in self.disabled:
            return AccessLevel.BLOCK
        if side.override is not None and side.override.holds(self.now):
            return side.override.level
        if side.user in self.listed_only:
            return AccessLevel.BLOCK
        return self.rules.get(device_type, self.default)

    def compliant(self, side: Side, shown: int) -> bool:
        """Whether a key counts: the one in force, for a policy that holds or is not late yet."""
        return bool(side.key) and shown == side.key and (side.late is None or self.now < side.late)

    def may_have_mail(self, side: Side, device_type: str, shown: int) -> bool:
        allowed = self.level(side, device_type) is AccessLevel.ALLOW
        return allowed and side.wipe is Due.NO and self.compliant(side, shown)

    def must_have_mail(self, side: Side, device_type: str, shown: int) -> bool:
        return side.sure and self.may_have_mail(side, device_type, shown)

    def asked_within(self, by: str, window: timedelta) -> int:
        """Orders of one administrator that count now."""
        since = max(self.now - window, self.lifted or self.now - window)
        return sum(order.by == by and order.at > since for order in self.orders)
