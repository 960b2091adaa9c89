// threat: T5; ends: memory-limit
// Takes direct buffers and drops them; they are freed by a collector that is never asked.
import java.nio.ByteBuffer;

final class T5DirectBuffers {
    public static void main(String[] args) throws Exception {
        ByteBuffer[] held = new ByteBuffer[512];
        for (int i = 0; i < held.length; i++) {
            held[i] = ByteBuffer.allocateDirect(1 << 20);
            for (int at = 0; at < 1 << 20; at += 4096) held[i].put(at, (byte) 1);
        }
        Thread.sleep(1000);
        System.out.println("reached: 512 MiB");
    }
}
