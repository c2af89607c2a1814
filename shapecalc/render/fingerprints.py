"""What names a line of a text where its number does not: code scanning follows a finding by it from push to push."""

from __future__ import annotations

import re
from collections import Counter

_WINDOW, _BASE, _MODULUS = 100, 37, 1 << 64
_END = 0xFFFF


def line_hashes(text: str) -> tuple[str, ...]:
    r"""Return a fingerprint for each line: `hash:n`, its n-th occurrence in the text.

    The hash is Σ cᵢ·37⁹⁹⁻ⁱ modulo 2⁶⁴, in hexadecimal, over 100 UTF-16 units from the start of the line on, without
    spaces and tabs, every line break as one line feed, past the end one 0xFFFF and then zeros.
    Source: github/codeql-action, fingerprints.ts: its upload warns of a fingerprint that is not what it finds itself.

    >>> line_hashes("")
    ('c129715d7a2bc9a3:1',)
    """
    squeezed = re.sub(r"[ \t]", "", re.sub(r"\r\n|\r", "\n", text)).encode("utf-16-le", "surrogatepass")
    units = [*memoryview(squeezed).cast("H"), _END, *[0] * _WINDOW]
    first = pow(_BASE, _WINDOW, _MODULUS)
    rolling = 0
    for unit in units[:_WINDOW]:
        rolling = (rolling * _BASE + unit) % _MODULUS
    seen: Counter[int] = Counter()
    hashes = []
    for at, unit in enumerate(units[:-_WINDOW]):
        if at == 0 or units[at - 1] == ord("\n"):
            seen[rolling] += 1
            hashes.append(f"{rolling:x}:{seen[rolling]}")
        rolling = (rolling * _BASE + units[at + _WINDOW] - unit * first) % _MODULUS
    return tuple(hashes)
