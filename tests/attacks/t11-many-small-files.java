// threat: T11; ends: passed
// Leaves thousands of files under names that mislead, deep and wide, and links that lead round in circles.
import java.nio.file.*;

final class T11ManySmallFiles {
    public static void main(String[] args) throws Exception {
        Path folder = Path.of("deep");
        for (int depth = 0; depth < 200; depth++) {
            Files.createDirectory(folder);
            for (int i = 0; i < 20; i++) Files.createFile(folder.resolve("-rf\n*" + i));
            Files.createSymbolicLink(folder.resolve("round"), Path.of("round"));
            Files.createSymbolicLink(folder.resolve("up"), Path.of("../../.."));
            folder = folder.resolve("d");
        }
        Attack.end();
    }
}
