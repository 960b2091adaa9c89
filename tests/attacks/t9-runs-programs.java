// threat: T9; ends: passed
// Runs programs that have more rights than itself, and the stage tool.
import java.util.concurrent.TimeUnit;

final class T9RunsPrograms {
    public static void main(String[] args) {
        String[][] programs = {{"su", "-c", "true"}, {"sudo", "-n", "true"}, {"mount", "-t", "tmpfs", "none", "."}, {"unshare", "-Ur", "true"}, {"nsenter", "-t", "1", "-m", "true"}, {"chroot", ".", "true"},
            {"setpriv", "--reuid", "0", "true"}, {"passwd", "-d", "root"}, {"/volumes/submission/tool/assay-stage", "--version"}, {"/proc/1/exe", "--version"}, {"/assay-stage", "--version"}};
        for (String[] program : programs)
            Attack.attempt(program[0], () -> {
                Process started = new ProcessBuilder(program).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
                return started.waitFor(2, TimeUnit.SECONDS) && started.exitValue() == 0;
            });
        Attack.end();
    }
}
