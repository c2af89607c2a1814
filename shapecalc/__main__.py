"""`python -m shapecalc`."""

from shapecalc.cli import main

main()
