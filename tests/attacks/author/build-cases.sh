# Builds every program that will be a case, and notes what the honest cases must find again.
set -eu
if [ ! -f solution.sh ]; then
    mkdir bin classes
    for program in *.c; do
        gcc -O1 -w -Icommon -o "bin/${program%.c}" "$program" -lpthread
    done
    javac -nowarn -XDignore.symbol.file -d classes common/*.java ./*.java
fi
find . -type f ! -name untouched.sums -exec sha256sum {} + | sort > untouched.sums
