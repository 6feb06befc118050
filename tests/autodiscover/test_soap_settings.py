"""The table of SOAP settings (spec/autodiscover.md 4.4, R8, R9)."""

import pytest
from exchangelib.version import Build, Version

from autodiscover.model import AlternativeMailbox, Encryption, Endpoints, Mailbox, MailServer
from autodiscover.soap_settings import ALWAYS, CAS_VERSION, EWS_SCHEMAS, KNOWN, SERVED, settings
from autodiscover.xmltext import Element

_NAMES = """
UserDisplayName UserDN UserDeploymentId InternalMailboxServer InternalRpcClientServer
InternalMailboxServerDN InternalEcpUrl InternalEcpVoicemailUrl InternalEcpEmailSubscriptionsUrl
InternalEcpTextMessagingUrl InternalEcpDeliveryReportUrl InternalEcpRetentionPolicyTagsUrl
InternalEcpPublishingUrl InternalEcpPhotoUrl InternalEcpConnectUrl InternalEcpTeamMailboxUrl
InternalEcpTeamMailboxCreatingUrl InternalEcpTeamMailboxEditingUrl InternalEcpTeamMailboxHidingUrl
InternalEcpExtensionInstallationUrl InternalEwsUrl InternalEmwsUrl InternalOABUrl InternalPhotosUrl
InternalUMUrl InternalWebClientUrls MailboxDN PublicFolderServer ActiveDirectoryServer ExternalMailboxServer
ExternalMailboxServerRequiresSSL ExternalMailboxServerAuthenticationMethods EcpVoicemailUrlFragment
EcpEmailSubscriptionsUrlFragment EcpTextMessagingUrlFragment EcpDeliveryReportUrlFragment
EcpRetentionPolicyTagsUrlFragment EcpPublishingUrlFragment EcpPhotoUrlFragment EcpConnectUrlFragment
EcpTeamMailboxUrlFragment EcpTeamMailboxCreatingUrlFragment EcpTeamMailboxEditingUrlFragment
EcpExtensionInstallationUrlFragment ExternalEcpUrl ExternalEcpVoicemailUrl ExternalEcpEmailSubscriptionsUrl
ExternalEcpTextMessagingUrl ExternalEcpDeliveryReportUrl ExternalEcpRetentionPolicyTagsUrl
ExternalEcpPublishingUrl ExternalEcpPhotoUrl ExternalEcpConnectUrl ExternalEcpTeamMailboxUrl
ExternalEcpTeamMailboxCreatingUrl ExternalEcpTeamMailboxEditingUrl ExternalEcpTeamMailboxHidingUrl
ExternalEcpExtensionInstallationUrl ExternalEwsUrl ExternalEmwsUrl ExternalOABUrl ExternalPhotosUrl
ExternalUMUrl ExternalWebClientUrls CrossOrganizationSharingEnabled AlternateMailboxes CasVersion
EwsSupportedSchemas InternalPop3Connections ExternalPop3Connections InternalImap4Connections
ExternalImap4Connections InternalSmtpConnections ExternalSmtpConnections InternalServerExclusiveConnect
ExternalEwsVersion MobileMailboxPolicy DocumentSharingLocations UserMSOnline
InternalMailboxServerAuthenticationMethods MailboxVersion SPMySiteHostURL SiteMailboxCreationURL
InternalRpcHttpServer InternalRpcHttpConnectivityRequiresSsl InternalRpcHttpAuthenticationMethod
ExternalServerExclusiveConnect ExchangeRpcUrl ShowGalAsDefaultView AutoDiscoverSMTPAddress
InteropExternalEwsUrl InteropExternalEwsVersion PublicFolderInformation RedirectUrl EwsPartnerUrl
CertPrincipalName GroupingInformation InternalOutlookServiceUrl ExternalOutlookServiceUrl MapiHttpEnabled
MobileMailboxPolicyInterop
"""
ENUM = _NAMES.split()
BARE = Mailbox("ann@example.org", "", Endpoints("https://usher.example/Microsoft-Server-ActiveSync"))
FULL = Mailbox(
    "ann@example.org",
    "Ann & Co",
    Endpoints(
        BARE.endpoints.activesync,
        ews="https://mail.example/EWS/Exchange.asmx",
        oab="https://mail.example/OAB/1/",
        imap=MailServer("mail.example", 993),
        pop3=MailServer("mail.example", 110, Encryption.NONE),
        smtp=MailServer("mail.example", 587, Encryption.TLS),
        web_mail="https://mail.example/owa/",
        mapi="https://mail.example/mapi/emsmdb/",
    ),
    "5f0f6c0e-0000-4000-8000-000000000001",
    (AlternativeMailbox("team@example.org", "Team"),),
)


