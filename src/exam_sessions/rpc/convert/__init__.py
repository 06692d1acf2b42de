"""Between messages and the records of the domain; decides nothing."""
