# threat: T5; ends: output-limit
# Fills home, temporary folder and directory in small files under folders that cannot be listed.
import os
import time

for folder in [os.environ["HOME"], os.environ["TMPDIR"], "."]:
    os.mkdir(f"{folder}/closed", 0o300)
    for number in range(400):
        with open(f"{folder}/closed/{number}", "wb") as file:
            file.write(b"x" * 32768)
time.sleep(1)
print("reached: 39 MiB")