def answered(mailbox: Mailbox, *wanted: str) -> tuple[dict[str, str], dict[str, Element]]:
    """Codes of the settings that are missing, and the others."""
    errors, found = settings(wanted, mailbox)
    codes = {
        error.findall("SettingName")[0].text: error.findall("ErrorCode")[0].text
        for error in errors.findall("UserSettingError")
    }
    return codes, {setting.findall("Name")[0].text: setting for setting in found.findall("UserSetting")}


def test_every_documented_name_is_known_and_every_served_one_is_documented() -> None:
    assert set(ENUM) <= KNOWN
    assert set(SERVED) <= set(ENUM)


@pytest.mark.parametrize("name", sorted(SERVED))
def test_each_served_setting_has_a_value_where_everything_is_served(name: str) -> None:
    codes, found = answered(FULL, name)
    assert codes == {}
    assert set(found) == {name, ALWAYS}
    assert found[name].attributes == (("i:type", SERVED[name].kind),)
    assert found[name].findall(SERVED[name].content)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_what_is_known_but_not_served_is_not_available_and_nothing_worse(name: str) -> None:
    codes, found = answered(BARE, name)
    assert codes == ({} if name in found else {name: "SettingIsNotAvailable"})


@pytest.mark.parametrize("name", ["undefined", "", "externalewsurl", "<b>&"])
def test_what_is_not_known_is_invalid_and_nothing_worse(name: str) -> None:
    assert answered(FULL, name)[0] == {name: "InvalidSetting"}


def test_the_address_is_always_there_and_each_name_once() -> None:
    _, found = answered(BARE)
    assert list(found) == [ALWAYS]
    errors, several = settings(("ExternalEwsUrl", "x", "ExternalEwsUrl", "x", ALWAYS), FULL)
    assert (len(errors.children), len(several.children)) == (1, 2)


def test_values() -> None:
    _, found = answered(FULL, *SERVED)
    texts = {
        name: element.findall("Value")[0].text for name, element in found.items() if element.findall("Value")
    }
    assert texts["UserDisplayName"] == "Ann & Co"
    assert texts["InternalEwsUrl"] == texts["ExternalEwsUrl"] == FULL.endpoints.ews
    assert (texts["MapiHttpEnabled"], texts["UserMSOnline"]) == ("True", "False")
    assert texts["UserDeploymentId"] == FULL.deployment
    assert answered(BARE, "UserDisplayName")[1]["UserDisplayName"].findall("Value")[0].text == BARE.address
    (connection,) = found["ExternalPop3Connections"].findall("ProtocolConnections")[0].children
    assert isinstance(connection, Element)
    assert [child.text for child in connection.children if isinstance(child, Element)] == [
        *("mail.example", "110", "None")
    ]


def test_an_ews_library_knows_the_version_that_we_claim() -> None:
    """exchangelib takes the last schema by alphabet and refuses one that it does not know."""
    newest = max(EWS_SCHEMAS.split(", "))
    assert newest == EWS_SCHEMAS.split(", ")[-1]
    assert Version(build=Build(15, 0, 847, 32)).api_version == newest
    assert [int(part) for part in CAS_VERSION.split(".")] == [15, 0, 847, 32]
