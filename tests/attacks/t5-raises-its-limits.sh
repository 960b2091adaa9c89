# threat: T5; ends: passed
# Raises the limits that it was given, for itself and for what it starts.
. common/attack.sh
for limit in c d f n u v t l q x; do
    attempt "limit $limit" bash -c "[ \$(ulimit -H$limit) != unlimited ] && ulimit -H$limit unlimited"
done
attempt "the stage's limits" prlimit --pid $PPID --nofile=1:1
attempt "the stage's priority" renice -n 19 -p $PPID
attempt "a core dump" bash -c 'ulimit -c 1'
attempt "its own out-of-memory score" bash -c 'echo -1000 > /proc/self/oom_score_adj'
attempt "a control group" mkdir /sys/fs/cgroup/mine
end
