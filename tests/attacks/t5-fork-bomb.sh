# threat: T5; ends: process-limit
# The classic, with its streams closed and signals ignored.
trap '' HUP INT TERM
bomb() { bomb | bomb & }
bomb > /dev/null 2>&1
sleep 100
echo reached: more processes than allowed
