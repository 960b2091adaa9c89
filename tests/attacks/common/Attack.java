/** What attacks in Java share: an attempt that works is told, and nothing else is. */
final class Attack {
    private static boolean reached;

    interface Action {
        /** Whether it worked; an exception says that it did not. */
        boolean run() throws Exception;
    }

    static void attempt(String what, Action action) {
        try {
            if (action.run()) {
                System.out.println("reached: " + what);
                reached = true;
            }
        } catch (Exception | LinkageError | OutOfMemoryError refused) {
            // As it must be.
        }
    }

    static void end() {
        if (!reached) System.out.println("contained");
        System.out.flush();
    }
}
