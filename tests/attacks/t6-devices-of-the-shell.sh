# threat: T6; ends: passed
# Reaches out by the shell's own devices and by the tools that an image may have.
. common/attack.sh
for address in 127.0.0.1/10250 127.0.0.1/22 169.254.169.254/80 10.96.0.1/443 192.0.2.1/443; do
    attempt "tcp $address" timeout 2 bash -c "exec 3<> /dev/tcp/$address"
    attempt "udp $address" timeout 2 bash -c "echo x > /dev/udp/$address"
done
attempt "a name" getent ahostsv4 kubernetes.default.svc
for tool in "curl -m 1 -k https://10.96.0.1/version" "curl -m 1 --unix-socket /var/run/docker.sock http://localhost/info" "wget -t 1 -T 1 -q -O - http://169.254.169.254/" "ping -c 1 -W 1 127.0.0.1" "nc -z -w 1 127.0.0.1 10250" "ip link"; do
    # A tool that is not there, or that answers with nothing, has reached nothing.
    attempt "$tool" bash -c "[ -n \"\$($tool)\" ]"
done
end
