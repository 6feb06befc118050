"""A phone before a checkpoint that enforces policy, and before the bare sample server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from gateway.phone.device import Phone
from gateway.phone.identity import Identity
from gateway.phone.line import Line
from gateway.phone.story import Event
from tests.support.checkpoint import Checkpoint, guarding


@dataclass
class World:
    """One checkpoint, one line to it, and what its phones told."""

    checkpoint: Checkpoint
    line: Line
    url: str
    told: list[Event] = field(default_factory=list)

    def phone(self, **wanted: object) -> Phone:
        """Alice's phone, with whatever a test wants otherwise."""
        fields = {"address": "alice@example.test", "password": "correct horse", "device_id": "ABC123"}
        return Phone(Identity(**{**fields, **wanted}), self.line, tell=self.told.append, server=self.url)

    def texts(self) -> str:
        return "\n".join(event.text for event in self.told)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    checkpoint = Checkpoint()
    async with guarding(checkpoint) as (url, trust), Line(trust) as line:
        yield World(checkpoint, line, url)
