"""Networks in git: repositories and their revisions, the files of a revision, and networks loaded from them."""
