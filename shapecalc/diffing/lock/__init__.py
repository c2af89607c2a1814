"""`shapecalc.lock.json`: what networks came to when they were last agreed on, and what has moved since."""

from shapecalc.diffing.lock.drift import drift
from shapecalc.diffing.lock.entries import Entry, Lock, LockedLayer, entry_of, lock_of, to_json
from shapecalc.diffing.lock.folder import LOCK_FILE, gone, held, key_of, load_lock
from shapecalc.diffing.lock.reading import read_lock

__all__ = [
    "LOCK_FILE",
    "Entry",
    "Lock",
    "LockedLayer",
    "drift",
    "entry_of",
    "gone",
    "held",
    "key_of",
    "load_lock",
    "lock_of",
    "read_lock",
    "to_json",
]
