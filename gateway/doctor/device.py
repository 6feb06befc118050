"""The doctor's own device: Provision, FolderSync and a Ping, as a phone does them (spec/eas-protocol.md).

It leaves a partnership of the type ``UsherDoctor`` in the list of devices, the same one each time. Told to
wipe itself it obeys, having nothing to lose.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from gateway.doctor.observations import DeviceEnd, DeviceReport, DeviceStep
from gateway.doctor.requests import NAME
from gateway.phone.demands import Demand, demand
from gateway.phone.device import Phone, Provisioning
from gateway.phone.errors import PhoneError, Unreachable
from gateway.phone.identity import Identity, device_id
from gateway.phone.line import Answer, Line
from gateway.phone.reading import Awakening
from mdm.device import DeviceInformation
from mdm.errors import WBXMLError

DEVICE_TYPE = "UsherDoctor"
MANY = 5

_ENDS: Mapping[int, DeviceEnd] = {
    **dict.fromkeys((126, 127, 128, 129, 130, 131, 139, 145, 177), DeviceEnd.BLOCKED),
    **dict.fromkeys((110, 111, 114), DeviceEnd.DOWN),
    140: DeviceEnd.WIPED,
}
_HTTP_ENDS: Mapping[int, DeviceEnd] = {
    401: DeviceEnd.DENIED,
    403: DeviceEnd.BLOCKED,
    **dict.fromkeys((502, 503, 504), DeviceEnd.DOWN),
}
Tell = Callable[[str], None]


def identity(address: str, login: str, password: str) -> Identity:
    """The device, recognisable in every list."""
    return Identity(
        address,
        password,
        device_id(address, DEVICE_TYPE),
        DEVICE_TYPE,
        user_agent=NAME,
        information=DeviceInformation(model="Usher Doctor", os="Usher OS 1.0", os_language="en"),
        login=login,
    )


async def examine(
    who: Identity, line: Line, url: str, heartbeat: int, tell: Tell
) -> tuple[DeviceReport, ...]:
    """Every step up to the first that does not succeed; ``heartbeat`` in seconds, 0 for no Ping."""
    phone = Phone(who, line, server=url)
    steps: list[tuple[DeviceStep, Callable[[], Awaitable[DeviceReport]]]] = [
        (DeviceStep.OPTIONS, lambda: _options(phone)),
        (DeviceStep.PROVISION, lambda: _provision(phone)),
        (DeviceStep.FOLDER_SYNC, lambda: _folders(phone)),
    ]
    if heartbeat:
        steps.append((DeviceStep.PING, lambda: _ping(phone, heartbeat)))
    done: list[DeviceReport] = []
    for step, take in steps:
        tell(f"{step.value} {url}" + (f", {heartbeat} s" if step is DeviceStep.PING else ""))
        try:
            done.append(await take())
        except Unreachable as error:
            done.append(DeviceReport(step, DeviceEnd.UNREACHABLE, str(error)))
        except (PhoneError, WBXMLError) as error:
            done.append(DeviceReport(step, DeviceEnd.REFUSED, str(error)))
        if done[-1].end is not DeviceEnd.DONE:
            break
    return tuple(done)


async def _options(phone: Phone) -> DeviceReport:
    offer = await phone.options()
    return DeviceReport(DeviceStep.OPTIONS, DeviceEnd.DONE, f"{len(offer.versions)} versions")


async def _provision(phone: Phone) -> DeviceReport:
    outcome, answer = await phone.provision()
    match outcome:
        case Provisioning.ACCEPTED:
            return DeviceReport(DeviceStep.PROVISION, DeviceEnd.DONE, f"{len(phone.policy)} settings")
        case Provisioning.NO_POLICY:
            return DeviceReport(DeviceStep.PROVISION, DeviceEnd.DONE, "no policy")
        case Provisioning.WIPED | Provisioning.WIPE_FAILED | Provisioning.WIPE_IGNORED:
            return DeviceReport(DeviceStep.PROVISION, DeviceEnd.WIPED, "a wipe directive")
        case _:
            return _refused(DeviceStep.PROVISION, answer)


async def _folders(phone: Phone) -> DeviceReport:
    answer = await phone.folder_sync()
    if answer.http != 200 or answer.status != 1:
        return _refused(DeviceStep.FOLDER_SYNC, answer)
    if not phone.folders:
        return DeviceReport(DeviceStep.FOLDER_SYNC, DeviceEnd.QUARANTINED, "no folder, not even an inbox")
    return DeviceReport(DeviceStep.FOLDER_SYNC, DeviceEnd.DONE, f"{len(phone.folders)} folders")


async def _ping(phone: Phone, heartbeat: int) -> DeviceReport:
    folders = list(phone.folders.values())[:MANY]
    began = asyncio.get_running_loop().time()
    try:
        answer, awakening = await phone.ping(heartbeat, folders)
    except Unreachable as error:
        return DeviceReport(DeviceStep.PING, DeviceEnd.CUT, f"{_after(began, heartbeat)}: {error}")
    said = _after(began, heartbeat)
    if answer.http in (408, 502, 503, 504) and answer.seconds >= min(1.0, heartbeat / 2):
        return DeviceReport(DeviceStep.PING, DeviceEnd.CUT, f"{said}: HTTP {answer.http}")
    if answer.http != 200 or awakening is None or demand(answer) is not Demand.NOTHING:
        return _refused(DeviceStep.PING, answer)
    return _understood(awakening, said)


def _understood(awakening: Awakening, said: str) -> DeviceReport:
    match awakening.status:
        case 1:
            return DeviceReport(DeviceStep.PING, DeviceEnd.DONE, f"answered {said}")
        case 2:
            return DeviceReport(
                DeviceStep.PING, DeviceEnd.DONE, f"{said}: something had changed, nothing proven"
            )
        case 5:
            wanted = f"{awakening.limit} s" if awakening.limit else "another heartbeat"
            return DeviceReport(DeviceStep.PING, DeviceEnd.DONE, f"the server wants {wanted}; nothing proven")
        case other:
            return DeviceReport(DeviceStep.PING, DeviceEnd.REFUSED, f"Status {other}")


def _after(began: float, heartbeat: int) -> str:
    return f"after {asyncio.get_running_loop().time() - began:.0f} of {heartbeat} s"


def _refused(step: DeviceStep, answer: Answer) -> DeviceReport:
    if answer.http != 200:
        return DeviceReport(step, _HTTP_ENDS.get(answer.http, DeviceEnd.REFUSED), f"HTTP {answer.http}")
    status = answer.status
    end = DeviceEnd.REFUSED if status is None else _ENDS.get(status, DeviceEnd.REFUSED)
    return DeviceReport(step, end, f"Status {status}")
