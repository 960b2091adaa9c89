# threat: V4; ends: passed
# From a build: leaves daemons that would read the cases' inputs and change what they run.
. common/attack.sh
for number in 1 2 3; do
    (setsid sh -c 'trap "" HUP TERM INT; exec > /dev/null 2>&1 < /dev/null; while :; do rm -rf /volumes/testing/scratch/*/work/honest.py; sleep 0.01; done' &)
done
(nohup sleep 1000 > /dev/null 2>&1 &)
end
