# Keys, a bare repository with one checkout of it, and both servers. /shared is what the test sees.
set -e
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
for key in deploy other; do ssh-keygen -q -t ed25519 -N '' -f /shared/$key; done
# As a secret mounts it: of root, and readable.
chmod 0444 /shared/deploy /shared/other
echo "git-server $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" > /shared/known_hosts
echo "git-server $(cut -d' ' -f1,2 /shared/other.pub)" > /shared/wrong_hosts
mkdir -p /home/git/.ssh
cp /shared/deploy.pub /home/git/.ssh/authorized_keys
git init --quiet --bare /srv/flows.git
git -C /srv/flows.git config http.receivepack true
git clone --quiet /srv/flows.git /work 2>/dev/null
cp /shared/*.json /shared/*.yaml /work/
git -C /work add -A
git -C /work commit --quiet -m first
git -C /work push --quiet origin main
chown -R git: /home/git /srv/flows.git
chmod 0700 /home/git/.ssh
/usr/sbin/sshd
exec node /https.mjs
