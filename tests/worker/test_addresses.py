"""No message goes to an address that is not public, whatever it is wrapped in."""

import pytest

from worker.addresses import is_refused

PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]
PRIVATE = [
    *("127.0.0.1", "127.255.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "::1", "fc00::1", "fd12::1"),
    *("::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::"),
]
NEVER = [
    *("169.254.1.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254"),
    *("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200"),
    *("168.63.129.16", "192.0.0.192", "0.0.0.0", "::", "224.0.0.1", "ff0e::1"),
]
RESERVED = [
    *("0.0.0.1", "100.64.0.1", "198.18.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "2001:db8::1"),
    *("fec0::1", "64:ff9b:1::7f00:1", "5f00::1", "3fff::1", "100::1", "::ffff:0:7f00:1", "2001:0:7f00:1::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_let_through(address):
    assert not is_refused(address, private=False)
    assert not is_refused(address, private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_ones_are_only_where_the_operator_says_so(address):
    assert is_refused(address, private=False)
    assert not is_refused(address, private=True)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_and_metadata_addresses_never_are(address):
    assert is_refused(address, private=False)
    assert is_refused(address, private=True)


@pytest.mark.parametrize("address", RESERVED)
def test_what_is_reserved_is_refused(address):
    assert is_refused(address, private=False)
