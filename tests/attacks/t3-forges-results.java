// threat: T3; ends: passed
// Writes outcomes of its own and of other cases, directly and by links, temporary files and atomic moves.
import java.nio.file.*;

final class T3ForgesResults {
    public static void main(String[] args) throws Exception {
        Path forged = Files.writeString(Path.of("forged.json"), "{\"end\": {\"exited\": 0}}");
        for (String folder : new String[] {"/volumes/testing", "/volumes/testing/case-001", "/volumes/testing/case-002", "/volumes/results", "/volumes/student", "/var/run/argo/ctr/main"}) {
            for (String name : new String[] {"outcome.json", "stdout", "confinement.json", "exitcode"}) {
                Path target = Path.of(folder, name);
                Attack.attempt("to write " + target, () -> Files.writeString(target, "0") != null);
                Attack.attempt("to append to " + target, () -> Files.writeString(target, "0", StandardOpenOption.APPEND) != null);
                Attack.attempt("to move to " + target, () -> Files.move(forged, target, StandardCopyOption.ATOMIC_MOVE) != null);
                Attack.attempt("to link " + target, () -> Files.createLink(target, forged) != null);
                Attack.attempt("to delete " + target, () -> Files.deleteIfExists(target));
                Attack.attempt("to read " + target, () -> Files.readString(target) != null);
            }
            Attack.attempt("a temporary file in " + folder, () -> Files.createTempFile(Path.of(folder), "a", "b") != null);
        }
        Attack.end();
    }
}
