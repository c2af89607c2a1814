"""Which slot of a lock each slot of a network is, once layers are paired: what reads another, what has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.diffing.lock.alignment import Pair
    from shapecalc.diffing.lock.entries import Entry


class Wiring:
    """What is known of slots of the network: which slot of the lock each is, and whether it has the same shape."""

    def __init__(self, entry: Entry, now: Entry, pairs: Iterable[Pair]) -> None:
        self._was: dict[str, str | None] = {name: name if name in entry.inputs else None for name in now.inputs}
        self._moved = {name for name in now.inputs if entry.inputs.get(name) != now.inputs[name]}
        self._left = {name for name in entry.inputs if name not in now.inputs}
        for pair in pairs:
            if pair.new is None:
                assert pair.old is not None
                self._left.add(entry.layers[pair.old].path)
                continue
            layer = now.layers[pair.new]
            locked = None if pair.old is None else entry.layers[pair.old]
            self._was[layer.path] = None if locked is None else locked.path
            if locked is None or locked.outputs != layer.outputs:
                self._moved.add(layer.path)

    def rewired(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Return whether slots are others than were locked; one that came or went is a cause of its own."""
        if len(old) == len(new):
            return any(self._differs(one, other) for one, other in zip(old, new, strict=True))
        came = any(self._was.get(self._layer(slot)) is None for slot in new)
        return not came and not any(self._is_left(slot) for slot in old)

    def _differs(self, old: str, new: str) -> bool:
        layer = self._layer(new)
        was = self._was.get(layer)
        return was is not None and was + new[len(layer) :] != old and not self._is_left(old)

    def _is_left(self, slot: str) -> bool:
        return slot in self._left or slot.rpartition(".")[0] in self._left

    def _layer(self, slot: str) -> str:
        """Return the layer or input that a slot belongs to."""
        return slot if slot in self._was else slot.rpartition(".")[0]

    def enter_as_locked(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Return whether what enters is what entered, in the shapes that it had."""
        return [self._as_locked(slot) for slot in new] == list(old)

    def _as_locked(self, slot: str) -> str | None:
        """Return the slot of the lock that a slot is, None where it has moved."""
        layer = self._layer(slot)
        was = self._was.get(layer)
        return None if was is None or layer in self._moved else was + slot[len(layer) :]
