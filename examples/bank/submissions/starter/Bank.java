import java.math.BigDecimal;
import java.util.SortedMap;
import java.util.TreeMap;

/** Accounts and what is in them. An operation that cannot be done changes nothing. */
public final class Bank {
    public void open(String name) {
        // Your work starts here.
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
