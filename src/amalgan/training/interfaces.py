"""Which network interface leads to another machine.

gloo listens where the machine's own name leads, and on many machines that is the loopback, which no other one reaches.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from amalgan.core.launchers import Place

GLOO = "GLOO_SOCKET_IFNAME"
ADDRESS_OF = 0x8915
"""SIOCGIFADDR of Linux: the address of an interface."""


@contextmanager
def reachable(place: Place) -> Iterator[None]:
    """Within the block gloo listens on the interface that leads to the first process, unless the user has named one."""
    name = None if os.environ.get(GLOO) else leading_to(place.address)
    if name:
        os.environ[GLOO] = name
    try:
        yield
    finally:
        if name:
            del os.environ[GLOO]


def leading_to(address: str) -> str | None:
    """Return the interface that leads to ``address``; None where nobody can tell."""
    with suppress(OSError, ValueError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))  # nothing is sent: this asks the system for a route
        own = probe.getsockname()[0]
        return next((name for _, name in socket.if_nameindex() if address_of(name) == own), None)
    return None


def address_of(interface: str) -> str | None:
    """Return the address of an interface; None where it has none, or the system is not Linux."""
    try:
        from fcntl import ioctl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            asked = struct.pack("256s", interface.encode()[:15])
            return socket.inet_ntoa(ioctl(probe.fileno(), ADDRESS_OF, asked)[20:24])
    except (ImportError, OSError):
        return None
