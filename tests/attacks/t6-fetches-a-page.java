// threat: T6; ends: passed
// Fetches pages by the client and by URLs, loads classes from far away, reads files by URL.
import java.net.*;
import java.net.http.*;
import java.time.Duration;

final class T6FetchesAPage {
    public static void main(String[] args) {
        for (String page : new String[] {"http://169.254.169.254/latest/meta-data/", "https://10.96.0.1/version", "http://www.example.com/", "ftp://192.0.2.1/x", "file:///volumes/submission/plan.json", "file:///proc/1/environ"}) {
            Attack.attempt("the page " + page, () -> {
                URLConnection connection = new URL(page).openConnection();
                connection.setConnectTimeout(500);
                return connection.getInputStream().read() != -1;
            });
            Attack.attempt("a class of " + page, () -> new URLClassLoader(new URL[] {new URL(page)}).loadClass("Absent") != null);
        }
        Attack.attempt("a client", () -> {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://169.254.169.254/")).timeout(Duration.ofMillis(500)).build();
            return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()) != null;
        });
        Attack.end();
    }
}
