"""Coverage-guided fuzzing: `python -m fuzz load` and so on; see README.md."""
