import java.math.BigDecimal;
import java.util.SortedMap;
import java.util.TreeMap;

/** Does nothing; the work is done by a `Main` of its own, which the given one replaces. */
public final class Bank {
    public void open(String name) {
    }

    public void deposit(String name, BigDecimal amount) {
    }

    public void withdraw(String name, BigDecimal amount) {
    }

    public void transfer(String from, String to, BigDecimal amount) {
    }

    public void addInterest(BigDecimal percent) {
    }

    public SortedMap<String, BigDecimal> balances() {
        return new TreeMap<>();
    }
}
