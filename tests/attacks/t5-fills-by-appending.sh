# threat: T5; ends: output-limit
# Appends to many files through one line of the shell, each just below the largest file.
for file in a b c d e f; do head -c 3000000 /dev/zero >> $file; done
sleep 1
echo reached: 18 MB
