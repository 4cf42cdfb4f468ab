# SPDX-License-Identifier: Apache-2.0
# What check does in the guest. Each step is a line; the first one that fails ends it, with what the service said.
set -u
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
did() { printf 'ok    %s\n' "$*"; }
fail() {
  printf 'FAIL  %s\n' "$*"
  systemctl status merops --no-pager -l | tail -20
  journalctl -u merops --no-pager -o cat | tail -30
  exit 1
}
# A state comes when it comes; the guest as a whole has a limit.
await() { # command...
  until "$@" >/tmp/last 2>&1; do
    sleep 0.5
    waited=$((${waited:-0} + 1))
    [ $waited -lt 240 ] || fail "after two minutes not yet: $* ($(tail -3 /tmp/last))"
  done
  waited=0
}
expect() { # what is expected, what is there, words
  [ "$1" = "$2" ] || fail "$3: '$2' instead of '$1'"
  did "$3: $2"
}
active() { [ "$(systemctl show -p ActiveState --value merops)" = active ]; }
main() { systemctl show -p MainPID --value merops; }
seen() { merops events --since 1h --kinds process.exec --json --where "process.executable.path == '/usr/bin/true' && '$1' in process.command_args" | grep -q "$1"; }
act() { /bin/true "$1"; await seen "$1"; }

apt-get -qq -y install /merops.deb >/tmp/apt 2>&1 || { cat /tmp/apt; fail "apt installs the package"; }
did "apt installed it: $(dpkg-query -W -f '${Version}, ${Installed-Size} KB, depends on ${Depends}' merops)"
await active
expect "notify enabled" "$(systemctl show -p Type --value merops) $(systemctl is-enabled merops)" "it is a service"
merops status --json | grep -q '"version"' || fail "merops status answers"
merops status | head -2
act /marker/first
did "an act is an event"
systemd-analyze verify /usr/lib/systemd/system/merops.service 2>&1 | grep -i merops && fail "systemd-analyze verify complains"
systemd-analyze security merops --no-pager | tail -1

