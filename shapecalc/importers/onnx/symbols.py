"""The sizes of the inputs of a model: integers, and symbols for the axes whose size is not fixed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.dims import symbol
from shapecalc.layers.fields import SYMBOL_PATTERN

if TYPE_CHECKING:
    from shapecalc.dims import Dim, Shape

_USUAL = {
    "N": "n batch batch_size batchsize bs b num_batch batch_dim",
    "T": "t seq sequence seq_len seq_length sequence_length seqlen time timesteps",
    "H": "h height image_height",
    "W": "w width image_width",
}
_LETTERS = {name: letter for letter, names in _USUAL.items() for name in names.split()}
_BY_AXIS = {1: "", 2: "T", 3: "TL", 4: "CHW", 5: "CDHW"}
"""The letters of axes without a name by the rank, after that of the batch."""
_OTHERS = "KLMPQRSUVXYZ"


class Symbols:
    """The symbols of a model by the names that its axes have there."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()

    def shape(self, value: Any) -> Shape:
        """Return the shape of an input, in which an axis without a size or a name is a symbol of its own."""
        dims = value.type.tensor_type.shape.dim
        letters = _BY_AXIS.get(len(dims), "")
        shape: list[Dim] = []
        for axis, dim in enumerate(dims):
            if dim.HasField("dim_value") and dim.dim_value > 0:
                shape.append(int(dim.dim_value))
            elif axis == 0 and not dim.dim_param:
                shape.append(self.named("batch", "N"))
            else:
                likely = letters[axis - 1] if 0 < axis <= len(letters) else "N" if not axis else ""
                shape.append(self.named(dim.dim_param, likely))
        return tuple(shape)

    def named(self, name: str, likely: str = "") -> Dim:
        """Return the symbol of a name, the usual letter for the usual names; `likely` is that of a name without sense.

        >>> symbols = Symbols()
        >>> [str(symbols.named(name)) for name in ("batch_size", "sequence", "num_tokens", "s77", "batch_size")]
        ['N', 'T', 'num_tokens', 'K', 'N']
        """
        if name and name in self.names:
            return symbol(self.names[name])
        usual = _LETTERS.get(name.lower(), "")
        fits = re.fullmatch(SYMBOL_PATTERN, name) and not re.fullmatch(r"s\d+|unk__\d+|dim_?\d+|.*dynamic_axes.*", name)
        choices = [usual or (name if fits else likely), likely, *_OTHERS, *(f"K{number}" for number in range(10_000))]
        chosen = next(choice for choice in choices if choice and choice not in self.taken)
        self.taken.add(chosen)
        if name:
            self.names[name] = chosen
        return symbol(chosen)
