// threat: T6; ends: passed
// Opens channels and sockets of every kind to the loopback, the metadata service, the API server and local sockets.
import java.net.*;
import java.nio.channels.*;
import java.nio.file.Path;

final class T6Channels {
    public static void main(String[] args) {
        for (String host : new String[] {"127.0.0.1", "::1", "169.254.169.254", "10.96.0.1", "192.0.2.1"}) {
            InetSocketAddress address = new InetSocketAddress(host, 443);
            Attack.attempt("a channel to " + host, () -> SocketChannel.open().connect(address));
            Attack.attempt("a socket to " + host, () -> { new Socket().connect(address, 500); return true; });
            Attack.attempt("a datagram to " + host, () -> DatagramChannel.open().send(java.nio.ByteBuffer.allocate(1), address) >= 0);
            Attack.attempt("an echo from " + host, () -> InetAddress.getByName(host).isReachable(500));
        }
        for (String path : new String[] {"/var/run/docker.sock", "/run/containerd/containerd.sock", "socket"}) {
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(Path.of(path));
            Attack.attempt("the socket " + path, () -> SocketChannel.open(address) != null);
            Attack.attempt("a server at " + path, () -> ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address) != null);
        }
        Attack.attempt("a server", () -> new ServerSocket(0).getLocalPort() > 0);
        Attack.attempt("a name", () -> InetAddress.getByName("www.example.com") != null);
        Attack.attempt("an interface", () -> NetworkInterface.getNetworkInterfaces().hasMoreElements());
        Attack.end();
    }
}
