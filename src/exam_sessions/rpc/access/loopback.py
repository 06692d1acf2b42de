"""Whether an address is of this machine."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(address: str) -> bool:
    """Whether an IP address is a loopback address, such as 127.0.0.1, ::1 or ::ffff:127.0.0.1.

    Raises:
        ValueError: it is not an IP address.
    """
    found = ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
