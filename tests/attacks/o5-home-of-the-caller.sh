# threat: O5; ends: passed
# Looks for the home, agents and desktop of whoever runs this on a laptop.
. common/attack.sh
for home in /root /home/* ~root ~nobody "$HOME/../../../../../.."; do
    for file in .ssh .aws .kube/config .netrc .gnupg .mozilla .bash_history .cargo/credentials.toml; do
        attempt "$home/$file" test -e "$home/$file"
    done
done
attempt "an agent" bash -c '[ -n "$SSH_AUTH_SOCK$SSH_AGENT_PID$GPG_AGENT_INFO" ]'
attempt "a desktop" bash -c '[ -n "$DISPLAY$WAYLAND_DISPLAY$DBUS_SESSION_BUS_ADDRESS$XDG_RUNTIME_DIR" ]'
attempt "the caller's variables" bash -c '[ -n "$SECRET$USER$LOGNAME$SUDO_USER$LD_LIBRARY_PATH" ]'
end
