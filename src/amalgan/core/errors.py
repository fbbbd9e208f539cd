"""Every error of amalgan, in one tree.

    AmalganError                    anything that a user can mend; the command line exits with its ``exit_code``
    ├── UsageError            (2)   a flag or argument that cannot be honored
    │   ├── ConfigError             fields of a configuration, all faults at once
    │   ├── TargetError             classes that an estimator cannot learn; a ValueError too
    │   └── AbilityError            the model lacks what the task needs
    ├── DataError             (1)   a data set that cannot be read or is too small
    │   ├── NoRoom                  what is to be stored does not fit the cache or its disk
    │   └── BadPicture              one file; caught, counted and named, never fatal by itself
    ├── FileError             (1)   a file or folder on disk
    │   ├── ForeignFile       (2)   a file of the user's where one of ours should go
    │   ├── ModelFileError          a model file: missing, damaged, foreign, too new
    │   ├── StateError              a resume state: damaged, or made with other settings or data
    │   └── BitstreamError          a compressed picture or archive: damaged, cut short, foreign
    │       └── WrongModelError     it was compressed by another model
    ├── Diverged              (1)   training produced numbers that are not finite, repeatedly
    ├── PeerLost             (75)   another process of the same run is gone; started again, all go on
    ├── OutOfMemory           (1)   a batch does not fit; names a size to try
    ├── SystemFault           (1)   a system of one's own breaks the contract that all systems keep
    ├── ExportError           (1)   a file for other programs would not compute what the model does
    └── Interrupted   (128 + no.)   a signal; what was reached is saved: INT 130, TERM 143, HUP 129, USR1 138

A message says what was found, what was expected and what to do.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence


class AmalganError(Exception):
    """Base of every error raised on purpose."""

    exit_code = 1


class UsageError(AmalganError):
    """A flag or argument that cannot be honored."""

    exit_code = 2


class ConfigError(UsageError):
    """Faults of a configuration, collected and raised once."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class TargetError(UsageError, ValueError):
    """Classes that an estimator cannot work with; those who call one of scikit-learn expect a ValueError."""


class AbilityError(UsageError):
    """The model cannot do what the task asks; the message names the systems that can."""


class DataError(AmalganError):
    """A data set that cannot be read, or holds too little to work with."""


class NoRoom(DataError):
    """What is to be stored is larger than the cap of the cache, or than what is free on its disk."""


class BadPicture(DataError):
    """One file that is not a usable picture. Readers catch it, count it and name it."""


class FileError(AmalganError):
    """A file or folder that cannot be read or written."""


class ForeignFile(FileError):
    """Something that amalgan did not write stands where a file should go; it is left alone."""

    exit_code = 2


class ModelFileError(FileError):
    """A model file that is missing, damaged, foreign, or of a newer format."""


class StateError(FileError):
    """A resume state that is damaged, or was made with other settings or data."""


class BitstreamError(FileError):
    """A compressed picture or archive that is damaged, cut short or foreign."""


class WrongModelError(BitstreamError):
    """A compressed picture or archive that another model made."""


class Diverged(AmalganError):
    """Training produced numbers that are not finite and did not recover at a lower rate."""


class PeerLost(AmalganError):
    """Another process of the same run ended before its time; started again, all go on."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: a scheduler may try again


class OutOfMemory(AmalganError):
    """A batch needs more memory than there is; the message names a size to try."""


class SystemFault(AmalganError):
    """A system breaks the contract that all systems keep."""


class ExportError(AmalganError):
    """A file for other programs that would not compute what the model does."""


class Interrupted(AmalganError):
    """A signal ended the run; what it had reached is saved.

    Attributes:
        number: the signal's.
        exit_code: 128 + the signal's number.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.number = signal_number
        self.exit_code = 128 + signal_number

    @property
    def signal(self) -> str:
        """The signal's name."""
        return signal.Signals(self.number).name
