# threat: T6; ends: passed
# Connects to the loopback, the metadata service, the API server, kubelets, registries and names of the domain system.
import os
import socket

from attack import attempt, end

api = os.environ.get("KUBERNETES_SERVICE_HOST", "10.96.0.1")
addresses = [("127.0.0.1", 10250), ("127.0.0.1", 2375), ("169.254.169.254", 80), (api, 443), ("10.96.0.1", 443), ("10.96.0.10", 53), ("192.0.2.1", 443)]
for host, port in addresses:
    attempt(f"{host}:{port}", lambda: socket.create_connection((host, port), timeout=0.5))
    for kind, protocol in [(socket.SOCK_DGRAM, 0), (socket.SOCK_RAW, socket.IPPROTO_ICMP), (socket.SOCK_DGRAM, socket.IPPROTO_ICMP)]:
        attempt(f"{host} by a datagram", lambda: socket.socket(socket.AF_INET, kind, protocol).sendto(b"x", (host, port)))
attempt("version 6", lambda: socket.create_connection(("::1", 443), timeout=0.5))
for name in ["kubernetes.default.svc", "www.example.com", "metadata"]:
    attempt(f"the name {name}", socket.getaddrinfo, name, 443)
attempt("a server", lambda: socket.create_server(("127.0.0.1", 0)))
end()
