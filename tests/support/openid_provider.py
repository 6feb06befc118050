"""A real OpenID provider: the npm package ``oidc-provider``, and a browser without a window that signs in."""

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx

from tests.support import ports
from tests.support.components import missing, need, program

SOURCE = Path(__file__).parent / "openid"
CLIENT, SECRET = "usher", "a secret between usher and its provider"
PATIENCE_S = 60.0


@contextmanager
def provider(folder: Path, redirect: str, port: int = 0) -> Iterator[str]:
    """One that runs on this machine, at ``port`` where it is told one, and knows one client; its issuer."""
    need("node", "npm")
    installed = folder / "openid"
    shutil.copytree(SOURCE, installed)
    done = subprocess.run([program("npm"), "ci", "--no-audit", "--no-fund"], cwd=installed, check=False)
    if done.returncode:
        missing("the npm package oidc-provider")
    port = port or ports.free(1)[0]
    command = [program("node"), "server.mjs", str(port), redirect, SECRET]
    with (folder / "openid.log").open("w") as log:
        running = subprocess.Popen(command, cwd=installed, stdout=log, stderr=log)
        try:
            _await(f"http://localhost:{port}", folder / "openid.log")
            yield f"http://localhost:{port}"
        finally:
            running.terminate()
            running.wait(timeout=20)


def sign_in(address: str, user: str) -> str:
    """Sign in at the provider and agree; the address that it sends the browser back to."""
    with httpx.Client(timeout=PATIENCE_S) as browser:
        answer = browser.get(address)
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if "/console/" in target:
                    return target
                answer = browser.get(target)
                continue
            form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form and prompt, answer.text
            shown = {"prompt": prompt[1], "login": user, "password": "any"}
            answer = browser.post(urljoin(str(answer.url), form[1]), data=shown)
    raise AssertionError("the provider does not come to an end")


def _await(issuer: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{issuer}/.well-known/openid-configuration").is_success:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the provider does not answer:\n{log.read_text()}")
