"""What descent keeps from one start to the next, and where: layout, themes, what is done."""
