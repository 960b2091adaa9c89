// threat: T1; ends: passed
// Ends the stage and everything else by the handles that the platform has of processes.
final class T1EndsProcesses {
    public static void main(String[] args) {
        long own = ProcessHandle.current().pid();
        Attack.attempt("to see or end others", () -> ProcessHandle.allProcesses().filter(other -> other.pid() != own).peek(ProcessHandle::destroyForcibly).count() > 0);
        Attack.attempt("to end process 1", () -> ProcessHandle.of(1).orElseThrow().destroyForcibly());
        Attack.attempt("to end its parent", () -> ProcessHandle.current().parent().orElseThrow().destroyForcibly());
        Attack.end();
    }
}
