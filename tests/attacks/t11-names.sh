# threat: T11; ends: passed
# Leaves names that a careless clean-up would obey, folders without permissions, links that lead out and round.
. common/attack.sh
for folder in . "$HOME" "$TMPDIR"; do
    cd "$folder" || exit
    touch -- '-rf' '*' ' ' "$(printf 'a\nb')" "$(printf '\033[2J')" "$(printf '\377')" '$(touch owned)' ';reboot' "$(printf 'x%.0s' $(seq 250))"
    mkdir -m 000 'closed' && mkdir -m 300 'hidden' && mkdir 'hidden/in'
    ln -s / root && ln -s .. up && ln -s round round && ln -s /proc/self/fd/1 out
    mkfifo pipe
    cd - > /dev/null || exit
done
[ -e owned ] && echo reached: a name that was obeyed
end
