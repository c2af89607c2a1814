"""Arrays by name as the bytes of an `.npz` file."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.base import Array


def npz(arrays: Mapping[str, Array]) -> bytes:
    """Return arrays as `numpy.load` reads them; the same arrays give the same bytes.

    `numpy.savez` takes names as keywords, of which some have a meaning: a layer may be called `file`.

    >>> with np.load(BytesIO(npz({"file": np.ones(2)}))) as loaded:
    ...     loaded["file"]
    array([1., 1.])
    """
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)
    return content.getvalue()
