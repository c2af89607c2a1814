"""Makes the environment that the peers live in: `python -m benchmarks.peers FOLDER`.

shapecalc itself never imports any of them; the suite calls that environment's Python as a process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import venv
from pathlib import Path

PINS = Path(__file__).with_name("peers.txt")


def python_of(folder: Path) -> str:
    """Return the Python of an environment; raise `SystemExit` where none has been made."""
    for inside in ("bin/python", "Scripts/python.exe"):
        if (folder / inside).exists():
            return str(folder / inside)
    message = f"no environment in {folder}: make it by `python -m benchmarks.peers {folder}`"
    raise SystemExit(message)


def make(folder: Path) -> None:
    """Make the environment and install the pinned peers into it."""
    venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(folder)
    subprocess.run([python_of(folder), "-m", "pip", "install", "--quiet", "--requirement", str(PINS)], check=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    make(options.parse_args().folder)


if __name__ == "__main__":
    main()
