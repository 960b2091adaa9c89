// threat: T5; ends: time-limit
// Locks its threads against each other for ever, daemon threads spinning beside them.
final class T5ThreadsAndLocks {
    public static void main(String[] args) {
        for (int i = 0; i < 8; i++) {
            Thread spinning = new Thread(() -> { while (true) Thread.onSpinWait(); });
            spinning.setDaemon(true);
            spinning.start();
        }
        Object one = new Object(), two = new Object();
        new Thread(() -> lock(one, two)).start();
        lock(two, one);
    }

    private static void lock(Object first, Object second) {
        synchronized (first) {
            try { Thread.sleep(100); } catch (InterruptedException ignored) { }
            synchronized (second) { while (true) Thread.onSpinWait(); }
        }
    }
}
