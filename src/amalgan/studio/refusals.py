"""What the server does not do, each with the status that says so to a browser."""

from __future__ import annotations

from amalgan.core.errors import AmalganError, UsageError


class Refused(AmalganError):
    """A request that is not carried out; the message is one sentence for the user."""

    status = 400


class Forbidden(Refused):
    """A request from elsewhere, or without the token."""

    status = 403


class Missing(Refused):
    """Nothing of that name is there, or it lies outside the root."""

    status = 404


class TooSlow(Refused):
    """A body that does not arrive in time."""

    status = 408


class Taken(Refused):
    """It cannot be done now, in the state that things are in."""

    status = 409


class TooLarge(Refused):
    """A body of more bytes than are read."""

    status = 413


class Busy(Refused):
    """Enough is waiting, or being watched, already."""

    status = 429


def status_of(error: AmalganError) -> int:
    """Return the status of an error: its own, 400 for wrong use, 500 for what the machine refuses."""
    if isinstance(error, Refused):
        return error.status
    return 400 if isinstance(error, UsageError) else 500
