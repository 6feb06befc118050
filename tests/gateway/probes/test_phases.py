"""Both phases against real servers with real certificates (product 2.5, spec/autodiscover.md 12)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from autodiscover.observation import Phase, Step
from gateway.probes.dns import Resolver
from gateway.probes.phases import PATH, Surroundings, phases
from tests.support import ports
from tests.support.dns_server import Misfit, zone
from tests.support.stranger import CHALLENGE, Answer, Identity, answer, expired, sound, stranger, trusted

DOMAIN, HOST, PUBLIC = "acme.test", "autodiscover.acme.test", "mail.example.test"
REDIRECT = answer("302 Found", f"Location: https://{HOST}{PATH}")
NOT_FOUND = answer("404 Not Found")
BOTH = sound(DOMAIN, HOST, PUBLIC)
PAGE = answer("200 OK", "Content-Type: text/html; charset=utf-8", body=b"<html>Welcome</html>")


class Stage:
    """One address for the bare domain, one for ``autodiscover.``, both on the same ports."""

    def __init__(self, stack: AsyncExitStack, around: Surroundings) -> None:
        self._stack = stack
        self.around = around

    async def play(
        self,
        *,
        named: Answer | bytes | None = CHALLENGE,
        plain: Answer | bytes | None = REDIRECT,
        bare: Answer | bytes | None = NOT_FOUND,
        identity: Identity = BOTH,
        bare_identity: Identity = BOTH,
    ) -> tuple[Step, Step, Step]:
        """Perform the phases; gives the steps of ``autodiscover.``, the bare domain, and port 80."""

        async def serve(say: Answer | bytes | None, who: Identity | None, address: str, port: int) -> None:
            await self._stack.enter_async_context(stranger(say, who, address=address, port=port))

        await serve(named, identity, "127.0.0.1", self.around.https_port)
        await serve(plain, None, "127.0.0.1", self.around.http_port)
        await serve(bare, bare_identity, "127.0.0.2", self.around.https_port)
        return await self.perform()

    async def perform(self) -> tuple[Step, Step, Step]:
        second, third = await phases(DOMAIN, self.around)
        assert (second.number, third.number) == (2, 3)
        return *second.steps, *third.steps  # type: ignore[return-value]  # two and one


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    records = zone(
        f"{DOMAIN} 60 A 127.0.0.2",
        f"{HOST} 60 CNAME {PUBLIC}.",
        f"{PUBLIC} 60 A 127.0.0.1",
        "www.acme.test 60 A 127.0.0.2",
    )
    https, http = ports.free(2)
    with Misfit(records) as names:
        resolver = Resolver([names.server], timeout_s=10)
        async with AsyncExitStack() as stack:
            yield Stage(stack, Surroundings(resolver, {PUBLIC}, trusted(tmp_path), https, http))


async def test_a_healthy_deployment_passes_both(stage: Stage) -> None:
    named, bare, plain = await stage.play()
    assert (named.passed, named.fact, named.mend) == (True, "401 with Basic", "")
    assert (bare.passed, bare.fact) == (True, "404: clients go on to the next step")
    assert (plain.passed, plain.fact) == (True, f"302 to https://{HOST}{PATH}")
    assert Phase(2, (named, bare)).passed


async def test_what_is_asked_carries_no_credentials(stage: Stage) -> None:
    visits = []

    def note(visit: object) -> bytes:
        visits.append(visit)
        return CHALLENGE

    await stage.play(named=note, bare=note)
    assert {(each.method, each.target) for each in visits} == {("POST", PATH)}
    assert all("authorization" not in each.headers for each in visits)


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (answer("200 OK", "Content-Type: text/xml"), "200 text/xml"),
        (answer("401 Unauthorized", "WWW-Authenticate: Negotiate"), "401 without a Basic challenge"),
        (answer("302 Found", "Location: /login"), "302 to /login"),
        (answer("503 Away"), "503"),
    ],
    ids=["200", "no-basic", "redirect", "503"],
)
async def test_anything_but_a_challenge_fails_phase_two(stage: Stage, said: bytes, fact: str) -> None:
    named, _, _ = await stage.play(named=said)
    assert (named.passed, named.fact) == (False, fact)
    assert named.mend == "An unauthenticated POST must be 401 with a Basic challenge."


async def test_basic_may_stand_beside_other_schemes(stage: Stage) -> None:
    said = answer(
        "401 Unauthorized", "WWW-Authenticate: Negotiate", 'WWW-Authenticate: Bearer, Basic realm="x"'
    )
    assert (await stage.play(named=said))[0].passed


async def test_an_alias_does_not_change_the_name_in_the_certificate(stage: Stage) -> None:
    named, _, _ = await stage.play(identity=sound(PUBLIC))
    assert (named.passed, named.fact) == (False, f"the certificate is for {PUBLIC}, not for {HOST}")
    assert (
        named.mend == f"Add {HOST} to the certificate: an alias does not change the name that clients check."
    )


async def test_an_expired_certificate_fails(stage: Stage) -> None:
    named, _, _ = await stage.play(identity=expired(HOST))
    assert not named.passed
    assert named.mend == f"Install a certificate for {HOST} that is valid and that clients trust."


@pytest.mark.parametrize(
    ("said", "passed", "fact"),
    [
        (CHALLENGE, True, f"401 with Basic at {DOMAIN}"),
        (PAGE, False, "200 text/html"),
        (answer("403 Forbidden"), True, "403: clients go on to the next step"),
        (None, True, "the connection was closed before an answer came: clients go on to the next step"),
    ],
    ids=["challenge", "page", "403", "closes"],
)
async def test_the_bare_domain_must_not_answer_200(
    stage: Stage, said: bytes | None, passed: bool, fact: str
) -> None:
    _, bare, _ = await stage.play(bare=said)
    assert (bare.passed, bare.fact) == (passed, fact)
    assert bool(bare.mend) is not passed


@pytest.mark.parametrize(("last", "passed"), [(PAGE, False), (NOT_FOUND, True)], ids=["page", "404"])
async def test_redirects_of_the_bare_domain_are_followed_to_their_end(
    stage: Stage, last: bytes, passed: bool
) -> None:
    port = stage.around.https_port

    def say(visit: object) -> bytes:
        if getattr(visit, "target", "") == "/page":
            return last
        return answer("301 Moved", f"Location: https://www.acme.test:{port}/page")

    _, bare, _ = await stage.play(bare=say, bare_identity=sound(DOMAIN, "www.acme.test"))
    assert bare.passed is passed


async def test_a_bare_domain_that_redirects_for_ever(stage: Stage) -> None:
    _, bare, _ = await stage.play(bare=answer("302 Found", f"Location: {PATH}"))
    assert (bare.passed, bare.mend.endswith("it redirects on and on.")) == (False, True)


@pytest.mark.parametrize(
    "location",
    ["https://[broken", "https://127.0.0.1:{port}/", "https://www.acme.test:22/", "ftp://www.acme.test/", ""],
    ids=["broken", "address", "port", "scheme", "empty"],
)
async def test_a_redirect_to_no_public_place_is_where_it_ends(stage: Stage, location: str) -> None:
    visits = []

    def say(visit: object) -> bytes:
        visits.append(visit)
        return answer("302 Found", f"Location: {location.format(port=stage.around.https_port)}")

    _, bare, _ = await stage.play(bare=say)
    assert not bare.passed
    assert len(visits) == 1


async def test_a_foreign_server_that_asks_for_passwords(stage: Stage) -> None:
    port = stage.around.https_port

    def say(visit: object) -> bytes:
        if getattr(visit, "headers", {})["host"].startswith("www."):
            return CHALLENGE
        return answer("307 Moved", f"Location: https://www.acme.test:{port}{PATH}")

    _, bare, _ = await stage.play(bare=say, bare_identity=sound(DOMAIN, "www.acme.test"))
    assert (bare.passed, bare.fact) == (False, "401 with Basic at www.acme.test")


async def test_a_warning_about_a_certificate_stops_people_at_the_bare_domain(stage: Stage) -> None:
    _, bare, _ = await stage.play(bare_identity=sound("www.acme.test"))
    assert not bare.passed
    assert bare.fact == f"the certificate is for www.acme.test, not for {DOMAIN}"


async def test_a_bare_domain_that_hangs_makes_every_client_wait(stage: Stage) -> None:
    stage.around = replace(stage.around, timeout_s=1.0)
    _, bare, _ = await stage.play(bare=b"")
    assert (bare.passed, bare.fact) == (False, "no answer in time")
    assert bare.mend == f"Let {DOMAIN}:443 refuse at once: every client waits there."


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        (answer("200 OK"), "Plain HTTP must answer 302 to https, and nothing else."),
        (
            answer("401 No", "WWW-Authenticate: Basic"),
            "Plain HTTP must answer 302 to https, and nothing else.",
        ),
        (answer("302 Found", f"Location: http://{HOST}{PATH}"), "The redirect must lead to https."),
        (answer("302 Found", "Location: https://[broken"), "The redirect must lead to https."),
        (answer("302 Found"), "The redirect must lead to https."),
        (answer("302 Found", f"Location: https://{HOST}/"), f"The redirect must keep the path {PATH}."),
        (
            answer("302 Found", f"Location: https://evil.test{PATH}"),
            f"The redirect must lead to {PUBLIC}, or to a host of this gateway.",
        ),
    ],
    ids=["200", "401", "plain", "broken", "nowhere", "path", "host"],
)
async def test_phase_three_is_a_redirect_and_to_the_right_place(stage: Stage, said: bytes, mend: str) -> None:
    _, _, plain = await stage.play(plain=said)
    assert (plain.passed, plain.mend) == (False, mend)


async def test_the_redirect_may_lead_to_the_public_host(stage: Stage) -> None:
    said = answer("302 Found", f"Location: https://{PUBLIC}/Autodiscover/Autodiscover.xml")
    assert (await stage.play(plain=said))[2].passed


async def test_nothing_at_all_is_there(stage: Stage) -> None:
    named, bare, plain = await stage.perform()
    assert (named.passed, bare.passed, plain.passed) == (False, True, False)
    assert bare.fact == "the connection was refused: clients go on to the next step"
    assert plain.mend == f"Open port 80 of {HOST} for the redirect."


async def test_a_domain_that_does_not_exist(stage: Stage) -> None:
    second, third = await phases("gone.test", stage.around)
    assert second.steps[0].mend == "Publish a record for autodiscover.gone.test."
    assert second.steps[1].passed
    assert not third.passed


async def test_it_is_stopped_by_cancelling(stage: Stage) -> None:
    task = asyncio.ensure_future(stage.play(named=b""))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
