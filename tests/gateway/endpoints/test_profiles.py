"""Profiles as a device meets them: by login, by a link that works once (spec/autodiscover.md 11)."""

import plistlib
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from autodiscover.model import Endpoints, NotFound, Outcome, Question, UrlRedirect
from certs.errors import CertificateError
from gateway.chance import Secrets
from gateway.endpoints.profiles import PATHS, ProfileEndpoint
from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.services.discovery import Discovery, Signed
from gateway.services.login import Principal
from gateway.services.profiles import Profiles
from gateway.store import migrate, open_store
from tests.support.asgi import Heard, ask
from tests.support.world import ADMIN, World

LOGIN = (b"authorization", b"Basic YW5uOng=")
IPHONE = (b"user-agent", b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)")
ENDPOINTS = Endpoints("https://usher.example/Microsoft-Server-ActiveSync", caldav="https://dav.example/")
T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    return call()


class Stage:
    """A user with a mailbox, and the endpoint before her.

    Attributes:
        outcome: what discovery says instead of the truth; an error is raised.
        barred: whether an access rule bars her.
    """

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'usher.db'}"
        migrate(url)
        self.world = World(open_store(url))
        self.world.organisation()
        self.ann = self.world.user()
        self.profiles = Profiles(self.world.store, self.world.clock, Secrets(), "https://usher.example")
        self.discovery = Discovery(self.world.store, {"default": ENDPOINTS})
        self.outcome: Outcome | Exception | None = None
        self.signing: Exception | None = None
        self.barred = False
        self.endpoint = ProfileEndpoint(
            self.profiles, self.answers, self.authenticate, self.sign, in_thread, bars=self.bars
        )

    async def answers(self, questions: Sequence[Question], asker: Signed | None) -> tuple[Outcome, ...]:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome is not None:
            return (self.outcome,)
        return tuple(finding.outcome for finding in self.discovery.find(questions, asker))

    async def authenticate(self, scope: MutableMapping[str, Any]) -> Principal | None:
        return Principal(self.ann.organisation, self.ann.id) if LOGIN in scope["headers"] else None

    async def bars(self, visitor: Signed, scope: MutableMapping[str, Any]) -> bool:
        return self.barred and visitor.user == self.ann.id and scope["type"] == "http"

    def sign(self, profile: bytes) -> bytes:
        if self.signing is not None:
            raise self.signing
        return b"signed:" + profile

    def link(self) -> str:
        return self.profiles.link(ADMIN, self.ann.id).url.removeprefix("https://usher.example")

    async def get(self, path: str, *, method: str = "GET", query: str = "", login: bool = False) -> Heard:
        headers = (IPHONE, *((LOGIN,) if login else ()))
        return await ask(self.endpoint, path, method=method, query=query, headers=headers)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def accounts(heard: Heard) -> list[str]:
    assert heard.status == 200
    profile = plistlib.loads(heard.body.removeprefix(b"signed:"))
    return [each["PayloadType"] for each in profile["PayloadContent"]]


def check_delivery(heard: Heard) -> None:
    assert heard.body.startswith(b"signed:<?xml")
    assert heard.headers["content-type"] == "application/x-apple-aspen-config"
    assert heard.headers["content-disposition"] == 'attachment; filename="mail.mobileconfig"'
    assert heard.headers["cache-control"] == "no-store, private"
    assert heard.headers["content-length"] == str(len(heard.body))


@pytest.mark.parametrize("path", sorted(PATHS))
async def test_by_login(stage: Stage, path: str) -> None:
    assert ProfileEndpoint.matches(path.upper())
    asked = await stage.get(path)
    assert (asked.status, asked.headers["www-authenticate"], asked.body) == (401, 'Basic realm="Usher"', b"")
    heard = await stage.get(path, login=True)
    check_delivery(heard)
    assert accounts(heard) == ["com.apple.eas.account"]
    everything = await stage.get(path, login=True, query="for=any")
    assert accounts(everything) == ["com.apple.eas.account", "com.apple.caldav.account"]


