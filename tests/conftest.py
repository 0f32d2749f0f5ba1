"""For all tests: a slow machine is no failure, and the same examples are tried wherever the tests run."""

from hypothesis import settings

settings.register_profile("descent", deadline=None, derandomize=True, database=None)
settings.load_profile("descent")
