# threat: T3; ends: passed
# Writes into every folder that it can name, directly and through a link; one folder is its own.
. common/attack.sh
for folder in / /tmp /var /var/tmp /var/lib /dev /dev/shm /run /usr /usr/local /etc /opt /home /root /srv /mnt /proc /sys /volumes /volumes/testing /volumes/submission \
    /volumes/submission/tree /volumes/submission/files /volumes/verification /volumes/verification/tree /volumes/results /volumes/private-results; do
    ln -s "$folder" link
    attempt "$folder" touch "$folder/written"
    attempt "$folder by a folder" mkdir "$folder/made"
    attempt "$folder through a link" touch link/written
    attempt "$folder by moving" mv -T common "$folder/common"
    rm link
done
end
