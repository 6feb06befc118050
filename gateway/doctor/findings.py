"""Every fault that the doctor knows: code, severity, the observed fact, and the mend in words (product 2.6).

A code is for programs and does not change. Facts are templates that the examination fills in. The reasons
stand in spec/autodiscover.md (sections in brackets).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from gateway.doctor.observations import Place


class Severity(Enum):
    """How bad a finding is.

    ``BLOCKS`` depends: it fails if a client that met it could not configure itself, and warns where all
    clients found another way.
    """

    FAIL = "fail"
    BLOCKS = "blocks"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table; ``fact`` may name what ``Finding.facts`` holds."""

    code: str
    severity: Severity
    title: str
    fact: str
    mend: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault that was observed.

    Attributes:
        subject: the host, record or URL that it is about.
        places: where clients meet it.
    """

    code: str
    subject: str
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    places: frozenset[Place] = frozenset()

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    @property
    def fact(self) -> str:
        return self.kind.fact.format(subject=self.subject, **self.facts)

    @property
    def mend(self) -> str:
        return self.kind.mend.format(subject=self.subject, **self.facts)


FAIL, BLOCKS, WARN = Severity.FAIL, Severity.BLOCKS, Severity.WARN

_ROWS = (
    Kind(
        "dns.no_record",
        BLOCKS,
        "the name has no address",
        "{subject}: {failure}",
        "Publish an A record (and an AAAA record if the server has IPv6) or a CNAME for {subject} "
        "that leads to the AutoDiscover server.",
    ),
    Kind(
        "dns.dangling_alias",
        BLOCKS,
        "the alias leads nowhere",
        "{subject} is an alias of {target}: {failure}",
        "Point the CNAME of {subject} to a host that exists, or publish addresses for {target}.",
    ),
    Kind(
        "dns.failed",
        BLOCKS,
        "the DNS gives no answer",
        "{subject}: {failure}",
        "Look at the domain's name servers and at DNSSEC: clients get no answer either, and wait for it.",
    ),
    Kind(
        "dns.ipv6_only",
        BLOCKS,
        "the name has IPv6 addresses only",
        "{subject} has {addresses} and no A record",
        "Publish an A record too: exchangelib and everybody in a network without IPv6 finds no server.",
    ),
    Kind(
        "dns.ipv6_broken",
        WARN,
        "the IPv6 address takes no connection",
        "{subject}: {addresses} does not answer, {working} does",
        "Let the server listen on the address of the AAAA record and open it in the firewall, or "
        "remove the record: clients lose seconds at each request.",
    ),
    Kind(
        "dns.srv_many",
        WARN,
        "there is more than one SRV record",
        "{subject}: {records}",
        "Keep exactly one record: exchangelib takes the largest priority number, Thunderbird the "
        "smallest weight, so clients end at different servers.",
    ),
    Kind(
        "dns.srv_port",
        WARN,
        "the SRV record names another port than 443",
        "{subject}: {records}",
        "Serve AutoDiscover on port 443: Outlook ignores the port, the EWS libraries ignore the record.",
    ),
    Kind(
        "dns.srv_failed",
        WARN,
        "the question for the SRV record gets no answer",
        "{subject}: {failure}",
        "Look at the domain's name servers: a client that waits for this answer waits long.",
    ),
    Kind(
        "dns.wildcard",
        WARN,
        "a wildcard answers for the autodiscover name",
        "any name below {domain} has the address of {subject} ({addresses})",
        "Publish a record of its own for {subject}: a wildcard usually leads to a web host that knows "
        "nothing of AutoDiscover.",
    ),
    Kind(
        "net.refused",
        BLOCKS,
        "the server refuses the connection",
        "{subject}: {detail}",
        "Start what listens on port 443 of {subject}, or point the name to the server that does.",
    ),
    Kind(
        "net.timeout",
        BLOCKS,
        "the server does not answer in time",
        "{subject}: {detail}",
        "Open port 443 of {subject} in the firewall. A refusal is better than silence: clients wait for it.",
    ),
    Kind(
        "net.unreachable",
        BLOCKS,
        "the server cannot be reached",
        "{subject}: {detail}",
        "Look at the address of {subject} and at the network in front of it.",
    ),
    Kind(
        "net.not_http",
        BLOCKS,
        "what answers does not speak HTTP",
        "{subject}: {detail}",
        "Look at what listens on the port of {subject}.",
    ),
    Kind(
        "http.port_80_closed",
        BLOCKS,
        "port 80 takes no connection",
        "{subject}: {detail}",
        "Open port 80 and answer with 302 to https there: Outlook, phones and libraries fall back to it.",
    ),
    Kind(
        "http.slow",
        WARN,
        "the answer is slow",
        "{subject} took {seconds} s",
        "Answer within a second: Thunderbird gives up after 5 s.",
    ),
    Kind(
        "tls.name_mismatch",
        BLOCKS,
        "the certificate is for other names",
        "{subject}: {detail}",
        "Get a certificate that contains {subject} and serve it for this name.",
    ),
    Kind(
        "tls.alias_without_certificate",
        BLOCKS,
        "the alias leads to a host without a certificate for the name",
        "{subject} is an alias of {target}: {detail}",
        "A CNAME does not change the name that clients check: {target} needs a certificate that "
        "contains {subject}; or run a reverse proxy with such a certificate.",
    ),
    Kind(
        "tls.missing_intermediate",
        BLOCKS,
        "an intermediate certificate is missing",
        "{subject}: {detail}",
        "Append the intermediate certificates to the server's certificate file: phones do not fetch "
        "them. (Or, if the authority is a private one, install its root on every device.)",
    ),
    Kind(
        "tls.expired",
        BLOCKS,
        "the certificate has expired",
        "{subject}: {detail}",
        "Renew the certificate and reload the server; find out why the renewal did not happen by itself.",
    ),
    Kind(
        "tls.not_yet",
        BLOCKS,
        "the certificate is not valid yet",
        "{subject}: {detail}",
        "Set the clock of the machine that made it right, or serve the old certificate until then.",
    ),
    Kind(
        "tls.self_signed",
        BLOCKS,
        "the certificate is self-signed",
        "{subject}: {detail}",
        "Get a certificate from a public authority: no client configures itself from a self-signed one.",
    ),
    Kind(
        "tls.untrusted",
        BLOCKS,
        "the certificate's authority is not trusted",
        "{subject}: {detail}",
        "Get a certificate from a public authority, or give the private authority's root with --ca "
        "and install it on every device.",
    ),
    Kind(
        "tls.handshake",
        BLOCKS,
        "the TLS handshake fails",
        "{subject}: {detail}",
        "Let the server offer TLS 1.2 or 1.3 with a certificate for {subject}; some servers reject "
        "names that they do not know.",
    ),
    Kind(
        "tls.expires_soon",
        WARN,
        "the certificate expires soon",
        "{subject}: valid until {until}",
        "Renew the certificate.",
    ),
    Kind(
        "http.apex_html",
        BLOCKS,
        "the bare domain answers with a web page",
        "{subject}: HTTP 200, {media}",
        "Let the web server of the bare domain answer 404 for /autodiscover/, or pass that path to "
        "the AutoDiscover server: some clients take any 200 for the answer.",
    ),
    Kind(
        "http.web_page",
        BLOCKS,
        "a web page in place of AutoDiscover",
        "{subject}: HTTP 200, {media}",
        "Pass /autodiscover/ on this host to the AutoDiscover server; a redirect to a page or a login "
        "form is no answer that a client understands.",
    ),
    Kind(
        "http.apex_foreign",
        FAIL,
        "the bare domain answers for somebody else's servers",
        "{subject} names {named}; {elsewhere}",
        "Switch off the AutoDiscover answer of the web host at the bare domain (cPanel and Plesk have "
        "one), or pass the path on: most clients ask there first and stop at it.",
    ),
    Kind(
        "http.no_challenge",
        FAIL,
        "200 without a password instead of 401",
        "{subject} answers an anonymous request with HTTP 200",
        "Answer 401 with WWW-Authenticate: Basic to every request without credentials: Thunderbird "
        "takes an anonymous 200 for the final answer, and strangers learn who has a mailbox.",
    ),
    Kind(
        "http.no_basic",
        BLOCKS,
        "401 without Basic",
        "{subject}: WWW-Authenticate is {offered}",
        'Send WWW-Authenticate: Basic realm="..." with the 401: clients have nothing to answer otherwise.',
    ),
    Kind(
        "http.forbidden",
        BLOCKS,
        "403 instead of 401",
        "{subject}: HTTP 403",
        "Answer 401 with WWW-Authenticate: Basic; look for a firewall or an access list in front.",
    ),
    Kind(
        "http.not_found",
        BLOCKS,
        "the path is not there",
        "{subject}: HTTP {status}",
        "Pass /autodiscover/ on this host to the AutoDiscover server, whatever the case of the letters.",
    ),
    Kind(
        "http.misdirected",
        BLOCKS,
        "the server does not answer for this name",
        "{subject}: HTTP 421",
        "Tell the server that it serves this name too (for Usher: usher domain add), or point the name "
        "to the server that does.",
    ),
    Kind(
        "http.backend_down",
        BLOCKS,
        "the service behind does not answer",
        "{subject}: HTTP {status}",
        "Start the server behind the proxy and look at the proxy's log: it is reached, what it passes "
        "to is not.",
    ),
    Kind(
        "http.server_error",
        BLOCKS,
        "the server fails",
        "{subject}: HTTP {status}",
        "Look at the server's log at this time.",
    ),
    Kind(
        "http.no_soap_header",
        WARN,
        "SOAP is served, but not announced",
        "{subject} has no X-SOAP-Enabled header",
        "Send X-SOAP-Enabled: True with every answer to GET autodiscover.xml, the 401 too: the EWS "
        "libraries try SOAP only then.",
    ),
    Kind(
        "http.case_sensitive",
        WARN,
        "the path is known in lower case only",
        "{subject}: HTTP {status}",
        "Match /autodiscover/ whatever the case of the letters: clients write AutoDiscover and "
        "Autodiscover too.",
    ),
    Kind(
        "http.anonymous_redirect",
        BLOCKS,
        "https redirects before it asks for the password",
        "{subject}: HTTP {status} to {target}",
        "Answer 401 here instead of redirecting: exchangelib and npm libraries do not follow it. "
        "Redirect after the sign-in, or from port 80.",
    ),
    Kind(
        "redirect.none",
        BLOCKS,
        "port 80 does not redirect",
        "{subject}: HTTP {status}",
        "Answer 302 with the https address of the same path.",
    ),
    Kind(
        "redirect.post",
        WARN,
        "port 80 does not redirect a POST",
        "{subject}: HTTP {status} to a POST",
        "Answer 302 to POST as to GET on port 80: Thunderbird sends a POST.",
    ),
    Kind(
        "redirect.no_svc",
        WARN,
        "port 80 does not redirect SOAP",
        "{subject}: HTTP {status}",
        "Redirect .svc to .svc on port 80, as .xml to .xml: exchangelib asks for nothing else.",
    ),
    Kind(
        "redirect.challenge",
        FAIL,
        "port 80 asks for the password",
        "{subject}: HTTP 401 without TLS",
        "Answer 302 to https on port 80 and nothing else: the password would travel in the clear.",
    ),
    Kind(
        "redirect.wrong_suffix",
        FAIL,
        "the redirect changes the format",
        "{subject} leads to {target}",
        "Redirect .xml to .xml and .svc to .svc: clients speak one format and give up at the other.",
    ),
    Kind(
        "redirect.not_autodiscover",
        BLOCKS,
        "the redirect leaves AutoDiscover",
        "{subject} leads to {target}",
        "Redirect to the same path, or answer 404: clients refuse any other target.",
    ),
    Kind(
        "redirect.not_https",
        BLOCKS,
        "the redirect does not lead to https",
        "{subject} leads to {target}",
        "Redirect to https: clients refuse to send a password anywhere else.",
    ),
    Kind(
        "redirect.foreign_host",
        WARN,
        "the redirect leads to another domain",
        "{subject} leads to {target}",
        "Nothing is wrong if {target} is your provider, but Outlook and Thunderbird ask people "
        "whether they trust it; a certificate for autodiscover.{domain} on that server avoids the "
        "question.",
    ),
    Kind(
        "redirect.loop",
        BLOCKS,
        "the redirects go round",
        "{subject} leads back to {target}",
        "Let the last address answer itself.",
    ),
    Kind(
        "redirect.too_many",
        BLOCKS,
        "there are too many redirects",
        "{subject}: no end after {count}",
        "Redirect straight to the last address: clients stop after 5 to 10.",
    ),
    Kind(
        "auth.wrong_password",
        FAIL,
        "the password is refused",
        "{subject} refuses it",
        "Try the password at the mail server's own web page, and whether it wants another login than "
        "the address; after several attempts the account may be locked for a while.",
    ),
    Kind(
        "auth.not_sent",
        WARN,
        "the password was not sent",
        "{subject} was named without TLS and is not below {domain}",
        "If this is your provider, run the doctor again with --trust {subject}.",
    ),
    Kind(
        "answer.broken",
        FAIL,
        "the answer cannot be read",
        "{subject}: {detail}",
        "Answer with the XML or JSON of the format that was asked for, and with its namespaces.",
    ),
    Kind(
        "answer.https_namespace",
        FAIL,
        "the answer has https namespaces",
        "{subject}: namespace {namespace}",
        "Write the namespaces as http://schemas.microsoft.com/...: they are names and not addresses.",
    ),
    Kind(
        "answer.media_type",
        WARN,
        "the answer has the wrong Content-Type",
        "{subject}: {media}",
        "Send Content-Type: text/xml; charset=utf-8: Thunderbird reads nothing else.",
    ),
    Kind(
        "answer.declaration",
        WARN,
        "the answer has no XML declaration",
        "{subject}",
        'Begin with <?xml version="1.0" encoding="utf-8"?>: the EWS Managed API insists on it.',
    ),
    Kind(
        "answer.duplicate_types",
        WARN,
        "a protocol type occurs twice",
        "{subject}: {types}",
        "Give at most one Protocol of each type, and one outside EXCH, EXPR and WEB: the EWS Managed "
        "API stops at more.",
    ),
    Kind(
        "answer.error",
        BLOCKS,
        "the server knows no configuration",
        "{subject}: error {error}",
        "Look whether the mailbox exists and what it may use.",
    ),
    Kind(
        "answer.redirected",
        WARN,
        "the mailbox is somewhere else",
        "{subject} sends clients on to {target}",
        "Nothing is wrong if the mailbox has moved or has another primary address; examine that one "
        "too: usher doctor {target}.",
    ),
    Kind(
        "json.one_form",
        WARN,
        "JSON is answered in one form only",
        "{subject}: HTTP {status}, the other form is answered",
        "Answer both autodiscover.json?Email= and autodiscover.json/v1.0/ADDRESS: Outlook uses either.",
    ),
    Kind(
        "autoconfig.needs_address",
        FAIL,
        "autoconfig insists on the address",
        "{subject}: HTTP {status} without emailaddress",
        "Answer without the parameter: Thunderbird for Android and K-9 never send it.",
    ),
    Kind(
        "autoconfig.no_smtp",
        WARN,
        "autoconfig names no SMTP server",
        "{subject}",
        "Add an outgoingServer of type smtp: Thunderbird rejects the whole file without one.",
    ),
    Kind(
        "eas.unreachable",
        FAIL,
        "ActiveSync cannot be reached",
        "{subject}: {detail}",
        "Look at the name, port and certificate of the ActiveSync server that AutoDiscover names.",
    ),
    Kind(
        "eas.no_challenge",
        FAIL,
        "OPTIONS is answered without a password",
        "{subject}: HTTP {status} instead of 401",
        "Answer 401 with WWW-Authenticate: Basic to OPTIONS without credentials: iOS waits for it.",
    ),
    Kind(
        "eas.down",
        FAIL,
        "the mail server behind ActiveSync does not answer",
        "{subject}: {detail}",
        "Start the mail server, and look whether the gateway reaches it.",
    ),
    Kind(
        "eas.options",
        FAIL,
        "OPTIONS tells no protocol version",
        "{subject}: {detail}",
        "Pass OPTIONS to the ActiveSync server, with MS-ASProtocolVersions in the answer.",
    ),
    Kind(
        "eas.blocked",
        FAIL,
        "the device is blocked",
        "{subject}: {detail}",
        "Look at the access rules and at the list of devices: devices of this type or of this user "
        "are not let in.",
    ),
    Kind(
        "eas.quarantined",
        WARN,
        "the device is in quarantine",
        "{subject}: {detail}",
        "Let the device in: usher device allow, or the server's own list of devices.",
    ),
    Kind(
        "eas.wiped",
        FAIL,
        "the device is told to wipe itself",
        "{subject}: {detail}",
        "Somebody ordered a wipe for the doctor's device, or for every new one. Remove it from the list.",
    ),
    Kind(
        "eas.denied",
        FAIL,
        "ActiveSync refuses the password",
        "{subject}: {detail}",
        "AutoDiscover takes this password and ActiveSync does not: look at which users may use it, "
        "and under which login.",
    ),
    Kind(
        "eas.refused",
        FAIL,
        "ActiveSync refuses the step",
        "{subject}: {detail}",
        "Look at the gateway's log for the device UsherDoctor.",
    ),
    Kind(
        "proxy.cuts_poll",
        FAIL,
        "a long poll is cut",
        "{subject}: {detail}",
        "Raise the read timeout of every proxy and firewall on the way above the longest heartbeat "
        "(proxy_read_timeout 3700s in nginx): phones poll too often otherwise and mail arrives late.",
    ),
    Kind(
        "proxy.stores_requests",
        WARN,
        "requests are stored before they are passed on",
        "{subject}: no answer before the whole body had been sent",
        "Switch the buffering of requests off in the proxy (proxy_request_buffering off in nginx): "
        "large mails are written to its disk first. Without a proxy the server itself reads the body "
        "before it looks at the password.",
    ),
    Kind(
        "proxy.stores_responses",
        WARN,
        "answers are stored before they are passed on",
        "{subject}: the beginning of a slow answer came only with its end",
        "Switch the buffering of answers off in the proxy (proxy_buffering off in nginx).",
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType({row.code: row for row in _ROWS})
"""Every kind of finding by its code."""
