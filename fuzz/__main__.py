"""`python -m fuzz HARNESS [--keep-going FOLDER] [libFuzzer's options and folders]`, with one of `HARNESSES`."""

from __future__ import annotations

import pkgutil
import signal
import sys
import traceback
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

CONTAINERS = ("keras", "torch_export", "onnx")
"""Harnesses of files that are no texts."""
HARNESSES = ("load", "infer", "render", *CONTAINERS)
UNUSED = ("cli", "reference", "training", "sweeping", "__main__")
"""What no harness calls, and brings NumPy or typer."""

MOST_SECONDS = 5
"""Of the processor, for one input, at the speed of instrumented code."""


def main() -> None:
    """Fuzz one harness until libFuzzer's options end it."""
    import atheris  # noqa: PLC0415 - an environment of its own has it

    words = sys.argv[1:]
    if not words or words[0] not in (*HARNESSES, "seeds"):
        sys.exit(__doc__)
    harness, *options = words
    if harness == "seeds":
        write(Path(options[0]))
        return
    with atheris.instrument_imports(include=["shapecalc"]):
        for module in _modules():
            import_module(module)
        one_input = import_module(f"fuzz.{harness}").one_input
    from fuzz.mutation import crossed, mutator  # noqa: PLC0415 - after what is instrumented

    mutate, cross = mutator(partial(_mutate, atheris)), crossed
    if harness in CONTAINERS:
        from fuzz.containers import mutated  # noqa: PLC0415 - after what is instrumented

        mutate, cross = partial(mutated, partial(_mutate, atheris)), None
    one_input = timed(one_input)
    if options[:1] == ["--keep-going"]:
        one_input, options = keeping(one_input, Path(options[1])), options[2:]
    atheris.Setup(
        [sys.argv[0], *options],
        one_input,
        custom_mutator=mutate,
        custom_crossover=cross,
    )
    atheris.Fuzz()


def _mutate(atheris: ModuleType, data: bytes, most: int) -> bytes:
    return atheris.Mutate(data, most)  # looked up late: it is another one once fuzzing has begun


def _modules() -> list[str]:
    """Name every module of the package that a harness may reach: many are imported where they are first needed."""
    import shapecalc  # noqa: PLC0415 - only instrumented

    found = (module.name for module in pkgutil.walk_packages(shapecalc.__path__, "shapecalc."))
    return [name for name in found if name.split(".")[1] not in UNUSED]


def timed(one_input: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return a harness that raises `TimeoutError` where it hangs: by the processor's time, which no other work adds to.

    libFuzzer's own `-timeout` goes by the clock, and knows no line of code.
    """

    def hung(_: int, __: object) -> NoReturn:
        raise TimeoutError(f"more than {MOST_SECONDS} s")

    signal.signal(signal.SIGPROF, hung)

    def bounded(data: bytes) -> None:
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        try:
            one_input(data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    return bounded


def keeping(one_input: Callable[[bytes], None], folder: Path) -> Callable[[bytes], None]:
    """Return a harness that writes what breaks it into a folder, one input for each line of code, and goes on."""
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()

    def kept(data: bytes) -> None:
        try:
            one_input(data)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            frames = traceback.extract_tb(error.__traceback__)
            places = [f"{Path(frame.filename).stem}-{frame.lineno}" for frame in frames if "fuzz" in frame.filename]
            name = "-".join(
                (type(error).__name__, *places[-1:], f"{Path(frames[-1].filename).stem}-{frames[-1].lineno}")
            )
            if name not in seen:
                seen.add(name)
                (folder / name).write_bytes(data)
                print(f"broken: {name}\n{''.join(traceback.format_exception(error)[-6:])}", file=sys.stderr, flush=True)

    return kept


def write(folder: Path) -> None:
    """Write the seeds, and libFuzzer's dictionary beside their folder."""
    from fuzz.seeds import write as write_seeds  # noqa: PLC0415
    from fuzz.words import dictionary, tokens  # noqa: PLC0415

    write_seeds(folder)
    folder.with_suffix(".dict").write_text(dictionary(tokens()))


if __name__ == "__main__":
    main()
