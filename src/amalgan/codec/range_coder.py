"""A range coder: each symbol narrows an interval of numbers, and the bytes are one number within the last one.

    encode   (start, size) of 2^bits ──► low += start * (width >> bits), width = size * (width >> bits) ──► bytes
    decode   bytes ──► where the number lies within the interval ──► slot ──► the symbol that holds it

Martin 1979, "Range encoding"; Schindler 1998 for the carry. The interval is 64 bits wide and never narrower than 48,
so at 16 bits of precision the rounding costs less than 2^-31 bits a symbol. The last bytes are the shortest that lie
in the interval, zeros at the end are left out, and reading goes on with zeros: a message costs its information,
rounded up to bytes. Whole numbers only: the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from amalgan.core.errors import BitstreamError

MOST_BITS = 16
"""The finest division of an interval: frequencies sum to at most 2^16."""
WIDEST, NARROWEST = 1 << 64, 1 << 48
MASK = WIDEST - 1


class Encoder:
    """Takes symbols, gives bytes."""

    def __init__(self) -> None:
        self.done = bytearray()
        self.low, self.width = 0, WIDEST

    def put(self, start: int, size: int, bits: int = MOST_BITS) -> None:
        """A symbol that holds the slots from ``start``, ``size`` >= 1 of them, of 2^bits."""
        step = self.width >> bits
        self.low += start * step
        self.width = size * step
        if self.low > MASK:
            self.carry()
        if self.width < NARROWEST:
            self.done += (self.low >> 48).to_bytes(2, "big")
            self.low = self.low << 16 & MASK
            self.width <<= 16

    def put_all(self, starts: Iterable[int], sizes: Iterable[int]) -> None:
        """``put`` of one symbol after the other, of 2^16 slots each: the same bytes, three times as fast."""
        low, width = self.low, self.width
        for start, size in zip(starts, sizes, strict=True):
            step = width >> MOST_BITS
            low += start * step
            width = size * step
            if width < NARROWEST:
                if low > MASK:  # at most once since the last bytes: the interval only shrinks
                    self.low = low
                    self.carry()
                    low = self.low
                self.done += (low >> 48).to_bytes(2, "big")
                low = low << 16 & MASK
                width <<= 16
        self.low, self.width = low, width
        if low > MASK:
            self.carry()

    def carry(self) -> None:
        """Add the bit that left the window to the bytes before it."""
        self.low &= MASK
        at = len(self.done) - 1
        while self.done[at] == 255:
            self.done[at] = 0
            at -= 1
        self.done[at] += 1

    def finish(self) -> bytes:
        """All bytes; the encoder takes no more."""
        for kept in range(9):
            unit = 1 << (64 - 8 * kept)
            number = -(-self.low // unit) * unit
            if number < self.low + self.width:
                break
        self.low = number
        if number > MASK:
            self.carry()
        return bytes(self.done + self.low.to_bytes(8, "big")).rstrip(b"\0")


class Decoder:
    """Takes bytes, gives symbols. Any bytes decode to something; it is the container that knows damage."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 8
        self.place, self.width = int.from_bytes(data[:8].ljust(8, b"\0"), "big"), WIDEST

    def slot(self, bits: int = MOST_BITS) -> int:
        """Which of 2^bits slots the next symbol holds.

        Raises:
            BitstreamError: none, so no encoder wrote this.
        """
        found = self.place // (self.width >> bits)
        if found >> bits:
            raise BitstreamError("damaged: it holds what no encoder writes")
        return found

    def take(self, start: int, size: int, bits: int = MOST_BITS) -> None:
        """Go past the symbol that holds these slots."""
        step = self.width >> bits
        self.place -= start * step
        self.width = size * step
        if self.width < NARROWEST:
            self.refill()

    def refill(self) -> None:
        """Two more bytes, zeros after the end."""
        more = self.data[self.at : self.at + 2].ljust(2, b"\0")
        self.place = self.place << 16 | int.from_bytes(more, "big")
        self.width <<= 16
        self.at += 2
