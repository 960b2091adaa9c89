# threat: T3; ends: passed
# Replaces the author's files and every program in its own copy; the next case starts from a copy of its own.
. common/attack.sh
for file in honest.py run.sh untouched.sums bin/* classes/* common/*; do
    rm -rf "$file"
    ln -s /bin/true "$file"
done
rm -rf ./*
mkdir honest.py run.sh "$HOME/.config" "$TMPDIR/left"
echo 'print("poisoned")' > sitecustomize.py
end
