"""`shapecalc.lock.json`: what networks came to when they were last agreed on, and what has moved since."""

from shapecalc.locking.drifting import drift
from shapecalc.locking.entries import Entry, Lock, LockedLayer, entry_of, lock_of, to_json
from shapecalc.locking.folder import LOCK_FILE, gone, held, key_of, load_lock
from shapecalc.locking.reading import read_lock

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
