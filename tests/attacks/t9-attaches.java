// threat: T9; ends: passed
// Attaches to other virtual machines, and to the stage as if it were one, and loads an agent there.
import com.sun.tools.attach.VirtualMachine;

final class T9Attaches {
    public static void main(String[] args) {
        String own = "" + ProcessHandle.current().pid();
        try {
            Attack.attempt("another virtual machine", () -> VirtualMachine.list().stream().anyMatch(other -> !other.id().equals(own)));
        } catch (Error refused) {
            // The library fails where there is no folder for its sockets.
        }
        long parent = ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(1L);
        for (long pid : new long[] {1, parent})
            Attack.attempt("to attach to " + pid, () -> {
                // The library answers only after seconds of trying where nobody listens.
                Thread attaching = new Thread(() -> { try { VirtualMachine.attach("" + pid).loadAgent("agent.jar"); System.out.println("reached: " + pid); } catch (Exception | Error refused) { } });
                attaching.setDaemon(true);
                attaching.start();
                attaching.join(500);
                return false;
            });
        Attack.end();
    }
}
