import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.TreeMap;

/** Mistake: takes the money before it knows whether the receiver exists. */
public class Bank {
    private final Map<String, BigDecimal> accounts = new TreeMap<>();

    public void open(String name) {
        check(!accounts.containsKey(name));
        accounts.put(name, new BigDecimal("0.00"));
    }

    public void deposit(String name, BigDecimal amount) {
        check(accounts.containsKey(name) && amount.signum() > 0);
        accounts.put(name, accounts.get(name).add(amount));
    }

    public void withdraw(String name, BigDecimal amount) {
        check(accounts.containsKey(name) && amount.signum() > 0 && accounts.get(name).compareTo(amount) >= 0);
        accounts.put(name, accounts.get(name).subtract(amount));
    }

    public void transfer(String from, String to, BigDecimal amount) {
        withdraw(from, amount);
        deposit(to, amount);
    }

    public void addInterest(BigDecimal percent) {
        BigDecimal factor = percent.movePointLeft(2).add(BigDecimal.ONE);
        accounts.replaceAll((name, balance) -> balance.multiply(factor).setScale(2, RoundingMode.HALF_UP));
    }

    public Map<String, BigDecimal> balances() {
        return accounts;
    }

    private static void check(boolean possible) {
        if (!possible) {
            throw new IllegalArgumentException();
        }
    }
}
