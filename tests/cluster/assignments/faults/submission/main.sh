# Prints its argument; where there is a file `slow`, it takes its time with what that names.
echo "$1"
if [ -f slow ] && [ "$(cat slow)" = "$1" ]; then
    sleep 1000
fi
