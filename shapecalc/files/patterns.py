"""Patterns of paths, such as `nets/**/*.yaml`: without a disk, for the files of a git revision."""

from __future__ import annotations

from fnmatch import fnmatchcase


def within(path: str, pattern: str) -> bool:
    """Return whether a pattern matches a path, or a folder around it; both have `/` between folders.

    As in a shell, `*` and `?` do not match `/`; `**` matches any number of folders, none too.

    >>> [within("nets/edge/a.yaml", pattern) for pattern in ("nets", "nets/*.yaml", "nets/**/*.yaml", "**/edge", ".")]
    [True, False, True, True, True]
    """
    parts = path.split("/")
    ends = {0}
    for word in pattern.split("/"):
        if word == "**":
            ends = set(range(min(ends, default=len(parts) + 1), len(parts) + 1))
        elif word not in ("", "."):
            ends = {end + 1 for end in ends if end < len(parts) and fnmatchcase(parts[end], word)}
    return bool(ends)


def matches(path: str, pattern: str) -> bool:
    """Return whether a pattern matches a file or a folder around it, in any folder: `drafts`, `*.old.yaml`, `a/b.yaml`.

    >>> [matches("nets/edge/a.yaml", pattern) for pattern in ("edge", "edge/**", "*.yaml", "nets/*.yaml", "dge")]
    [True, True, True, False, False]
    """
    return bool(pattern) and within(path, f"**/{pattern}")
