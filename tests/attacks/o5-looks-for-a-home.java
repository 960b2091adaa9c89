// threat: O5; ends: passed
// Looks for the home of whoever runs this on a laptop: keys, clouds' credentials, sockets of agents and of the desktop.
import java.nio.file.*;

final class O5LooksForAHome {
    public static void main(String[] args) {
        String[] homes = {System.getProperty("user.home"), "/root", "/home/jovyan", "/home/assay", System.getenv("HOME")};
        String[] files = {".ssh/id_ed25519", ".ssh", ".aws/credentials", ".kube/config", ".docker/config.json", ".gnupg", ".netrc", ".bash_history", ".Xauthority"};
        for (String home : homes)
            for (String file : files) Attack.attempt(home + "/" + file, () -> Files.exists(Path.of(home, file)));
        for (String path : new String[] {"/run/user/1000/bus", "/run/user/0", "/tmp/.X11-unix/X0", "/tmp/ssh-agent", "/run/dbus/system_bus_socket", "/var/run/nscd/socket"})
            Attack.attempt(path, () -> Files.exists(Path.of(path)));
        for (String name : new String[] {"SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "SECRET", "USER", "LD_LIBRARY_PATH"})
            Attack.attempt("variable " + name, () -> System.getenv(name) != null);
        Attack.end();
    }
}
