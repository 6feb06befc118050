"""A visit to Alice's mailbox by one device."""

from datetime import UTC, datetime

import pytest

from gateway.sample.commands import Visit
from gateway.sample.content import furnish
from gateway.sample.mailbox import PostOffice
from mdm.ashttp import Command, Version
from mdm.query import CommandRequest

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def visit():
    post = PostOffice(["alice@x.test", "bob@x.test"])
    furnish(post.mailboxes["alice@x.test"], NOON)
    request = CommandRequest(Command.SYNC, "A1", "Phone", Version.V14_1)
    return Visit(request, post.mailboxes["alice@x.test"], post, NOON)
