// threat: T5; ends: process-limit
// Starts processes without end, each detached from its streams.
final class T5StartsProcesses {
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < 200; i++) new ProcessBuilder("sleep", "100").start();
        System.out.println("reached: 200 processes");
    }
}
