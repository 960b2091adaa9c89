# threat: R4; ends: passed
# Leaves readers and writers on its own output, by descriptors and by `/proc`; what is taken is what it wrote.
. common/attack.sh
(setsid sh -c 'trap "" HUP TERM; exec 4>&1; sleep 100' &)
(setsid sh -c 'sleep 100' < /dev/null > /dev/null 2> stolen &)
mkfifo stdout stderr outcome.json
(cat stdout > /dev/null 2>&1 &)
attempt "to write its input" sh -c 'echo x >&0'
end
