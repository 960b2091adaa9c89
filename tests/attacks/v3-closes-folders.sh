# threat: V3; ends: passed
# From a build: takes permissions from its own folders and from those that lead to them, so that no later stage gets in.
. common/attack.sh
mkdir -m 000 closed
mkdir -m 300 hidden && touch hidden/x
touch -d 1980-01-01 . .. /volumes/verification 2> /dev/null
for folder in .. ../.. /volumes/verification; do
    chmod 0500 "$folder" 2> /dev/null
done
end
