# threat: T5; ends: output-limit
# Writes without end to both streams at once, from a child that is left behind.
cat /dev/zero >&2 &
yes contained
