# threat: T8; ends: passed
# Writes what the engine keeps beside a stage: exit code, signal, template, termination message.
. common/attack.sh
for file in /var/run/argo/ctr/main/exitcode /var/run/argo/ctr/main/signal /var/run/argo/ctr/main/combined /var/run/argo/ctr/wait/exitcode /var/run/argo/template \
    /var/run/argo/argoexec /var/run/argo/outputs/parameters/x /dev/termination-log /mainctrfs/x /argo/staging/script /argo/podmetadata/annotations; do
    attempt "to read $file" cat "$file"
    attempt "to write $file" bash -c "echo 0 > $file"
    attempt "to add to $file" bash -c "echo 0 >> $file"
    attempt "to replace $file" bash -c "rm -f $file && mkdir -p $(dirname "$file") && touch $file"
    attempt "a trap at $file" mkfifo "$file"
done
attempt "to end what runs the stage" kill -9 1
attempt "to stop what runs the stage" kill -STOP $PPID
end
