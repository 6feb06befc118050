"""``usher device play`` as a person runs it: a process of its own, over TLS, against the pure core."""

import asyncio
import json
import signal
import ssl
import sys

import pytest
from click.testing import CliRunner

from gateway.cli.phone import Detour, play
from mdm.ashttp import Reply
from tests.support import checkpoint
from tests.support.checkpoint import Checkpoint
from tests.support.serving import ours

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def tls():
    return checkpoint.certificates()


class Lab:
    """A checkpoint, a file that trusts it and a file with Alice's password."""

    def __init__(self, place, checkpoint, port, trust):
        self.checkpoint = checkpoint
        self.port = port
        self.url = f"https://localhost:{port}/Microsoft-Server-ActiveSync"
        self.ca = place / "ca.pem"
        (der,) = trust.get_ca_certs(binary_form=True)
        self.ca.write_text(ssl.DER_cert_to_PEM_cert(der))
        self.password = place / "password"
        self.password.write_text(PASSWORD + "\n")

    def command(self, *more):
        return (
            "alice@example.test", "--password-file", str(self.password),
            "--server", self.url, "--ca", str(self.ca), *more,
        )  # fmt: skip

    async def started(self, *more):
        code = "from gateway.cli.phone import play; play()"
        return await asyncio.create_subprocess_exec(
            sys.executable, "-u", "-c", code, *self.command(*more),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def played(self, *more):
        process = await self.started(*more)
        out, err = await asyncio.wait_for(process.communicate(), 30)
        assert PASSWORD not in (out + err).decode()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def lab(tmp_path, tls):
    server, trust = tls
    guard = Checkpoint()
    async with ours(guard, tls=server, guarded=False) as port:
        yield Lab(tmp_path, guard, port, trust)


async def test_once_tells_a_story_and_ends_in_sync(lab):
    code, out, err = await lab.played("--protocol", "14.1", "--query", "base64")
    assert (code, err) == (0, "")
    for text in ("speaks 14.1", "has provisioned", "sees 4 folders", "has 3 items in Inbox"):
        assert text in out
    assert str(next(iter(lab.checkpoint.devices.values())).policy_key) not in out


async def test_json_is_one_object_a_line(lab):
    _, out, _ = await lab.played("--json")
    steps = [json.loads(line)["step"] for line in out.splitlines()]
    assert steps[0] == "options"
    assert {"provision", "folders", "sync"} <= set(steps)


async def test_a_phone_that_stays_is_wiped(lab):
    process = await lab.started("--stay", "--protocol", "12.1")
    async for line in process.stdout:
        if b"waits up to" in line:
            break
    await asyncio.sleep(0.1)
    lab.checkpoint.order_wipe()
    out, _ = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 4
    assert b"has wiped itself and said so" in out


async def test_control_c_ends_a_phone_that_stays_without_a_fuss(lab):
    process = await lab.started("--stay")
    async for line in process.stdout:
        if b"waits up to" in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, err) == (0, b"stopped\n")


@pytest.mark.parametrize(
    "more",
    [("--temper", "stubborn"), ("--policy-status", "2"), ("--temper", "stubborn", "--policy-status", "3")],
)
async def test_tempers_that_are_refused(lab, more):
    code, _, _ = await lab.played(*more)
    assert code == 3


async def test_a_hostile_phone_finds_every_door_closed(lab):
    code, out, _ = await lab.played("--temper", "hostile")
    assert code == 0
    assert "0 got through" in out


async def test_a_hostile_phone_tells_of_an_open_door(lab):
    lab.checkpoint.override = lambda _: Reply(200)
    code, out, _ = await lab.played("--temper", "hostile")
    assert code == 5
    assert "GOT THROUGH" in out


async def test_a_server_that_is_not_trusted(lab):
    _, other = checkpoint.certificates()
    (der,) = other.get_ca_certs(binary_form=True)
    lab.ca.write_text(ssl.DER_cert_to_PEM_cert(der))
    code, out, _ = await lab.played()
    assert code == 1
    assert "certificate of localhost is not trusted" in out


async def test_nothing_listens(lab):
    code, out, _ = await lab.played("--connect-to", f"localhost:{lab.port}:127.0.0.1:1")
    assert code == 1
    assert "gives up" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("alice",), "a mail address is needed"),
        (("alice@",), "a mail address is needed"),
        (("a@b.test", "--protocol", "2.5"), "is not one of"),
        (("a@b.test", "--connect-to", "nonsense"), "is not HOST:PORT:TO_HOST:TO_PORT"),
        (("a@b.test", "--password-file", "-"), "the file holds no password"),
    ],
)
def test_mistakes_are_named(arguments, said):
    result = CliRunner().invoke(play, arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_file_without_certificate(tmp_path):
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing")
    result = CliRunner().invoke(play, ["a@b.test", "--password-file", "-", "--ca", str(empty)], input="x\n")
    assert "holds no certificate" in result.output


def test_the_password_is_asked_for_and_not_shown():
    arguments = ["a@b.test", "--server", "https://localhost:1/x"]
    result = CliRunner().invoke(play, arguments, input="hidden\n")
    assert result.exit_code == 1
    assert "hidden" not in result.output


def test_a_detour():
    assert Detour().convert("a.test:443:127.0.0.1:8443", None, None) == (("a.test", 443), ("127.0.0.1", 8443))
