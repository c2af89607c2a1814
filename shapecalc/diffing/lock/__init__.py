"""The lock file `shapecalc.lock.json`: agreed shapes and counts of networks, and the changes since."""

from shapecalc.diffing.lock.commands import LOCK_FILE
from shapecalc.diffing.lock.drift import drift
from shapecalc.diffing.lock.entries import Entry, Lock, LockedLayer, entry_of, lock_of, to_json
from shapecalc.diffing.lock.folder import check_lock, key_of, load_lock, missing_files
from shapecalc.diffing.lock.reading import read_lock

__all__ = [
    "LOCK_FILE",
    "Entry",
    "Lock",
    "LockedLayer",
    "check_lock",
    "drift",
    "entry_of",
    "key_of",
    "load_lock",
    "lock_of",
    "missing_files",
    "read_lock",
    "to_json",
]