async def test_a_rule_that_bars_the_user_bars_the_profile_and_uses_no_link_up(stage: Stage) -> None:
    link = stage.link()
    stage.barred = True
    for heard in (await stage.get("/mobileconfig", login=True), await stage.get(link, query="install=1")):
        assert (heard.status, heard.body) == (404, b"There is no profile for this mailbox.\n")
    stage.barred = False
    check_delivery(await stage.get(link, query="install=1"))


async def test_head_tells_the_same_without_a_body(stage: Stage) -> None:
    got = await stage.get("/mobileconfig", login=True)
    head = await stage.get("/mobileconfig", login=True, method="HEAD")
    assert (head.status, head.headers, head.body) == (200, got.headers, b"")


async def test_a_link_works_once_and_a_look_at_it_uses_nothing_up(stage: Stage) -> None:
    link = stage.link()
    assert ProfileEndpoint.matches(link)
    for method in ("GET", "HEAD", "GET"):
        page = await stage.get(link, method=method)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert link.rpartition("/")[2].encode() not in page.body
    assert (
        (await stage.get(link, method="HEAD", query="install=1")).headers["content-type"].startswith("text")
    )
    heard = await stage.get(link, query="install=1&for=iphone")
    check_delivery(heard)
    again = await stage.get(link, query="install=1")
    assert (again.status, again.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    tags = [record.tag for record in stage.world.trail()]
    assert tags.count(AuditTag.PROFILE_LINK_USED) == 1


async def test_the_page_tells_nobody_whether_a_link_is_good(stage: Stage) -> None:
    good, bad = stage.link(), "/mobileconfig/" + "0" * 64
    assert await stage.get(good) == await stage.get(bad)
    assert (await stage.get(bad, query="install=1")).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND", "OPTIONS"])
async def test_nothing_is_written_here(stage: Stage, method: str) -> None:
    for path in ("/mobileconfig", stage.link()):
        heard = await stage.get(path, method=method, query="install=1", login=True)
        assert (heard.status, heard.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "error", [GatewayError(Kind.UNAVAILABLE), OSError("gone"), CertificateError("broken")], ids=range(3)
)
async def test_a_failure_of_ours_does_not_use_a_link_up(
    stage: Stage, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    link = stage.link()
    if isinstance(error, GatewayError):
        stage.outcome = error
    else:
        stage.signing = error
    failed = await stage.get(link, query="install=1")
    assert failed.status == 503
    assert int(failed.headers["retry-after"]) > 0
    assert link.rpartition("/")[2] not in caplog.text
    stage.outcome = stage.signing = None
    check_delivery(await stage.get(link, query="install=1"))


@pytest.mark.parametrize(
    "outcome", [NotFound(), UrlRedirect("https://other.example/a")], ids=["none", "away"]
)
async def test_a_mailbox_that_is_not_here_has_no_profile(stage: Stage, outcome: Outcome) -> None:
    stage.outcome = outcome
    link = stage.link()
    assert (await stage.get("/mobileconfig", login=True)).status == 404
    assert (await stage.get(link, query="install=1")).status == 404
    stage.outcome = None
    assert (await stage.get(link, query="install=1")).status == 200


async def test_what_serves_nothing_for_the_device_is_404(stage: Stage) -> None:
    stage.discovery = Discovery(stage.world.store, {"default": Endpoints(ENDPOINTS.activesync)})
    assert (await stage.get("/mobileconfig", login=True, query="for=mac")).status == 404


async def test_our_own_faults_are_left_to_the_middleware(stage: Stage) -> None:
    stage.outcome = GatewayError(Kind.INTERNAL)
    with pytest.raises(GatewayError):
        await stage.get("/mobileconfig", login=True)


async def test_a_query_too_long_is_none(stage: Stage) -> None:
    page = await stage.get(stage.link(), query="install=1&x=" + "y" * 300)
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path",
    [
        "/mobileconfig/",
        "/mobileconfig/x",
        "/mobileconfig/" + "0" * 63,
        "/mobileconfig/" + "0" * 65,
        "/mobileconfig/" + "0" * 64 + "/",
        "/mobileconfig/../" + "0" * 64,
        "/x.mobileconfig",
    ],
    ids=range(7),
)
def test_other_paths_are_not_ours(path: str) -> None:
    assert not ProfileEndpoint.matches(path)
