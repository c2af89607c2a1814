"""The entry point of `shapecalc` and of `python -m shapecalc`."""

import gc
import sys


def main() -> None:
    """Run the command line."""
    # A command makes its objects once and ends. Looking for garbage among them while modules load, and once more at
    # the end, takes a fifth of the time of a short command and finds nothing; `verify` turns the collector on again.
    gc.disable()
    try:
        from shapecalc import cli  # noqa: PLC0415 - typer is to load after that

        cli.main()
    except KeyboardInterrupt:  # while that was loaded
        sys.exit(130)
    except MemoryError:
        sys.exit("error: out of memory")
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
