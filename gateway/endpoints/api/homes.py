"""Nouns that an organisation has and the gateway as a whole has too (webhooks, notices): the same routes
stand below ``/organisations/{organisation}`` and below nothing, and differ in whose the things are.
"""

from fastapi import Depends

from gateway.endpoints.api.calls import With

GATEWAY = ""
"""The id of the organisation of what belongs to none."""


def _organisation(organisation: str, use: With) -> str:
    return use.finder.organisation(organisation).id


async def _gateway() -> str:
    return GATEWAY


WITHIN = Depends(_organisation)
"""The id of the organisation that the path names."""

OUTSIDE = Depends(_gateway)
