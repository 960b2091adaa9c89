// threat: T10; ends: time-limit
// Sleeps for ever in a thread that cannot be interrupted, and in a hook that would delay its end.
final class T10NeverEnds {
    public static void main(String[] args) {
        Runtime.getRuntime().addShutdownHook(new Thread(T10NeverEnds::sleep));
        Thread.currentThread().interrupt();
        sleep();
    }

    private static void sleep() {
        while (true) {
            try { Thread.sleep(1000000); } catch (InterruptedException again) { }
        }
    }
}
