"""Several runs beside each other: those kept from before, those of now, and many seeds of one."""
