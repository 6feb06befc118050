"""Names lead to the addresses that were given, and are asked of nobody."""

import socket

from gateway.pinned import Pinned


async def test_every_name_is_at_the_addresses_that_were_given() -> None:
    found = await Pinned(["192.0.2.1", "2001:db8::1"]).resolve("anything.invalid", 443)
    assert [(each["host"], each["port"], each["family"]) for each in found] == [
        ("192.0.2.1", 443, socket.AF_INET),
        ("2001:db8::1", 443, socket.AF_INET6),
    ]
    assert all(each["flags"] == socket.AI_NUMERICHOST for each in found)
