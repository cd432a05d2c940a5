"""Where a webhook may go, before anything is resolved."""

import pytest
from pydantic import ValidationError

from worker.errors import WebhookUrlError
from worker.webhook_settings import CourierSettings, WebhookSettings
from worker.webhook_url import MAX_LENGTH, WebhookUrl, read_hosts

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    ("text", "parts", "authority"),
    [
        ("https://example.org", ("https", "example.org", 443, "/"), "example.org"),
        ("https://example.org/", ("https", "example.org", 443, "/"), "example.org"),
        ("HTTPS://Example.ORG/A?b=C", ("https", "example.org", 443, "/A?b=C"), "example.org"),
        ("https://example.org:8443/a", ("https", "example.org", 8443, "/a"), "example.org:8443"),
        ("http://127.0.0.1:80/a", ("http", "127.0.0.1", 80, "/a"), "127.0.0.1"),
        ("https://[2001:DB8::1]/a//b@c", ("https", "2001:db8::1", 443, "/a//b@c"), "[2001:db8::1]"),
    ],
)
def test_a_url_is_read(text, parts, authority):
    url = WebhookUrl.read(text)
    assert (url.scheme, url.host, url.port, url.target) == parts
    assert url.authority == authority


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "//example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https:///path",
        "https://",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://example.org\\@evil.org/",
        "https://evil.org\\.example.org/",
        "https://example.org#@evil.org/",
        "https://example.org/#fragment",
        "https://example.org?query",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://example.org:99999999999/",
        "https://example.org:/",
        "https://example.org:443:443/",
        "https://example..org/",
        "https://example.org./",
        "https://-example.org/",
        "https://exam_ple.org/",
        "https://exämple.org/",
        "https://ｅxample.org/",
        "https://example.org/ä",
        "https://example.org/a b",
        "https://example.org/\r\nHost: evil.org",
        "https://example.org/\n",
        "https://example.org\n",
        " https://example.org/",
        "https://example.org/\x00",
        "https://[::1",
        "https://[::1%25eth0]/",
        "https://example.org/" + "a" * MAX_LENGTH,
    ],
)
def test_what_could_be_read_in_two_ways_is_none(text):
    with pytest.raises(WebhookUrlError):
        WebhookUrl.read(text)


@pytest.mark.parametrize(
    ("hosts", "url", "is_allowed"),
    [
        ("", "https://example.org/", False),
        ("example.org", "https://example.org/", True),
        ("Example.org ,other.org", "https://EXAMPLE.org/", True),
        ("example.org", "https://example.org:443/", True),
        ("example.org", "https://example.org:8443/", False),
        ("example.org:8443", "https://example.org:8443/", True),
        ("example.org:8443", "https://example.org/", False),
        ("example.org", "https://a.example.org/", False),
        ("example.org", "https://example.org.evil.net/", False),
        ("example.org", "https://evilexample.org/", False),
        ("*.example.org", "https://a.example.org/", True),
        ("*.example.org", "https://a.b.example.org/", True),
        ("*.example.org", "https://example.org/", False),
        ("*.example.org", "https://evilexample.org/", False),
        ("*.example.org:8443", "https://a.example.org:8443/", True),
        ("*.example.org:8443", "https://a.example.org/", False),
        ("[::1]:8443", "https://[::1]:8443/", True),
        ("127.0.0.1", "http://127.0.0.1/", True),
        ("127.0.0.1", "https://2130706433/", False),
    ],
)
def test_only_the_hosts_that_are_named_are_allowed(hosts, url, is_allowed):
    assert WebhookUrl.read(url).is_allowed(read_hosts(hosts)) is is_allowed


@pytest.mark.parametrize(
    "entry", ["*", "*.", "https://example.org", "a.*.org", "example.org/path", "a b", "ex*.org"]
)
def test_an_entry_that_is_no_host_is_refused(entry):
    with pytest.raises(ValidationError, match="no host"):
        WebhookSettings(webhook_hosts=entry)


def test_settings_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("SADDLEPATH_WEBHOOK_HOSTS", "hooks.example.org, *.example.net:8443")
    monkeypatch.setenv("SADDLEPATH_WEBHOOK_SECRET", f"{SECRET} {SECRET}")
    settings = CourierSettings()
    assert settings.webhook_hosts == ("hooks.example.org", "*.example.net:8443")
    assert not settings.webhook_private
    assert [len(secret) for secret in settings.secrets()] == [24, 24]
    assert SECRET not in repr(settings)


def test_there_are_none_by_default_and_then_no_secret_is_needed():
    assert CourierSettings().webhook_hosts == CourierSettings().secrets() == ()


@pytest.mark.parametrize(
    "secret",
    [None, "", "whsec_", SECRET.removeprefix("whsec_"), "whsec_c2hvcnQ=", "whsec_!" + SECRET, f"{SECRET} x"],
)
def test_without_a_good_secret_a_worker_does_not_start(secret):
    with pytest.raises(ValidationError, match="SADDLEPATH_WEBHOOK_SECRET") as caught:
        CourierSettings(webhook_hosts="example.org", webhook_secret=secret)
    assert "input_value" not in str(caught.value)
