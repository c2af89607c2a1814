"""Word vectors: a small table that ships, files of users, and queries by cosine."""
