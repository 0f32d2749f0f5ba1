"""Sizes in bytes as people write them."""

import re

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def parse_size(text: str) -> int:
    """Bytes of '512 KiB', '1.5 MB' or '4096 B'. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]+)\s*", text)
    units = {unit.lower(): size for unit, size in UNITS.items()}
    if found is None or found[2].lower() not in units or float(found[1]) * units[found[2].lower()] < 1.0:
        raise ValueError(f'"{text}" is not a size such as "512 KiB": at least 1 B, a number and one of {", ".join(UNITS)}')
    return int(float(found[1]) * units[found[2].lower()])


def written_size(size: float) -> str:
    """'1.5 GB' for 1,500,000,000 bytes: three digits at most, as `parse_size` reads it."""
    unit = next((name for name in ("GB", "MB", "KB") if size >= UNITS[name]), "B")
    value = size / UNITS[unit]
    return f"{value:.1f} {unit}" if value < 10 and unit != "B" else f"{value:.0f} {unit}"
