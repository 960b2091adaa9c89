import java.math.BigDecimal;
import java.util.Scanner;

/** Reads commands from standard input, one a line, has the bank carry them out and prints what came of it. */
public final class Main {
    private final Bank bank = new Bank();

    public static void main(String[] args) {
        Main main = new Main();
        Scanner in = new Scanner(System.in, "UTF-8");
        while (in.hasNextLine()) {
            String line = in.nextLine().strip();
            if (!line.isEmpty()) {
                main.carryOut(line.split(" +"));
            }
        }
    }

    private void carryOut(String[] words) {
        try {
            switch (words[0]) {
                case "open" -> bank.open(words[1]);
                case "deposit" -> bank.deposit(words[1], new BigDecimal(words[2]));
                case "withdraw" -> bank.withdraw(words[1], new BigDecimal(words[2]));
                case "transfer" -> bank.transfer(words[1], words[2], new BigDecimal(words[3]));
                case "interest" -> bank.addInterest(new BigDecimal(words[1]));
                case "report" -> bank.balances().forEach((name, cents) -> System.out.println(name + " " + cents));
                default -> throw new IllegalArgumentException("no such command");
            }
        } catch (IllegalArgumentException refused) {
            System.out.println("refused: " + String.join(" ", words));
        }
    }
}
