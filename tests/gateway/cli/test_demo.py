"""``usher demo`` end to end: real gateway, real TLS, three phones, one wipe, and an end without remains."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time

import httpx
import pytest
from click.testing import CliRunner

from gateway.cli.demo import demo
from gateway.cli.demo_stage import CAST
from tests.support import ports

PATIENCE = 60.0


@pytest.fixture
def chosen():
    return ports.free(3)


def command(place, chosen, *more):
    clients, redirect, admin = map(str, chosen)
    listeners = ("--clients-port", clients, "--redirect-port", redirect, "--admin-port", admin)
    return [sys.executable, "-u", "-m", "gateway", "demo", "--directory", str(place), *listeners, *more]


def played(place, chosen, *more):
    return subprocess.run(
        command(place, chosen, *more), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@contextlib.contextmanager
def playing(place, chosen, *more):
    process = subprocess.Popen(
        command(place, chosen, *more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def until(process, text):
    """Output up to the line that holds ``text``."""
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return "".join(seen)
    raise AssertionError("".join(seen))


def free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_three_phones_set_themselves_up_and_one_is_wiped_within_a_second(tmp_path, chosen):
    for _ in range(2):
        done = played(tmp_path, chosen, "--wipe-one")
        assert done.returncode == 0, done.stdout + done.stderr
        took = re.search(r"alice's iPhone was wiped ([\d.]+) s after the order", done.stdout)
        assert took is not None
        assert float(took[1]) < 1
        assert "redirects to https://autodiscover.demo.example" in done.stdout
        for text in ("speaks 16.1", "speaks 14.1", "speaks 12.1", "has provisioned", "has 3 items in Inbox"):
            assert text in done.stdout
        assert done.stdout.endswith("The demo has stopped.\n")
        password = (tmp_path / "password").read_text().strip()
        assert password not in done.stdout + done.stderr + (tmp_path / "gateway.log").read_text()
    assert all(free(port) for port in chosen)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_control_c_ends_everything(tmp_path, chosen, number):
    with playing(tmp_path, chosen) as process:
        until(process, "Ctrl-C ends the demo")
        process.send_signal(number)
        rest, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert rest.endswith("The demo has stopped.\n")
        assert "Traceback" not in rest
    assert all(free(port) for port in chosen)
    log = (tmp_path / "gateway.log").read_text()
    assert log.rstrip().endswith("stopped")
    assert "killed" not in log


def test_the_curl_line_to_paste_wipes_the_phone(tmp_path, chosen):
    with playing(tmp_path, chosen) as process:
        printed = until(process, "Ctrl-C ends the demo")
        line = printed[printed.index("curl ") : printed.index("To play a phone")].strip()
        ordered = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=20, check=False)
        assert '"Wipe Required"' in ordered.stdout, ordered.stdout + ordered.stderr
        until(process, "alice's iPhone was wiped")
        process.terminate()
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0


def test_the_console_shows_the_phones_to_who_signs_in_as_printed(tmp_path, chosen):
    with playing(tmp_path, chosen) as process:
        printed = until(process, "Ctrl-C ends the demo")
        name = re.search(r"sign in as (\w+) with", printed)[1]
        address = re.search(r"^  (https://\S+/)$", printed, re.MULTILINE)[1]
        password = (tmp_path / "password").read_text().strip()
        trust = ssl.create_default_context(cafile=tmp_path / "authority.pem")
        with httpx.Client(base_url=address, verify=trust, follow_redirects=True) as browser:
            token = re.search(r'name="csrf" value="(\w+)"', browser.get("/").text)[1]
            form = {"csrf": token, "name": name, "password": password}
            home = browser.post("/console/sign-in", data=form, headers={"Origin": address.rstrip("/")}).text
            devices = browser.get(re.search(r'href="(\S+/devices)"', home)[1]).text
        assert all(part.address in devices for part in CAST)


def test_a_demo_that_is_killed_leaves_nothing_behind(tmp_path, chosen):
    with playing(tmp_path, chosen) as process:
        until(process, "Ctrl-C ends the demo")
        process.kill()
        process.wait()
        end = time.monotonic() + 30
        while not all(free(port) for port in chosen):
            assert time.monotonic() < end
            time.sleep(0.1)


def test_a_gateway_that_ends_ends_the_demo(tmp_path, chosen):
    with playing(tmp_path, chosen) as process:
        until(process, "Ctrl-C ends the demo")
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        with open(children) as file:
            gateway = int(file.read().split()[1])
        os.kill(gateway, signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "the gateway has ended" in rest


def test_it_stops_by_itself(tmp_path, chosen):
    done = played(tmp_path, chosen, "--for-seconds", "1")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_taken_port_is_named_and_nothing_is_touched(tmp_path, chosen):
    with socket.create_server(("127.0.0.1", chosen[0])):
        result = CliRunner().invoke(demo, command(tmp_path / "new", chosen)[5:])
    assert result.exit_code == 1
    assert f"127.0.0.1:{chosen[0]}: Address already in use" in result.output
    assert "--clients-port" in result.output
    assert not (tmp_path / "new").exists()


def test_a_variable_that_spoils_the_configuration_is_named(tmp_path, chosen):
    result = CliRunner(env={"USHER_NONSENSE": "1"}).invoke(demo, command(tmp_path, chosen)[5:])
    assert result.exit_code == 1
    assert "USHER_NONSENSE" in result.output
