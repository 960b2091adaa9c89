// threat: V1; ends: passed
// From inside the compiler: a processor of annotations reads what the build must not see.
import java.nio.file.*;
import java.util.Set;
import javax.annotation.processing.*;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.TypeElement;

@SupportedAnnotationTypes("*")
public final class V1ProcessesAnnotations extends AbstractProcessor {
    private boolean over;

    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latest();
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        if (over) return false;
        over = true;
        for (String path : new String[] {"/volumes/submission/plan.json", "/volumes/submission/tree/run.sh", "/volumes/setup-configuration/job.json", "/volumes/verification/outcome.json", "/proc/1/environ", "/etc/shadow", "/var/run/secrets/kubernetes.io/serviceaccount/token"})
            Attack.attempt(path, () -> Files.readAllBytes(Path.of(path)).length >= 0);
        for (String path : new String[] {"/volumes", "/volumes/submission", "/volumes/verification", "/root", "/run", "/sys"})
            Attack.attempt(path, () -> Files.list(Path.of(path)).count() >= 0);
        Attack.attempt("the network", () -> new java.net.Socket("127.0.0.1", 443) != null);
        Attack.end();
        return false;
    }
}
