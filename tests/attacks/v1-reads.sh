# threat: V1; ends: passed
# From a build: reads what lies in the stage's volumes and beside the toolchain, by every program that reads.
. common/attack.sh
# The build's first process is its own; whoever stands above it is the stage.
parent=
[ "$PPID" = "$(python3 -c 'import os; print(os.getsid(0))')" ] || parent="/proc/$PPID/environ /proc/$PPID/fd"
for path in /volumes /volumes/submission/plan.json /volumes/submission/tree/run.sh /volumes/submission/files /volumes/setup-configuration/job.json \
    /volumes/verification/outcome.json /volumes/verification /proc/1/environ $parent /var/run/secrets /run /root /etc/shadow /dev/kmsg /sys; do
    attempt "$path" cat "$path"
    attempt "$path as a folder" ls "$path/"
    attempt "$path as a copy" cp -r "$path" copy
    printf '.incbin "%s"\n' "$path" > secret.s
    attempt "$path by the assembler" gcc -c secret.s
    printf '#include "%s"\n' "$path" > secret.c
    attempt "$path by the preprocessor" gcc -E secret.c
done
end
