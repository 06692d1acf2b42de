"""The exam day: whole lives of many candidates at the times when candidates live them."""
