"""For all tests: a slow machine is no failure, the same examples are tried wherever the tests run, and a skip says why."""

from collections import Counter

from hypothesis import settings

settings.register_profile("descent", deadline=None, derandomize=True, database=None)
settings.load_profile("descent")


def pytest_terminal_summary(terminalreporter) -> None:
    """One line for each reason that tests were skipped for."""
    skipped = [report.longrepr for report in terminalreporter.getreports("skipped")]
    reasons = Counter(found[2].removeprefix("Skipped: ") for found in skipped if isinstance(found, tuple))
    for reason, count in reasons.items():
        terminalreporter.line(f"{count} skipped: {reason}")
