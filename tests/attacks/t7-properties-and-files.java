// threat: T7; ends: passed
// Looks for tokens, other people's environments and devices, and for the commands of other processes.
import java.nio.file.*;

final class T7PropertiesAndFiles {
    public static void main(String[] args) {
        for (String name : System.getenv().keySet())
            Attack.attempt("variable " + name, () -> name.matches("KUBERNETES_.*|ARGO_.*|SECRET|SSH_.*|.*TOKEN.*|.*KEY.*"));
        for (String path : new String[] {"/var/run/secrets/kubernetes.io/serviceaccount/token", "/proc/1/environ", "/proc/1/cmdline", "/etc/shadow", "/dev/mem", "/dev/kmsg", "/sys/class/net", "/sys/fs/cgroup", "/root", "/run", "/var/run/argo"}) {
            Attack.attempt(path, () -> Files.isReadable(Path.of(path)) && (Files.isDirectory(Path.of(path)) ? Files.list(Path.of(path)).count() > 0 : Files.newInputStream(Path.of(path)).read() != -1));
        }
        Attack.attempt("the command of its parent", () -> ProcessHandle.current().parent().orElseThrow().info().command().isPresent());
        Attack.end();
    }
}
