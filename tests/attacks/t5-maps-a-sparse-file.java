// threat: T5; ends: passed
// Maps a file of a terabyte that holds nothing; the largest file is limited, so it cannot be made.
import java.nio.channels.FileChannel;
import java.nio.file.*;

final class T5MapsASparseFile {
    public static void main(String[] args) throws Exception {
        try (FileChannel file = FileChannel.open(Path.of("sparse"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            for (long size : new long[] {1L << 40, 1L << 30, 1L << 25})
                Attack.attempt("to map " + size, () -> file.map(FileChannel.MapMode.READ_WRITE, size - 4096, 4096).put(4095, (byte) 1) != null);
        }
        Attack.end();
    }
}
