import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** Accounts and what is in them. An operation that cannot be done changes nothing. */
public final class Bank {
    private static final BigDecimal HUNDRED = new BigDecimal(100);

    private final SortedMap<String, BigDecimal> accounts = new TreeMap<>();

    public void open(String name) {
        if (accounts.putIfAbsent(name, new BigDecimal("0.00")) != null) {
            throw new IllegalArgumentException("there is an account " + name);
        }
    }

    public void deposit(String name, BigDecimal amount) {
        BigDecimal balance = balance(name);
        requirePositive(amount);
        accounts.put(name, balance.add(amount));
    }

    public void withdraw(String name, BigDecimal amount) {
        BigDecimal balance = balance(name);
        requirePositive(amount);
        if (balance.compareTo(amount) < 0) {
            throw new IllegalArgumentException(name + " has only " + balance);
        }
        accounts.put(name, balance.subtract(amount));
    }

    public void transfer(String from, String to, BigDecimal amount) {
        balance(to); // Before anything is taken: both accounts must exist.
        withdraw(from, amount);
        deposit(to, amount);
    }

    public void addInterest(BigDecimal percent) {
        accounts.replaceAll((name, balance) -> {
            BigDecimal interest = balance.multiply(percent).divide(HUNDRED, 2, RoundingMode.HALF_UP);
            return balance.add(interest);
        });
    }

    public SortedMap<String, BigDecimal> balances() {
        return Collections.unmodifiableSortedMap(accounts);
    }

    private BigDecimal balance(String name) {
        BigDecimal balance = accounts.get(name);
        if (balance == null) {
            throw new IllegalArgumentException("there is no account " + name);
        }
        return balance;
    }

    private static void requirePositive(BigDecimal amount) {
        if (amount.signum() <= 0) {
            throw new IllegalArgumentException("an amount must be positive");
        }
    }
}
