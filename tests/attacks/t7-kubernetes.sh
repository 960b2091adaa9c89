# threat: T7; ends: passed
# Looks for what a pod is given to speak to its cluster: token, authority, variables, mounted sockets.
. common/attack.sh
attempt "a token" cat /var/run/secrets/kubernetes.io/serviceaccount/token
attempt "an authority" cat /run/secrets/kubernetes.io/serviceaccount/ca.crt
attempt "variables" bash -c 'env | grep -E "KUBERNETES|ARGO|TOKEN|SECRET|KEY"'
attempt "another environment" bash -c 'cat /proc/[0-9]*/environ | grep -q .'
for path in /etc/kubernetes /var/lib/kubelet /var/run/docker.sock /run/containerd /var/run/crio /host /rootfs /etc/cni /var/log/pods /dev/kmsg /dev/disk /sys/class/dmi; do
    attempt "$path" bash -c "ls $path | grep -q . || cat $path"
done
attempt "the kernel's log" dmesg
attempt "mounts of the host" bash -c 'grep -E " /(host|rootfs|var/lib/kubelet) " /proc/$BASHPID/mounts'
end
