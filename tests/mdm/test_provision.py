"""Every row of the decision table of MS-ASPROV (spec 2.4), every shape that real clients send (spec 2.2)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.ashttp import Command, Reply, Version
from mdm.device import Device, DeviceInformation, DeviceState, WipeKind
from mdm.errors import ProtocolError, SchemaError, WBXMLError
from mdm.lifecycle import Effect, Input
from mdm.policy import DEFAULT, Policy
from mdm.provision import (
    POLICY_TYPE_LIMIT,
    TEMPORARY_KEY_LIFETIME,
    Acknowledgement,
    Exchange,
    Malformed,
    Message,
    PolicyRequest,
    WipeAcknowledgement,
    WipePoll,
    exchange,
    read,
)
from mdm.wbxml import Element, encode
from tests.support import partnership as p
from tests.support.partnership import NOON, node, policies, policy_type, provision_root, text_at

VERSIONS = (Version.V12_0, *p.SERVED)
TEMPORARY = 4242
FRESH = 998877


def at(version: Version) -> str:
    return version.text


each_version = pytest.mark.parametrize("version", VERSIONS, ids=at)


def read_root(root: Element, version: Version = Version.V16_1) -> Message:
    return read(p.request(Command.PROVISION, version), encode(root))


def offered(version: Version, policy: Policy = DEFAULT, **fields: object) -> Device:
    held = {
        "temporary_key": TEMPORARY,
        "offered_at": NOON,
        "offered_digest": policy.digest(version),
        **fields,
    }
    return p.device(**held)


def run(
    version: Version, root: Element, device: Device, policy: Policy = DEFAULT, **more: object
) -> Exchange:
    request = p.request(Command.PROVISION, version)
    message = read(request, encode(root))
    return exchange(request, message, device, policy, **{"now": NOON, "new_key": FRESH, **more})  # type: ignore[arg-type]


class TestReading:
    def test_the_initial_request(self) -> None:
        assert read_root(p.initial(Version.V14_0)) == PolicyRequest(p.WBXML_POLICY)
        told = DeviceInformation(model="iPhone15,2")
        assert read_root(p.initial(Version.V14_1)) == PolicyRequest(p.WBXML_POLICY, told)

    def test_the_order_of_parts_does_not_matter(self) -> None:
        swapped = provision_root(policies(policy_type()), p.information("Pixel"))
        assert read_root(swapped) == PolicyRequest(p.WBXML_POLICY, DeviceInformation(model="Pixel"))

    @pytest.mark.parametrize("status", [1, 2, 3, 4])
    def test_the_acknowledgement_in_both_orders(self, status: int) -> None:
        expected = Acknowledgement(p.WBXML_POLICY, "17", status)
        assert read_root(p.acknowledgement(17, status)) == expected
        key, said = node("Provision:PolicyKey", "17"), node("Provision:Status", str(status))
        assert read_root(provision_root(policies(said, policy_type(), key))) == expected

    @pytest.mark.parametrize("status", ["0", "5", "", "x", "11", "-1", "１"])
    def test_an_acknowledgement_of_unknown_outcome(self, status: str) -> None:
        assert isinstance(read_root(p.acknowledgement(17, status)), Malformed)

    def test_a_stray_status_of_ios_5_makes_no_acknowledgement(self) -> None:
        stray = provision_root(policies(node("Provision:Status", "1"), policy_type()))
        assert read_root(stray) == PolicyRequest(p.WBXML_POLICY)
        assert read_root(
            provision_root(node("Provision:Status", "1"), policies(policy_type()))
        ) == PolicyRequest(p.WBXML_POLICY)

    def test_an_old_key_without_a_status_is_a_new_request(self) -> None:
        old = provision_root(policies(policy_type(), node("Provision:PolicyKey", "17")))
        assert read_root(old) == PolicyRequest(p.WBXML_POLICY)

    @pytest.mark.parametrize("kind", WipeKind)
    @pytest.mark.parametrize(("status", "succeeded"), [("1", True), ("2", False)])
    def test_a_wipe_acknowledgement_wherever_it_stands(
        self, kind: WipeKind, status: str, succeeded: bool
    ) -> None:
        said = p.wipe_acknowledgement(kind, status).children[0]
        assert isinstance(said, Element)
        expected = WipeAcknowledgement(kind, succeeded)
        inside = policies(policy_type(), said)
        for root in ([said], [said, policies(policy_type())], [policies(policy_type()), said], [inside]):
            assert read_root(provision_root(*root)) == expected

    @pytest.mark.parametrize("status", ["", "0", "3", "one"])
    def test_a_wipe_acknowledgement_that_says_nothing(self, status: str) -> None:
        assert isinstance(read_root(p.wipe_acknowledgement(status=status)), Malformed)
        assert isinstance(read_root(provision_root(node("Provision:RemoteWipe"))), Malformed)

    def test_the_wipe_poll_of_the_specification(self) -> None:
        poll = bytes.fromhex("03016a00000e05")
        assert read(p.request(Command.PROVISION, Version.V14_0), poll) == WipePoll()

    def test_information_alone_asks_for_nothing(self) -> None:
        assert read_root(provision_root(p.information("P"))) == WipePoll(DeviceInformation(model="P"))

    @pytest.mark.parametrize(
        "root",
        [
            provision_root(node("Provision:Policy", policy_type())),
            provision_root(node("Provision:Policies")),
            provision_root(policies()),
            provision_root(policies(policy_type(""))),
            provision_root(p.information("m" * 1025), policies(policy_type())),
        ],
        ids=["no policies", "no policy", "no type", "empty type", "endless model"],
    )
    def test_what_breaks_the_schema(self, root: Element) -> None:
        assert isinstance(read_root(root), Malformed)

    def test_another_root_no_body_and_no_wbxml(self) -> None:
        with pytest.raises(SchemaError):
            read_root(p.folder_sync())
        with pytest.raises(ProtocolError) as caught:
            read(p.request(Command.PROVISION, Version.V14_0), b"")
        assert (caught.value.status, caught.value.http) == (101, 400)
        with pytest.raises(WBXMLError) as undecodable:
            read(p.request(Command.PROVISION, Version.V12_1), b"<Provision/>")
        assert (undecodable.value.status, undecodable.value.http) == (102, 400)


class TestInitialRequest:
    @each_version
    def test_it_gets_a_temporary_key_and_the_policy(self, version: Version) -> None:
        outcome = run(version, p.initial(version), p.device())
        assert (outcome.effect, outcome.input) == (Effect.OFFER_POLICY, Input.POLICY_REQUESTED)
        told = (
            [node("Settings:DeviceInformation", node("Settings:Status", "1"))]
            if version >= Version.V14_1
            else []
        )
        expected = provision_root(
            *told,
            node("Provision:Status", "1"),
            policies(
                policy_type(),
                node("Provision:Status", "1"),
                node("Provision:PolicyKey", str(FRESH)),
                node("Provision:Data", DEFAULT.render(version)),
            ),
        )
        assert outcome.reply == Reply(200, body=encode(expected), media_type="application/vnd.ms-sync.wbxml")
        assert (outcome.device.temporary_key, outcome.device.policy_key) == (FRESH, 0)
        assert outcome.device.offered_digest == DEFAULT.digest(version)

    @pytest.mark.parametrize("version", [v for v in VERSIONS if v >= Version.V14_1], ids=at)
    @pytest.mark.parametrize("told", [(), (p.information(None, OS="iOS"),)], ids=["nothing", "no model"])
    def test_from_14_1_it_must_name_the_model(self, version: Version, told: tuple[Element, ...]) -> None:
        outcome = run(version, provision_root(*told, policies(policy_type())), p.device())
        assert (text_at(outcome.reply, *p.PROVISION_STATUS), outcome.input) == ("165", None)
        assert text_at(outcome.reply, *p.POLICY_KEY) is None

    @pytest.mark.parametrize("version", [v for v in VERSIONS if v < Version.V14_1], ids=at)
    def test_before_14_1_information_is_taken_though_it_does_not_belong_there(self, version: Version) -> None:
        outcome = run(version, p.initial(Version.V14_1), p.device())
        assert outcome.device.information.model == "iPhone15,2"
        assert text_at(outcome.reply, "Settings:DeviceInformation", "Settings:Status") == "1"
        assert outcome.effect is Effect.OFFER_POLICY

    @each_version
    def test_an_unknown_policy_type_gets_no_key(self, version: Version) -> None:
        outcome = run(version, p.initial(version, "unknown"), p.device())
        assert text_at(outcome.reply, *p.PROVISION_STATUS) == "1"
        assert text_at(outcome.reply, *p.POLICY_STATUS) == "3"
        assert p.element_at(outcome.reply, *p.POLICY_KEY) is None
        assert p.element_at(outcome.reply, *p.POLICY_DATA) is None
        assert outcome.device.temporary_key == 0

    @pytest.mark.parametrize(
        ("kind", "echo"), [("x" * 100, "x" * POLICY_TYPE_LIMIT), ("a\0b", p.WBXML_POLICY)]
    )
    def test_a_hostile_policy_type_is_not_repeated_whole(self, kind: str, echo: str) -> None:
        request = p.request(Command.PROVISION, Version.V14_0)
        outcome = exchange(request, PolicyRequest(kind), p.device(), DEFAULT, now=NOON, new_key=FRESH)
        assert text_at(outcome.reply, *p.POLICY, "Provision:PolicyType") == echo

    def test_a_device_in_compliance_may_ask_again_and_keeps_its_key(self) -> None:
        outcome = run(Version.V14_0, p.initial(Version.V14_0), p.provisioned(Version.V14_0))
        assert outcome.device.policy_key == p.KEY
        assert outcome.device.state is DeviceState.PROVISIONING_SUCCEEDED

    def test_protocol_2_5_gets_a_text(self) -> None:
        outcome = run(Version.V2_5, p.initial(Version.V2_5, "MS-WAP-Provisioning-XML"), p.device())
        assert (text_at(outcome.reply, *p.POLICY_DATA) or "").startswith("<wap-provisioningdoc>")
        refused = run(Version.V2_5, p.initial(Version.V2_5), p.device())
        assert text_at(refused.reply, *p.POLICY_STATUS) == "3"


class TestAcknowledgement:
    @each_version
    def test_it_gets_the_final_key_and_no_data(self, version: Version) -> None:
        outcome = run(version, p.acknowledgement(TEMPORARY), offered(version))
        assert (outcome.effect, outcome.input) == (Effect.GRANT_KEY, Input.POLICY_ACKNOWLEDGED)
        assert text_at(outcome.reply, *p.PROVISION_STATUS) == "1"
        assert text_at(outcome.reply, *p.POLICY_STATUS) == "1"
        assert text_at(outcome.reply, *p.POLICY_KEY) == str(FRESH)
        assert p.element_at(outcome.reply, *p.POLICY_DATA) is None
        assert outcome.device.state is DeviceState.PROVISIONING_SUCCEEDED
        assert outcome.device.policy_digest == DEFAULT.digest(version)

    @each_version
    @pytest.mark.parametrize("key", [TEMPORARY + 1, 0, "", "4", "04242", "4242x", "x" * 64, "４２４２"])
    def test_a_wrong_key_gets_status_5_and_no_key(self, version: Version, key: int | str) -> None:
        device = offered(version)
        outcome = run(version, p.acknowledgement(key), device)
        assert outcome.device == device
        self.assert_refused(outcome)

    def test_a_temporary_key_serves_once(self) -> None:
        first = run(Version.V14_0, p.acknowledgement(TEMPORARY), offered(Version.V14_0))
        self.assert_refused(run(Version.V14_0, p.acknowledgement(TEMPORARY), first.device))

    @pytest.mark.parametrize("key", [0, "0", ""])
    def test_no_key_answers_where_nothing_was_offered(self, key: int | str) -> None:
        self.assert_refused(run(Version.V14_0, p.acknowledgement(key), p.device()))

    def test_the_final_key_is_no_temporary_one(self) -> None:
        self.assert_refused(run(Version.V14_0, p.acknowledgement(p.KEY), p.provisioned(Version.V14_0)))

    def test_a_temporary_key_lives_a_quarter_of_an_hour(self) -> None:
        assert timedelta(minutes=15) == TEMPORARY_KEY_LIFETIME
        late = NOON + TEMPORARY_KEY_LIFETIME
        good = run(Version.V14_0, p.acknowledgement(TEMPORARY), offered(Version.V14_0), now=late)
        assert good.effect is Effect.GRANT_KEY
        late += timedelta(microseconds=1)
        self.assert_refused(
            run(Version.V14_0, p.acknowledgement(TEMPORARY), offered(Version.V14_0), now=late)
        )

    def test_a_policy_that_changed_meanwhile_must_be_fetched_again(self) -> None:
        device, newer = offered(Version.V14_0), Policy({"AllowCamera": False})
        self.assert_refused(run(Version.V14_0, p.acknowledgement(TEMPORARY), device, newer))

    def test_a_change_that_the_version_does_not_carry_changes_nothing(self) -> None:
        device, newer = offered(Version.V12_0), Policy({"AllowCamera": False})
        assert run(Version.V12_0, p.acknowledgement(TEMPORARY), device, newer).effect is Effect.GRANT_KEY

    def test_an_unknown_policy_type_stays_unknown(self) -> None:
        outcome = run(Version.V14_0, p.acknowledgement(TEMPORARY, kind="unknown"), offered(Version.V14_0))
        assert (text_at(outcome.reply, *p.POLICY_STATUS), outcome.input) == ("3", None)

    @pytest.mark.parametrize(
        ("status", "policy", "refused"),
        [
            (2, Policy(), 139),
            (2, Policy(accept_partial=True), None),
            (2, Policy(allow_non_provisionable=True), None),
            (2, Policy(accept_external=True), 139),
            (2, Policy(accept_declined=True), 139),
            (3, Policy(accept_declined=True), None),
            (4, Policy(accept_declined=True), 145),
            (3, Policy(), 139),
            (3, Policy(accept_partial=True), 139),
            (3, Policy(allow_non_provisionable=True), None),
            (4, Policy(), 145),
            (4, Policy(accept_partial=True, allow_non_provisionable=True), 145),
            (4, Policy(accept_external=True), None),
        ],
    )
    @each_version
    def test_switches_decide_on_what_is_less_than_applied(
        self, version: Version, status: int, policy: Policy, refused: int | None
    ) -> None:
        outcome = run(version, p.acknowledgement(TEMPORARY, status), offered(version), policy)
        assert outcome.device.acknowledged_status == status
        if refused is None:
            assert (outcome.effect, outcome.device.policy_key) == (Effect.GRANT_KEY, FRESH)
            return
        assert (outcome.input, outcome.effect) == (Input.POLICY_DECLINED, Effect.REFUSE)
        assert outcome.device.policy_key == outcome.device.temporary_key == 0
        if version < Version.V14_0:
            assert outcome.reply == Reply(403)
        else:
            assert outcome.reply.body == encode(provision_root(node("Provision:Status", str(refused))))

    def test_a_device_that_declines_a_newer_policy_falls_out_of_compliance(self) -> None:
        device = replace(offered(Version.V14_0), state=DeviceState.PROVISIONING_SUCCEEDED, policy_key=p.KEY)
        outcome = run(Version.V14_0, p.acknowledgement(TEMPORARY, 3), device)
        assert outcome.device.state is DeviceState.PROVISIONING_REQUIRED

    @staticmethod
    def assert_refused(outcome: Exchange) -> None:
        assert text_at(outcome.reply, *p.PROVISION_STATUS) == "1"
        assert text_at(outcome.reply, *p.POLICY_STATUS) == "5"
        assert p.element_at(outcome.reply, *p.POLICY_KEY) is None
        assert (outcome.effect, outcome.input) == (Effect.NOTHING, None)


class TestRestOfTheTable:
    @each_version
    def test_a_broken_document_gets_status_2_and_nothing_else(self, version: Version) -> None:
        outcome = run(version, provision_root(policies()), p.device())
        assert outcome.reply.body == encode(provision_root(node("Provision:Status", "2")))

    @each_version
    @pytest.mark.parametrize(
        "root", [provision_root(), p.wipe_acknowledgement(), p.wipe_acknowledgement(status=2)]
    )
    def test_about_a_wipe_that_nobody_ordered_the_answer_is_status_1(
        self, version: Version, root: Element
    ) -> None:
        device = p.provisioned(version)
        outcome = run(version, root, device)
        assert outcome.reply.body == encode(provision_root(node("Provision:Status", "1")))
        assert (outcome.device, outcome.input) == (device, None)

    def test_information_is_kept_from_every_message(self) -> None:
        root = provision_root(p.information("Pixel", OS="Android 14"))
        outcome = run(Version.V14_1, root, p.device(information=DeviceInformation(imei="1")))
        assert outcome.device.information == DeviceInformation(model="Pixel", os="Android 14", imei="1")
        assert text_at(outcome.reply, "Settings:DeviceInformation", "Settings:Status") == "1"

    def test_information_that_says_nothing_new_changes_nothing(self) -> None:
        device = p.device(information=DeviceInformation(model="iPhone15,2"))
        assert run(Version.V14_1, provision_root(p.information()), device).device is device


@given(st.binary(max_size=200))
def test_any_bytes_give_a_message_or_the_documented_error(body: bytes) -> None:
    request = p.request(Command.PROVISION, Version.V14_0)
    try:
        message = read(request, body)
    except ProtocolError:
        return
    assert isinstance(message, PolicyRequest | Acknowledgement | WipeAcknowledgement | WipePoll | Malformed)
