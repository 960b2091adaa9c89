// threat: T1; ends: wrong-output
// Halts the virtual machine before anything was printed, from a hook that runs while it ends.
final class T1Halts {
    public static void main(String[] args) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
        System.setOut(null);
        System.exit(0);
    }
}
