"""For all tests: a slow machine is no failure, the same examples are tried wherever the tests run, a skip says why,
and a test may `record_property("said", ...)` a figure that is worth a line."""

import gc
import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings

import engine  # noqa: F401  before any test imports NumPy: it gives BLAS one thread, as in the app

for each in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
    if signal.getsignal(each) is signal.SIG_IGN:  # as below nohup: what the tests start would ignore it too
        signal.signal(each, lambda *_: None)

gc.set_threshold(20_000, 20, 50)  # as in the app: to look through all that thousands of tests have made takes long

settings.register_profile("descent", deadline=None, derandomize=True, database=None)
settings.load_profile("descent")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the tests can be asked for."""
    parser.addoption("--renew-pictures", action="store_true", help="take the pictures of tests/tui/pictures anew")


@pytest.fixture(autouse=True, scope="session")
def no_presets_of_ones_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the person who runs the tests keeps for themselves is neither seen nor changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESCENT_HOME", str(tmp_path_factory.mktemp("home")))
        yield


def pytest_terminal_summary(terminalreporter) -> None:
    """One line for each reason that tests were skipped for, and one for what a passed test has counted."""
    for report in terminalreporter.getreports("passed"):
        for name, said in report.user_properties:
            if name == "said":
                terminalreporter.line(said)
    skipped = [report.longrepr for report in terminalreporter.getreports("skipped")]
    reasons = Counter(found[2].removeprefix("Skipped: ") for found in skipped if isinstance(found, tuple))
    for reason, count in reasons.items():
        terminalreporter.line(f"{count} skipped: {reason}")
