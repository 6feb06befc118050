"""Asks a running Thunderbird to find a server: run inside the private network as ``python -m``.

A line of JSON in (``address``, ``password``, ``accept``), a line of JSON out. What runs is Thunderbird's own
``FindConfig.parallelAutoDiscovery``, as its account set-up calls it, through Marionette: frames of
``length:[0, id, command, parameters]``, answered by ``length:[1, id, error, result]``.
"""

import json
import socket
import sys
import time
from typing import Any

PORT = 2828
START_S, SCRIPT_S = 90.0, 45.0
FIND = """
const [address, password, accept, seconds, done] = arguments;
const { FindConfig } = ChromeUtils.importESModule("resource:///modules/accountcreation/FindConfig.sys.mjs");
const ending = new AbortController();
const timer = setTimeout(() => ending.abort(), seconds * 1000);
const shown = server => ({
  type: server.type, hostname: server.hostname, port: server.port, username: server.username,
  url: server.exchangeURL || null,
});
(async () => {
  const confirmed = [];
  const domain = address.split("@")[1];
  const finding = FindConfig.parallelAutoDiscovery(domain, address, ending.signal, password);
  let step = await finding.next();
  while (!step.done) {
    if (step.value?.isRedirect) {
      confirmed.push(step.value.host);
    }
    step = await finding.next({ acceptRedirect: accept });
  }
  const config = step.value;
  if (!config) {
    return { confirmed, found: null };
  }
  FindConfig.ewsifyConfig(config);
  const servers = [config.incoming, ...config.incomingAlternatives].map(shown);
  const outgoing = { hostname: config.outgoing.hostname, port: config.outgoing.port };
  return { confirmed, found: { source: config.subSource || String(config.source), servers, outgoing } };
})()
  .catch(error => ({ error: String(error), title: error?.cause?.fluentTitleId || "" }))
  .then(result => { clearTimeout(timer); done(result); });
"""


class Marionette:
    """A session with Thunderbird, in the context of its own code."""

    def __init__(self, port: int) -> None:
        self._socket = _connected(port)
        self._socket.settimeout(START_S)
        self._stream = self._socket.makefile("rb")
        self._last = 0
        self._frame()
        self.command("WebDriver:NewSession", {"capabilities": {}})
        self.command("Marionette:SetContext", {"value": "chrome"})
        self.command("WebDriver:SetTimeouts", {"script": int(2 * SCRIPT_S * 1000)})

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        """Raises RuntimeError with Thunderbird's own words."""
        self._last += 1
        text = json.dumps([0, self._last, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(text), text))
        _, number, error, result = self._frame()
        assert number == self._last
        if error:
            raise RuntimeError(f"{name}: {error}")
        return result

    def _frame(self) -> Any:
        length = b""
        while (octet := self._stream.read(1)) != b":":
            if not octet:
                raise RuntimeError("Thunderbird has ended")
            length += octet
        return json.loads(self._stream.read(int(length)))


def _connected(port: int) -> socket.socket:
    until = time.monotonic() + START_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), START_S)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def main() -> None:
    session = Marionette(PORT)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        wish = json.loads(line)
        arguments = [wish["address"], wish["password"], wish["accept"], SCRIPT_S]
        answer = session.command("WebDriver:ExecuteAsyncScript", {"script": FIND, "args": arguments})
        print(json.dumps(answer["value"]), flush=True)


if __name__ == "__main__":
    main()
