"""From the bytes of a request to a message that keeps the rules of the protos: size, counts, parsing, rules."""
