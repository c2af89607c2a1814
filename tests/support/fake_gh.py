"""Stands in for `gh api`: answers as GitHub does, from a file of comments that `FAKE_GITHUB` names.

The file has `comments`, each with `databaseId`, `viewerDidAuthor` and `body`, `refuses`, the methods that the token may
not use, and `calls`, to which each call is added.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NoReturn


def main() -> None:
    parser = argparse.ArgumentParser(prog="gh")
    parser.add_argument("command", choices=["api"])
    parser.add_argument("endpoint")
    parser.add_argument("--method", default="POST")  # as with `--input`
    parser.add_argument("--input", required=True, choices=["-"])
    given = parser.parse_args()
    body = json.load(sys.stdin)
    state = json.loads(state_file().read_text())
    state["calls"].append([given.method, given.endpoint])
    state_file().write_text(json.dumps(state))
    if (os.environ["GH_TOKEN"], os.environ["GH_HOST"]) != ("a token", "github.com"):
        refuse(401, "Bad credentials")
    if given.endpoint == "graphql":
        print(json.dumps({"data": listed(state, body["query"], body["variables"])}))
        return
    if given.method in state["refuses"]:
        refuse(403, "Resource not accessible by integration")
    if not isinstance(body.get("body"), str) or not 0 < len(body["body"]) <= 65_536:
        refuse(422, "Validation Failed")
    print(json.dumps({"id": write(state, given.method, given.endpoint, body["body"])}))


def listed(state: dict[str, Any], query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Return a page of the comments, each with the fields that the query names."""
    [[first, fields]] = re.findall(
        r"repository\(owner: \$owner, name: \$name\) \{\s*pullRequest\(number: \$number\) \{\s*"
        r"comments\(first: (\d+), after: \$after\) \{\s*nodes \{([\w\s]+)\}\s*pageInfo \{ hasNextPage endCursor \}",
        query,
    )
    if {name: variables[name] for name in ("owner", "name", "number")} != {"owner": "o", "name": "r", "number": 7}:
        refuse(200, "Could not resolve to a PullRequest with the number of 0.")
    if int(first) > 100:
        refuse(200, "Requesting too many records on the `comments` connection")
    start = int(variables["after"] or 0)
    end = start + int(first)
    nodes = [{field: comment[field] for field in fields.split()} for comment in state["comments"][start:end]]
    page = {"hasNextPage": end < len(state["comments"]), "endCursor": str(end)}
    return {"repository": {"pullRequest": {"comments": {"nodes": nodes, "pageInfo": page}}}}


def write(state: dict[str, Any], method: str, endpoint: str, body: str) -> int:
    """Create or update a comment, and return its id."""
    if (method, endpoint) == ("POST", "repos/o/r/issues/7/comments"):
        number = 1 + max((comment["databaseId"] for comment in state["comments"]), default=0)
        state["comments"].append({"databaseId": number, "viewerDidAuthor": True, "body": body})
    elif method == "PATCH" and (found := re.fullmatch(r"repos/o/r/issues/comments/(\d+)", endpoint)):
        number = int(found[1])
        [comment] = [comment for comment in state["comments"] if comment["databaseId"] == number]
        comment["body"] = body
    else:
        refuse(404, "Not Found")
    state_file().write_text(json.dumps(state))
    return number


def state_file() -> Path:
    """Return the file of comments."""
    return Path(os.environ["FAKE_GITHUB"])


def refuse(status: int, message: str) -> NoReturn:
    """End as `gh` does: the answer on standard output, its message on standard error."""
    print(json.dumps({"message": message}))
    sys.exit(f"gh: {message} (HTTP {status})")


if __name__ == "__main__":
    main()
