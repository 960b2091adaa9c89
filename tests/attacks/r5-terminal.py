# threat: R5; ends: wrong-output
# Prints what a terminal would obey: titles, links, the clipboard, overprint, text from right to left, broken characters.
import os

text = "\x1b]0;title\x07 \x1b[2J \x1b]8;;http://example.com\x1b\\ \x1b]52;c;eA==\x07 over\rprint \u202egnp.exe\u202c \u200b \u2066 \x00 \x9b31m \ufeff"
noise = text.encode() + b"\xff\xfe\n"
os.write(1, noise)
os.write(2, noise)
