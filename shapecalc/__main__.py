"""The entry point of `shapecalc` and of `python -m shapecalc`."""

import gc
import sys
from types import ModuleType


def main() -> None:
    """Run the command line."""
    # A command makes its objects once and ends. Looking for garbage among them while modules load, and once more at
    # the end, takes a fifth of the time of a short command and finds nothing; `verify` turns the collector on again.
    gc.disable()
    try:
        cli = _loaded()
        cli.main()
    finally:
        gc.freeze()


def _loaded() -> ModuleType:
    try:
        from shapecalc import cli  # noqa: PLC0415 - typer is to load after the collector is off
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        # What an import says for want of memory may be anything at all.
        try:
            bytearray(2**26)
        except MemoryError:
            sys.exit("error: out of memory")
        raise
    return cli


if __name__ == "__main__":
    main()
