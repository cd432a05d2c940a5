"""Which addresses a webhook is never sent to, whatever name leads there."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NAT64 = ip_network("64:ff9b::/96")
_UNICAST, _DOCUMENTATION = ip_network("2000::/3"), ip_network("3fff::/20")
"""All of IPv6 that is given out for use in public, and a part of it that is not; Python's tables know less of either."""
_IN_LAST_32_BITS = (_NAT64, ip_network("::/96"))
"""IPv6 networks whose addresses stand for an IPv4 address, the last four bytes."""
_METADATA = frozenset(
    map(
        ip_address,
        (
            *("169.254.169.254", "fd00:ec2::254", "fd20:ce::254"),
            *("100.100.100.200", "168.63.129.16", "192.0.0.192"),
        ),
    )
)
"""Where clouds tell a machine its secrets: some are addresses of private networks, one is public."""


def is_refused(address: str, *, private: bool) -> bool:
    """Whether nothing may be sent to an address: it is not of the public internet, or tells a machine about itself.

    Args:
        address: IPv4 or IPv6, maybe with a scope.
        private: whether private networks and this machine are let through; link-local and metadata addresses never are.
    """
    found = _stands_for(ip_address(address))
    if found in _METADATA or found.is_link_local or found.is_multicast or found.is_unspecified:
        return True
    return not (_is_public(found) or (private and (found.is_private or found.is_loopback)))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address in _DOCUMENTATION):
        return False
    return address.is_global


def _stands_for(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address that is reached in the end: the IPv4 one where an IPv6 address only wraps it."""
    if isinstance(address, IPv4Address):
        return address
    if int(address) > 1 and any(address in network for network in _IN_LAST_32_BITS):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return (
        address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address
    )
