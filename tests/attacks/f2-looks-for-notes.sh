# threat: F2; ends: passed
# Looks for the notes that `f2-leaves-notes.sh` left; each case has a directory of its own, which goes with it.
. common/attack.sh
for place in "$HOME" "$TMPDIR" . .. /tmp /var/tmp /dev/shm /volumes/testing /volumes/testing/scratch /volumes/testing/scratch/*/*; do
    attempt "a note in $place" test -e "$place/note"
done
end
