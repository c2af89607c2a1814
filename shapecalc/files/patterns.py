"""Patterns of paths, such as `nets/**/*.yaml`: without a disk, for the files of a git revision."""

from __future__ import annotations

from fnmatch import fnmatchcase


def within(path: str, pattern: str, *, hidden: bool = True) -> bool:
    """Return whether a pattern matches a path, or a folder around it; both have `/` between folders.

    As in a shell, `*` and `?` do not match `/`; `**` matches any number of folders, none too. Without `hidden`, none of
    them matches a name that begins with a dot, and such names below a folder are passed over.

    >>> [within("nets/edge/a.yaml", pattern) for pattern in ("nets", "nets/*.yaml", "nets/**/*.yaml", "**/edge", ".")]
    [True, False, True, True, True]
    >>> [within(".ci/.nets/a.yaml", pattern, hidden=False) for pattern in (".", "**", ".ci", ".*/.*", ".ci/.nets")]
    [False, False, False, True, True]
    """

    def is_visible(part: str) -> bool:
        return hidden or not part.startswith(".")

    def is_matched(part: str, word: str) -> bool:
        return part == word or (fnmatchcase(part, word) and (is_visible(part) or word.startswith(".")))

    parts = path.split("/")
    ends = {0}
    for word in pattern.split("/"):
        if word == "**":
            for end, part in enumerate(parts):
                if end in ends and is_visible(part):
                    ends.add(end + 1)
        elif word not in ("", "."):
            ends = {end + 1 for end in ends if end < len(parts) and is_matched(parts[end], word)}
    return any(all(map(is_visible, parts[end:])) for end in ends)


def matches(path: str, pattern: str) -> bool:
    """Return whether a pattern matches a file or a folder around it, in any folder: `drafts`, `*.old.yaml`, `a/b.yaml`.

    >>> [matches("nets/edge/a.yaml", pattern) for pattern in ("edge", "edge/**", "*.yaml", "nets/*.yaml", "dge")]
    [True, True, True, False, False]
    """
    return bool(pattern) and within(path, f"**/{pattern}")
