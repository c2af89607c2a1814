"""Correspondence of the slots of a network with those of a lock, given pairs of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.diffing.lock.alignment import Pair
    from shapecalc.diffing.lock.entries import Entry


class Wiring:
    """The locked layer or input of each layer and input of a network, and whether its shapes are as locked."""

    def __init__(self, entry: Entry, now: Entry, pairs: Iterable[Pair]) -> None:
        self._locked: dict[str, str | None] = {name: name if name in entry.inputs else None for name in now.inputs}
        self._reshaped = {name for name in now.inputs if entry.inputs.get(name) != now.inputs[name]}
        self._removed = {name for name in entry.inputs if name not in now.inputs}
        for pair in pairs:
            if pair.new is None:
                assert pair.old is not None
                self._removed.add(entry.layers[pair.old].path)
                continue
            layer = now.layers[pair.new]
            locked = None if pair.old is None else entry.layers[pair.old]
            self._locked[layer.path] = None if locked is None else locked.path
            if locked is None or locked.outputs != layer.outputs:
                self._reshaped.add(layer.path)

    def rewired(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Return whether slots differ from the locked ones; layers added or removed are causes of their own."""
        if len(old) == len(new):
            return any(self._differs(one, other) for one, other in zip(old, new, strict=True))
        added = any(self._locked.get(self._layer(slot)) is None for slot in new)
        return not added and not any(self._is_removed(slot) for slot in old)

    def _differs(self, old: str, new: str) -> bool:
        layer = self._layer(new)
        locked = self._locked.get(layer)
        return locked is not None and locked + new[len(layer) :] != old and not self._is_removed(old)

    def _is_removed(self, slot: str) -> bool:
        return slot in self._removed or slot.rpartition(".")[0] in self._removed

    def _layer(self, slot: str) -> str:
        """Return the layer or input that a slot belongs to."""
        return slot if slot in self._locked else slot.rpartition(".")[0]

    def reads_as_locked(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Return whether slots are the locked ones, with the locked shapes."""
        return [self._as_locked(slot) for slot in new] == list(old)

    def _as_locked(self, slot: str) -> str | None:
        """Return the locked slot of a slot, None if it was added or its shape differs."""
        layer = self._layer(slot)
        locked = self._locked.get(layer)
        return None if locked is None or layer in self._reshaped else locked + slot[len(layer) :]
