"""The address of shapecalc's own files on the web, for formats that link to explanations."""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote

VARIABLE = "SHAPECALC_SOURCE"
"""The variable of the environment that states the address, as of a revision: `https://host/owner/shapecalc/blob/v1`."""


def source_address() -> str | None:
    """Return the address below which the files of the repository are, or None if it is unknown.

    It is the value of `VARIABLE`; without one, that of the repository and commit which pip has installed from.
    """
    stated = os.environ.get(VARIABLE, "").rstrip("/")
    return quote(stated, safe=":/%@~+") if _is_web(stated) else _installed_from()


def _installed_from() -> str | None:
    """Return the address of the commit that pip has installed from a git URL.

    Source: PyPA, "Recording the Direct URL Origin of installed distributions".
    """
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - only formats with links need it

    try:
        written = distribution("nn-shapecalc").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    origin: dict[str, Any] = json.loads(written) if written else {}
    commit = origin.get("vcs_info", {}).get("commit_id")
    address = str(origin.get("url", "")).rstrip("/").removesuffix(".git")
    return f"{address}/blob/{commit}" if commit and _is_web(address) else None


def _is_web(address: str) -> bool:
    return address.startswith(("https://", "http://"))
