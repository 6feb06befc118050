"""One timer for what runs out next."""

import asyncio
import time
from collections.abc import Collection
from math import inf

from gateway.endpoints.expiries import Expiries
from mdm.device import DeviceKey
from tests.support.gateway import until

FIRST, SECOND, THIRD = (DeviceKey("m-1", "u-1", name) for name in ("PHONE1", "PHONE2", "PHONE3"))


async def test_the_next_comes_first_whatever_the_order_of_entry() -> None:
    struck: list[Collection[DeviceKey]] = []
    expiries = Expiries(struck.append)
    now = time.time()
    expiries.watch(THIRD, now + 3600)
    expiries.watch(SECOND, now + 0.1)
    expiries.watch(FIRST, now - 1)
    expiries.watch(FIRST, now - 1)
    expiries.watch(THIRD, inf)
    assert len(expiries) == 3
    await until(lambda: len(struck) == 2, 10)
    assert struck == [{FIRST}, {SECOND}]
    assert time.time() >= now + 0.1
    assert len(expiries) == 1
    expiries.stop()


async def test_after_the_end_nobody_is_called() -> None:
    struck: list[Collection[DeviceKey]] = []
    expiries = Expiries(struck.append)
    expiries.watch(FIRST, time.time() + 0.05)
    expiries.stop()
    await asyncio.sleep(0.15)
    assert struck == []
