"""Debian's nginx before the gateway in the private network, with what ``usher nginx render`` writes.

Only what the private network dictates is replaced: addresses in place of any, and folders. Each replacement
must find its text, so that nobody tests what nobody deploys.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.support.components import program
from tests.support.netlab import Namespace
from tests.support.netlab_command import command
from tests.support.nginx_front import MAIN, TEMPORARY


def start(inside: Namespace, configuration: Path, public: str, plain: Sequence[str]) -> None:
    """Serve 443 on ``public`` and 80 on every address of ``plain``, as the directory has it now."""
    folder = inside.folder / "nginx"
    folder.mkdir()
    command("nginx", "render", "--apex", "--config", str(configuration), "--output", str(folder))
    https = f"listen {public}:443 ssl"
    places = {
        "snippets/usher/": f"{folder}/snippets/",
        "/var/log/nginx/": f"{folder}/",
        "listen [::]:80;": "",
        "listen [::]:443 ssl;": "",
        "listen [::]:443 ssl default_server;": "",
        "listen 80;": " ".join(f"listen {address}:80;" for address in plain),
        "listen 443 ssl": https,
    }
    files = [folder / "gateway.conf", *(folder / "snippets").glob("*.conf")]
    texts = {file: file.read_text() for file in files}
    for old, new in places.items():
        assert any(old in text for text in texts.values()), f"nowhere in nginx's files: {old}"
        texts = {file: text.replace(old, new) for file, text in texts.items()}
    for file, text in texts.items():
        file.write_text(text)
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(user=user, folder=folder, temporary=temporary))
    log = folder / "start.log"
    server = inside.start(program("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(log), log=log)
    inside.listening(server, log, (public, 443), (plain[0], 80))
