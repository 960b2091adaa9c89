# What attacks in shell share: an attempt that works is told, and nothing else is.
reached=

attempt() { # WHAT COMMAND...
    local what="$1"
    shift
    if ("$@") > /dev/null 2>&1 < /dev/null; then
        echo "reached: $what"
        reached=yes
    fi
}

end() {
    [ -n "$reached" ] || echo contained
    exit 0
}
