"""Who is sent a message: hosts that the operator allows, at addresses that are not refused, with certificates of theirs."""

import ssl

import pytest
import trustme

NAME = "hooks.example.org"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "::1"])
def test_a_name_that_leads_to_a_refused_address_is_not_called(
    receiver, make_courier, outbox, post, resolve, address, refusal
):
    resolve(NAME, "8.8.8.8", address)  # one is enough
    post(f"https://{NAME}:{receiver.port}/")
    reason = refusal(make_courier(f"{NAME}:{receiver.port}", private=False), outbox)
    assert f"its host {NAME} has the address {address}" in reason
    assert receiver.received == []


def test_metadata_is_refused_where_private_addresses_are_not(make_courier, outbox, post, resolve, refusal):
    resolve(NAME, "169.254.169.254")
    post(f"http://{NAME}/latest/meta-data")
    assert "169.254.169.254" in refusal(make_courier(NAME), outbox)


def test_what_the_operator_no_longer_allows_is_not_called(receiver, make_courier, outbox, post, refusal):
    post(f"http://127.0.0.1:{receiver.port}/")
    assert "none that the operator allows" in refusal(make_courier("example.org"), outbox)
    assert receiver.received == []


def test_without_private_addresses_nothing_goes_out_unencrypted(make_courier, outbox, post, resolve, refusal):
    asked = resolve(NAME, "8.8.8.8")
    post(f"http://{NAME}/")
    assert "not https" in refusal(make_courier(NAME, private=False), outbox)
    assert NAME not in asked


@pytest.fixture
def authority():
    """A certificate authority that couriers made by the test trust, through the environment."""
    return trustme.CA()


@pytest.fixture
def make_trusting(authority, make_courier, monkeypatch, tmp_path):
    def make(hosts):
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        return make_courier(hosts)

    return make


def serve_tls(make_receiver, authority, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    names = []
    context.sni_callback = lambda _, asked, __: names.append(asked)
    return make_receiver(tls=context), names


def test_the_name_is_resolved_once_and_the_certificate_is_the_names(
    make_receiver, authority, make_trusting, outbox, post, resolve, send_one
):
    asked = resolve(NAME, "127.0.0.1")
    receiver, sni = serve_tls(make_receiver, authority, NAME)
    post(f"https://{NAME}:{receiver.port}/hook")
    send_one(make_trusting(f"{NAME}:{receiver.port}"), outbox)
    ((path, headers, _),) = receiver.received
    assert (path, headers["Host"]) == ("/hook", f"{NAME}:{receiver.port}")
    assert sni == [NAME]
    assert asked.count(NAME) == 1  # whoever asks again may be led elsewhere
    assert outbox.count() == 0


@pytest.mark.parametrize("fault", ["another name", "an unknown authority"])
def test_a_certificate_that_is_not_the_names_is_refused(
    make_receiver, authority, make_trusting, outbox, post, resolve, fault, refusal
):
    resolve(NAME, "127.0.0.1")
    issuer = authority if fault == "another name" else trustme.CA()
    receiver, _ = serve_tls(make_receiver, issuer, "127.0.0.1" if fault == "another name" else NAME)
    post(f"https://{NAME}:{receiver.port}/hook")
    assert "CERTIFICATE_VERIFY_FAILED" in refusal(make_trusting(f"{NAME}:{receiver.port}"), outbox)
    assert receiver.received == []


def test_no_proxy_of_the_environment_is_used(receiver, make_courier, outbox, post, monkeypatch, send_one):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    post(f"http://127.0.0.1:{receiver.port}/")
    send_one(make_courier(f"127.0.0.1:{receiver.port}"), outbox)
    assert len(receiver.received) == 1
