"""``deploy/Containerfile`` (product 9.3, T33), as far as a machine without registries can prove it.

No image is built here: the base image would have to be fetched. What is proven is what would fail in a build
or in a running container: the steps' form, that the copied files are enough to install and start the gateway,
and that the health check tells a gateway that is ready from one that is not.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.gateway_process import SOCKET_ALONE, gateway

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "Containerfile"
WORDS = {"FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE"} | {
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}
LOOK = """import sys
sys.path.insert(0, {target!r})
import gateway
assert gateway.__file__.startswith({target!r})
from gateway.cli import main
main(["org", "list", "--config", {settings!r}])
"""


def steps() -> list[tuple[str, str]]:
    """Each instruction and its text, continuation lines joined."""
    text = re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def texts(word: str) -> list[str]:
    return [rest for each, rest in steps() if each == word]


def copied() -> list[str]:
    """What is taken from the source tree."""
    return [source for rest in texts("COPY") if not rest.startswith("--from") for source in rest.split()[:-1]]


def test_every_line_is_an_instruction() -> None:
    assert {word for word, _ in steps()} <= WORDS
    for rest in texts("RUN"):
        done = subprocess.run(["sh", "-n", "-c", rest], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    for word in ("ENTRYPOINT", "CMD"):
        assert all(isinstance(json.loads(rest), list) for rest in texts(word))


def test_nobody_runs_it_as_root_and_nothing_unknown_is_installed() -> None:
    assert texts("USER") == ["10001:10001"]
    order = [word for word, _ in steps()]
    assert order.index("USER") < order.index("ENTRYPOINT")
    installs = [step for rest in texts("RUN") for step in rest.split("&&") if "pip install" in step]
    assert installs
    assert all("--require-hashes" in step or "--no-deps" in step for step in installs)
    instructions = "\n".join(rest for _, rest in steps())
    assert not re.search(r"https?://(?!127\.0\.0\.1)|index-url|trusted-host|apt-get|curl", instructions)


def test_what_is_copied_is_there() -> None:
    for source in copied():
        assert (ROOT / source).exists(), source


def test_what_is_copied_is_enough_to_run(tmp_path: Path) -> None:
    """The package built from the copied files alone, with everything that it reads at run time in it."""
    source, target = tmp_path / "src", tmp_path / "installed"
    source.mkdir()
    for name in copied():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    build = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run(
        [*build, "--target", str(target), str(source)], check=True, timeout=100, capture_output=True
    )
    settings = tmp_path / "usher.toml"
    settings.write_text(SOCKET_ALONE.format(folder=tmp_path))
    look = LOOK.format(target=str(target), settings=str(settings))
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(120)
def test_the_health_check_knows_a_gateway_that_is_ready() -> None:
    (rest,) = texts("HEALTHCHECK")
    command = json.loads(rest[rest.index("[") :])
    assert command[0] == "python"

    def healthy(port: int) -> bool:
        words = [word.replace(":8444/", f":{port}/") for word in command[1:]]
        return (
            subprocess.run([sys.executable, *words], check=False, capture_output=True, timeout=30).returncode
            == 0
        )

    with gateway({"url": "http://127.0.0.1:1/"}, "example.com") as running:
        deadline = time.monotonic() + 60
        while not healthy(running.admin):
            assert time.monotonic() < deadline
        port = running.admin
    assert not healthy(port)


def test_the_commands_start_the_gateway() -> None:
    assert shlex.join([*json.loads(texts("ENTRYPOINT")[0]), *json.loads(texts("CMD")[0])]) == (
        "usher serve --config /etc/usher/usher.toml"
    )
