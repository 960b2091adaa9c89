# Lets the one program of the submission attack while it is built, or run in the build. What it says is kept for a case.
set -eu
if [ -f solution.sh ]; then
    sh solution.sh > report.txt
    exit
fi
program="$(ls | grep '^v[0-9]')"
case "$program" in
*.c)
    mkdir bin
    gcc -O1 -w -Icommon -o "bin/${program%.c}" "$program"
    ;;
*.java)
    # The class is a processor of annotations: the compiler itself runs it.
    class="$(sed -n 's/.*class \(V[0-9A-Za-z]*\) .*/\1/p' "$program")"
    mkdir processors
    cp "$program" "processors/$class.java"
    javac -nowarn -proc:none -d processors common/*.java "processors/$class.java"
    exec javac -cp processors -processor "$class" -proc:only "processors/$class.java" > report.txt
    ;;
esac
sh run.sh "$program" > report.txt
