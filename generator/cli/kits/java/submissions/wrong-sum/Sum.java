import java.util.Scanner;

/** Skips numbers below zero, and an int is too small for large sums. */
public class Sum {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int sum = 0;
        while (in.hasNextLong()) {
            long number = in.nextLong();
            if (number > 0) {
                sum += (int) number;
            }
        }
        System.out.println(sum);
    }
}
