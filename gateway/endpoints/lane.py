"""The lane of a stale password: a wipe still arrives (product 5.4; T7).

It opens only for a request whose password was refused, that names a device with an open wipe and proves the
last policy key the device was given. On it there is the wipe and nothing else. Without the proof the answer
is the 401 of any stranger, and for a DeviceId without an open wipe the database is not even asked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.endpoints.credentials import Basic
from gateway.endpoints.threads import Threads
from gateway.log import Trace
from gateway.services.login import Principal
from gateway.services.recollection import Recollection
from gateway.services.resolution import Resolved
from gateway.services.snapshots import Known, Snapshots
from mdm.device import DeviceKey
from mdm.query import CommandRequest


@dataclass(slots=True)
class Proof:
    """What the lane needs: whom a typed name means, and whether a key proves the device."""

    resolve: Callable[[str], Resolved | None]
    prove: Callable[..., object | None]


class Lane:
    """Decides whether a refused request may still have its wipe."""

    def __init__(
        self, proof: Proof, snapshots: Snapshots, recollection: Recollection, threads: Threads
    ) -> None:
        self._proof = proof
        self._snapshots = snapshots
        self._recollection = recollection
        self._threads = threads

    async def open_for(
        self, request: CommandRequest, basic: Basic, trace: Trace, user_agent: str
    ) -> Known | None:
        """The partnership, if the request proves it and its wipe is open; None is a stranger's 401."""
        if request.policy_key is None or request.device_id not in self._snapshots.open_wipes:
            return None
        return await self._threads.store(self._proven, request, basic.username, trace.client, user_agent)

    def _proven(self, request: CommandRequest, username: str, ip: str, user_agent: str) -> Known | None:
        resolved = self._proof.resolve(username)
        if resolved is None or resolved.user is None:
            return None
        principal = Principal(resolved.organisation.id, resolved.user.id)
        key = DeviceKey(principal.organisation, principal.user, request.device_id)
        device = self._proof.prove(key, request.policy_key, ip=ip, user_agent=user_agent)
        if device is None:
            return None
        return self._recollection.known_again([key])[0][1]
