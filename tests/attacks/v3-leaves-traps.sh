# threat: V3; ends: passed
# From a build: leaves links, loops, hostile names and forged outcomes for whoever reads its tree next.
. common/attack.sh
ln -s /etc/passwd passwd && ln -s / root && ln -s loop loop && ln -s ../../outcome.json outcome.json
ln -s /volumes/testing/case-001 case-001 && ln -s /proc/self/environ environ
touch "$(printf 'a\n\033[2Jb')" "$(printf '\377')" '-rf' '*'
rm -f honest.py && mkdir -p honest.py/in && rm -f canary.sh && ln -s /bin/true canary.sh
mkfifo ../fifo ../home/fifo 2> /dev/null
echo '{"end": "built"}' > ../outcome.json
end