offered() { # words: what bash offers for the last one
  bash -c '
    . /usr/share/bash-completion/completions/merops
    COMP_WORDS=(merops "$@") COMP_CWORD=$# COMP_LINE="merops $*"
    COMP_POINT=${#COMP_LINE}
    _merops merops "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
    echo ${COMPREPLY[@]}' bash "$@"
}
expect "events" "$(offered eve)" "merops eve<TAB>"
expect "--follow" "$(offered events --fo)" "merops events --fo<TAB>"
expect "file.open,network.listen" "$(offered events --kinds file.open,network.li)" "merops events --kinds file.open,network.li<TAB>"
expect "process.user.id" "$(offered events --where process.user)" "merops events --where process.user<TAB>"
expect "dump" "$(offered map du)" "merops map du<TAB>"
# zsh on a terminal of its own: what a line is after the key.
zsh -f >/tmp/out 2>&1 <<'END'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; fpath+=(/usr/share/zsh/site-functions); autoload -Uz compinit; compinit -u -d /tmp/zcompdump; print ready${:-!}'
zpty -r z text '*ready!*'
for line in 'merops eve' 'merops events --fo' 'merops map du' 'meropsd --che'; do
  zpty -w -n z $line$'\t\C-aprint -r -- ${(U):-"\C-e"}\n'
  zpty -r z text "*${(U)line}*"$'\n'
  print -r -- ${${(f)text}[-1]}
done
END
expect "MEROPS EVENTS,MEROPS EVENTS --FOLLOW,MEROPS MAP DUMP,MEROPSD --CHECK" \
  "$(tr -d '\r' </tmp/out | sed 's/ *$//' | paste -sd,)" "the same and more in zsh"
suggested() { fish -c 'complete -C "$argv"' "$*" | cut -f1 | paste -sd,; }
expect "events" "$(suggested merops eve)" "in fish, merops eve<TAB>"
expect "--follow" "$(suggested merops events --fo)" "in fish, merops events --fo<TAB>"
expect "dump" "$(suggested merops map du)" "in fish, merops map du<TAB>"
for page in merops meropsd merops.events merops.map.dump; do [ -e /usr/share/man/man1/$page.1.gz ] || fail "no manual page $page"; done
did "it has completion and manual pages"

# A container of systemd's own, with busybox only.
mkdir -p /srv/box/bin /srv/box/etc /srv/box/usr
cp /bin/busybox /srv/box/bin/busybox && ln -s busybox /srv/box/bin/true && : >/srv/box/etc/os-release
systemd-nspawn -q -D /srv/box -M box --console=pipe /bin/true /marker/box </dev/null >/tmp/out 2>&1 || fail "systemd-nspawn: $(cat /tmp/out)"
contained() { merops events --since 1h --kinds process.exec --json --where "'/marker/box' in process.command_args && container.id != ''" | tail -1 | grep .; }
await contained
expect '"box" "systemd-nspawn"' "$(contained | sed 's/.*"container.id":\("[^"]*"\).*"container.runtime.name":\("[^"]*"\).*/\1 \2/')" \
  "the container of a process that systemd-nspawn starts"

# Capabilities: of the unit, and when it watches CAP_DAC_READ_SEARCH (2), CAP_SYS_PTRACE (19), and CAP_BPF (39) where the kernel asks for it.
for task in /proc/$(main)/task/*; do
  # One that served a request may have ended.
  cat $task/status >/tmp/status 2>/dev/null || continue
  name=$(sed -n 's/^Name:\t//p' /tmp/status) effective=$(sed -n 's/^CapEff:\t//p' /tmp/status)
  [ $((0x$effective & ~(1 << 2 | 1 << 19 | 1 << 39))) = 0 ] || fail "thread $name has capabilities $effective"
  grep -q '^NoNewPrivs:.1$' /tmp/status || fail "thread $name may get privileges"
  grep -q '^Seccomp:.2$' /tmp/status || fail "thread $name may do any system call"
done
did "when it watches, its threads have capabilities $effective"
bounding=$(sed -n 's/^CapBnd:\t//p' /proc/$(main)/status)
# The numbers of those that the unit names.
expect "$(printf '%016x' $((1 << 0 | 1 << 2 | 1 << 12 | 1 << 19 | 1 << 21 | 1 << 24 | 1 << 38 | 1 << 39)))" "$bounding" "the most that it can have"
for place in /usr/x /etc/x /root/x /sys/fs/cgroup/x; do
  nsenter -t $(main) -m sh -c ": >$place" 2>/dev/null && fail "it can write $place"
done
nsenter -t $(main) -m sh -c ': >/var/lib/merops/x && rm /var/lib/merops/x' || fail "it cannot write /var/lib/merops"
nsenter -t $(main) -m mkdir -p /sys/fs/bpf/merops/policies || fail "it cannot make a folder for pins"
did "it can write its own folder and where pins are, and no other"

# /dev of the machine, not the one that the service has for itself, is what is left out.
sh -c ': </dev/null'; act /marker/dev
# Of an open that failed there is the caller's word only.
expect "" "$(merops events --since 1h --kinds file.open,file.create,file.write --json \
  --where 'file.path.startsWith("/dev/") && !has(event.errno)' | head -1)" "opens below /dev"
expect "" "$(journalctl -u merops -o cat | grep 'thread priority' | head -1)" "complaints of the dispatch library"

expect "660 root merops" "$(stat -c '%a %U %G' /run/merops/merops.sock)" "the socket's rights"
useradd -M -G merops member; useradd -M stranger
setpriv --reuid member --init-groups --regid member merops status >/dev/null || fail "a member of the group may ask"
setpriv --reuid stranger --init-groups --regid stranger merops status >/tmp/out 2>&1 && fail "a stranger may ask"
grep -q 'You may not talk to the agent' /tmp/out || fail "a stranger is told: $(cat /tmp/out)"
did "members of the group may ask, strangers may not"
merops config check >/dev/null || fail "the installed settings are right"
meropsd >/tmp/out 2>&1 && fail "a second agent starts"
grep -q 'systemctl stop merops' /tmp/out || fail "the second agent says: $(cat /tmp/out)"
did "a second agent says how to stop the service"

printf 'sinks:\n  - name: lines\n    kind: file\n    path: /var/lib/merops/lines\nstatistics: true\n' >>/etc/merops/merops.yaml
systemctl reload merops || fail "reload"
await sh -c 'test -s /var/lib/merops/lines || { /bin/true; false; }'
did "a reload takes a new sink"
echo 'rung: 1' >>/etc/merops/merops.yaml
systemctl reload merops
await sh -c 'journalctl -u merops -o cat | grep -q "did you mean .ring."'
sed -i '$d' /etc/merops/merops.yaml
active || fail "a wrong file ends the service"
did "a reload with a mistake changes nothing"

old=$(main)
kill -KILL "$old"
await sh -c "[ \$(systemctl show -p MainPID --value merops) -gt 0 ] && [ \$(systemctl show -p MainPID --value merops) != $old ] && systemctl -q is-active merops"
seen /marker/first || fail "after kill -9 an event is missing"
did "after kill -9 systemd starts it again, with what it had"
merops status | grep -q 'in the kernel [0-9.]* %' || fail "statistics: $(merops status | grep ^cost)"
did "$(merops status | grep ^cost)"

old=$(main)
kill -STOP "$old"
await sh -c "[ \$(systemctl show -p MainPID --value merops) -gt 0 ] && [ \$(systemctl show -p MainPID --value merops) != $old ] && systemctl -q is-active merops"
did "the watchdog replaces one that hangs"

act /marker/upgrade
old=$(main)
dpkg -i /newer.deb >/tmp/apt 2>&1 || { cat /tmp/apt; fail "upgrade"; }
await active
[ "$(main)" != "$old" ] || fail "the upgrade leaves the old program running"
seen /marker/first && seen /marker/upgrade || fail "after the upgrade an event is missing"
grep -q 'name: lines' /etc/merops/merops.yaml || fail "the upgrade keeps the settings"
did "an upgrade to $(dpkg-query -W -f '${Version}' merops) keeps store and settings"

/bin/true /marker/last
systemctl stop merops
expect success "$(systemctl show -p Result --value merops)" "stopped"
[ ! -e /run/merops ] || fail "its folder in /run is left"
dpkg -i /newer.deb >/dev/null 2>&1
expect inactive "$(systemctl is-active merops)" "an upgrade leaves a stopped service"
merops status >/tmp/out 2>&1
grep -q 'Start one: merops run, or systemctl start merops' /tmp/out || fail "without an agent: $(cat /tmp/out)"
systemctl start merops
seen /marker/last || fail "what was done before the stop is kept"
did "what was done before the stop is kept"

dpkg --remove merops >/dev/null 2>&1 || fail "remove"
expect inactive "$(systemctl is-active merops)" "removed"
[ ! -e /sys/fs/bpf/merops ] || fail "what is pinned stays in force when the package is removed"
[ -e /etc/merops/merops.yaml ] && [ -e /var/lib/merops ] || fail "removing takes settings or store"
dpkg -i /newer.deb >/tmp/apt 2>&1 || { cat /tmp/apt; fail "installed again"; }
await active
expect enabled "$(systemctl is-enabled merops)" "removed and installed again"
seen /marker/last || fail "after it was removed and installed again an event is missing"
dpkg --remove merops >/dev/null 2>&1 || fail "remove again"
dpkg --purge merops >/dev/null 2>&1 || fail "purge"
expect "" "$(find / -xdev -name '*merops*' ! -path '/merops.deb' ! -path '/proc/*' ! -path '/var/log/*' ! -path '/var/cache/man/*' 2>/dev/null | head -3)" "after a purge there is left"
expect "" "$(getent group merops)" "and of the group"
did "all"
