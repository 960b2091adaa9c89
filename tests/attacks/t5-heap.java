// threat: T5; ends: memory-limit
// Fills the heap and catches what the virtual machine throws when there is no more.
import java.util.ArrayList;
import java.util.List;

final class T5Heap {
    public static void main(String[] args) throws Exception {
        List<byte[]> held = new ArrayList<>();
        try {
            while (held.size() < 2048) held.add(new byte[1 << 20]);
        } catch (OutOfMemoryError full) {
            Thread.sleep(1000);
        }
        System.out.println("reached: " + held.size() + " MiB");
    }
}
