"""Hypothesis strategies for what discovery may find: any set of services, names with any character."""

from hypothesis import strategies as st

from autodiscover.model import (
    AddressRedirect,
    AlternativeMailbox,
    Asker,
    Encryption,
    Endpoints,
    Mailbox,
    MailServer,
    NotFound,
    Site,
    UrlRedirect,
)

DEPLOYMENT = "5f0f6c0e-0000-4000-8000-000000000001"
addresses = st.sampled_from(["alice@example.org", "o'brien&co@xn--bcher-kva.example", "<b>@example.org"])
names = st.text(max_size=40)
servers = st.builds(
    MailServer,
    st.sampled_from(["mail.example", "imap.example"]),
    st.sampled_from([25, 143, 587, 993]),
    st.sampled_from(Encryption),
)


def _url(path: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None, f"https://mail.example{path}", f"https://mail.example:8443/a&b{path}"])


endpoints = st.builds(
    Endpoints,
    activesync=st.just("https://usher.example/Microsoft-Server-ActiveSync"),
    autodiscover=st.just("https://usher.example/autodiscover/autodiscover.xml"),
    ews=_url("/EWS/Exchange.asmx"),
    mapi=_url("/mapi/emsmdb/") | st.just("https://mail.example/elsewhere/"),
    oab=_url("/OAB/1/"),
    imap=st.none() | servers,
    pop3=st.none() | servers,
    smtp=st.none() | servers,
    web_mail=_url("/owa/"),
    caldav=_url("/dav/"),
    carddav=_url("/dav/"),
)
mailboxes = st.builds(
    Mailbox,
    addresses,
    names,
    endpoints,
    st.sampled_from(["", DEPLOYMENT]),
    st.lists(st.builds(AlternativeMailbox, addresses, names), max_size=3).map(tuple),
)
sites = st.builds(Site, st.just("example.org"), names, endpoints)
redirects = st.builds(AddressRedirect, addresses) | st.builds(
    UrlRedirect,
    st.sampled_from(
        [
            "https://exchange.example/autodiscover/autodiscover.xml",
            "https://exchange.example:444/AutoDiscover/AutoDiscover.xml",
            "https://exchange.example/",
        ]
    ),
)
nobody = st.just(NotFound())
askers = st.builds(
    Asker,
    st.sampled_from(
        [
            "",
            "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
            "MacOutlook/16.89",
            "eM Client/9.2",
            "Thunderbird/153.7.0",
            "Evolution/3.46.4",
            "ExchangeServicesClient/15.00",
        ]
    ),
    st.integers(0, 3),
    st.sampled_from([frozenset(), frozenset({"exhttpinfo"}), frozenset({"negotiate", "exhttpinfo", "x"})]),
)
