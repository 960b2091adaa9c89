# threat: F2; ends: passed
# Leaves notes wherever a later case could look: a hidden input could travel so. `f2-looks-for-notes.sh` looks.
for place in "$HOME" "$TMPDIR" . .. /tmp /var/tmp /dev/shm /volumes/testing /volumes/testing/scratch; do
    echo "a note" 2> /dev/null > "$place/note"
done 2> /dev/null
echo contained
