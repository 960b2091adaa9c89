// threat: T5; ends: memory-limit
// Takes memory that is not the heap's and that no collector counts, by the unsafe class.
import java.lang.reflect.Field;

final class T5OffHeap {
    public static void main(String[] args) throws Exception {
        Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        sun.misc.Unsafe unsafe = (sun.misc.Unsafe) field.get(null);
        for (int i = 0; i < 512; i++) unsafe.setMemory(unsafe.allocateMemory(1 << 20), 1 << 20, (byte) 1);
        Thread.sleep(1000);
        System.out.println("reached: 512 MiB");
    }
}
