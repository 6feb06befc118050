"""The branch about ActiveSync."""

from gateway.doctor.judgement import judge
from gateway.doctor.judgement_activesync import SHORT_PING, branch
from gateway.doctor.observations import (
    ActiveSync,
    DeviceEnd,
    DeviceReport,
    DeviceStep,
    Observations,
    Place,
    SignIn,
    Storage,
    Trouble,
)
from gateway.doctor.tree import Node, Status
from tests.gateway.doctor.scenes import BASIC, observed, page, silence

URL = "https://mail.acme.example/Microsoft-Server-ActiveSync"
CHALLENGE = page(401, Place.ACTIVESYNC, headers=BASIC)
GOOD = page(200, Place.ACTIVESYNC, headers={"ms-asprotocolversions": "16.1"})
PROVISIONED = DeviceReport(DeviceStep.PROVISION, DeviceEnd.DONE, "40 settings")


def made(service: ActiveSync, **more: object) -> tuple[Node, dict[str, Node]]:
    seen: Observations = observed(activesync=service, **more)
    node = branch(seen, judge(seen).faults)
    return node, {child.title: child for child in node.children}


def test_everything_passes() -> None:
    folders = DeviceReport(DeviceStep.FOLDER_SYNC, DeviceEnd.DONE, "3 folders")
    service = ActiveSync(URL, True, CHALLENGE, GOOD, Storage.PASSES, device=(PROVISIONED, folders))
    node, steps = made(service, with_device=True, sign_in=SignIn.ACCEPTED)
    assert node.status is Status.PASS
    assert steps["OPTIONS"].fact == "HTTP 200, versions 16.1"
    assert steps["Ping"].fact == SHORT_PING


def test_a_step_that_failed_does_not_blacken_those_before_it() -> None:
    down = DeviceReport(DeviceStep.FOLDER_SYNC, DeviceEnd.DOWN, "HTTP 503")
    node, steps = made(ActiveSync(URL, True, CHALLENGE, GOOD, device=(PROVISIONED, down)), with_device=True)
    assert node.status is Status.FAIL
    assert (steps["OPTIONS"].status, steps["Provision"].status) == (Status.PASS, Status.PASS)
    assert (steps["FolderSync"].status, steps["FolderSync"].codes) == (Status.FAIL, ("eas.down",))


def test_quarantine_warns() -> None:
    waiting = DeviceReport(DeviceStep.FOLDER_SYNC, DeviceEnd.QUARANTINED, "no folder")
    node, steps = made(ActiveSync(URL, True, CHALLENGE, GOOD, device=(waiting,)), with_device=True)
    assert (node.status, steps["FolderSync"].status) == (Status.WARN, Status.WARN)


def test_a_proxy_that_stores_warns() -> None:
    node, steps = made(ActiveSync(URL, True, CHALLENGE, GOOD, Storage.STORES))
    assert node.status is Status.WARN
    assert steps["requests pass as they come"].codes == ("proxy.stores_requests",)


def test_a_guess_that_missed_is_skipped() -> None:
    node, steps = made(ActiveSync(URL, False, silence(Trouble.REFUSED)))
    assert (node.status, node.fact) == (Status.SKIP, "guessed")
    assert steps["Provision"].fact == "only with --device"


def test_no_server_at_all() -> None:
    assert made(ActiveSync())[0].status is Status.SKIP
