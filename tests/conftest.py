"""Hypothesis profiles: `ci` repeats its examples, `nightly` has more. And an option that rewrites golden texts."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import HealthCheck, settings

# On matrices as small as the tests' a second thread waits most of the time, on a core that another test could use.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Each of a thousand sub-processes would compile the package anew, and each run of the tests all of them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# A shell starts what runs in the background with Ctrl-C ignored, and every process below inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

USUAL = "ci" if os.environ.get("CI") else "default"
settings.register_profile("default", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.register_profile("nightly", settings.get_profile(USUAL), max_examples=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or USUAL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-cases", action="store_true", help="write the texts in tests/cases/ anew")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Use one process where tests write: several screens may be in one page."""
    return 0 if config.getoption("update_cases") else None
