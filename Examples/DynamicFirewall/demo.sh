#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo.sh FIREWALL: two network namespaces with a cable between them; blocks one's address in the other while it pings.
set -eu
firewall=$1
id=merops-$$
pins=/sys/fs/bpf/$id
out=$(mktemp)
pid=

clean() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || :; }
  ip netns del "$id-a" 2>/dev/null || :
  ip netns del "$id-b" 2>/dev/null || :
  rmdir "$pins" 2>/dev/null || :
  rm -f "$out"
}
trap clean EXIT
trap 'exit 130' INT TERM

grep -q ' /sys/fs/bpf bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf
say() { printf '\n== %s\n' "$*"; }
pings() { ip netns exec "$id-b" ping -n -c 3 -i 0.2 -W "$1" 10.91.0.1 | grep 'packet loss'; } # pings PATIENCE
expect() { # expect PATTERN TEXT
  case $2 in *"$1"*) echo "$2" ;; *) echo "demo: expected '$1', got: $2" >&2; exit 1 ;; esac
}

say "two namespaces, $id-a (10.91.0.1, filtered) and $id-b (10.91.0.2)"
ip netns add "$id-a"
ip netns add "$id-b"
ip -n "$id-a" link add veth0 type veth peer name veth0 netns "$id-b"
ip -n "$id-a" addr add 10.91.0.1/24 dev veth0
ip -n "$id-b" addr add 10.91.0.2/24 dev veth0
ip -n "$id-a" link set veth0 up
ip -n "$id-b" link set veth0 up

"$firewall" run veth0 --netns "$id-a" --pins "$pins" >"$out" 2>&1 &
pid=$!
for _ in $(seq 240); do
  grep -q filtering "$out" && break
  kill -0 "$pid" 2>/dev/null || { cat "$out"; exit 1; }
  sleep 0.25
done
cat "$out"

say "before: every ping is answered"
expect ' 0% packet loss' "$(pings 20)"
say "block 10.91.0.2"
"$firewall" block 10.91.0.2 --pins "$pins"
expect '100% packet loss' "$(pings 1)"
"$firewall" list --pins "$pins"
say "allow 10.91.0.2"
"$firewall" allow 10.91.0.2 --pins "$pins"
expect ' 0% packet loss' "$(pings 20)"
"$firewall" list --pins "$pins"
say "done"
