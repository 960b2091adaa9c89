// threat: F2; ends: passed
// Walks through all volumes and its own open files for a word of the answers.
import java.nio.file.*;
import java.util.regex.Pattern;
import java.util.stream.Stream;

final class F2HuntsInTheMachine {
    private static final Pattern CANARY = Pattern.compile("canary-(?:answer|name|group)-[0-9a-z]+");

    public static void main(String[] args) {
        for (String root : new String[] {"/volumes", "/volumes/submission", "/volumes/testing", "/volumes/verification", "/tmp", "/home", "/run", "..", "../.."})
            Attack.attempt("a canary below " + root, () -> {
                try (Stream<Path> files = Files.walk(Path.of(root))) {
                    return files.anyMatch(F2HuntsInTheMachine::holds);
                }
            });
        Attack.end();
    }

    private static boolean holds(Path path) {
        try {
            return Files.isRegularFile(path) && Files.size(path) < 1 << 20 && CANARY.matcher(Files.readString(path, java.nio.charset.StandardCharsets.ISO_8859_1)).find();
        } catch (Exception refused) {
            return false;
        }
    }
}
