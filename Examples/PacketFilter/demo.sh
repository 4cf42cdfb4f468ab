#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo.sh FILTER: two network namespaces with a cable between them; one pings while its address is blocked and allowed.
set -eu
filter=$1
id=merops-$$
work=$(mktemp -d)
pid=

clean() {
  exec 3>&- || :
  [ -z "$pid" ] || wait "$pid" 2>/dev/null || :
  ip netns del "$id-a" 2>/dev/null || :
  ip netns del "$id-b" 2>/dev/null || :
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM
pings() { ip netns exec "$id-b" ping -n -c 3 -i 0.2 -W "$1" 10.92.0.1 | grep -o '[0-9]*% packet loss'; } # pings PATIENCE
expect() { [ "$1" = "$2" ] || { echo "demo: expected $1, got $2" >&2; exit 1; }; echo "$2"; }
answered() { # answered TEXT: waits for a line of the filter
  for _ in $(seq 240); do grep -q "$1" "$work/out" && return; sleep 0.25; done
  cat "$work/out" >&2
  exit 1
}

ip netns add "$id-a"
ip netns add "$id-b"
ip -n "$id-a" link add veth0 type veth peer name veth0 netns "$id-b"
ip -n "$id-a" addr add 10.92.0.1/24 dev veth0
ip -n "$id-b" addr add 10.92.0.2/24 dev veth0
ip -n "$id-a" link set veth0 up
ip -n "$id-b" link set veth0 up
mkfifo "$work/in"
ip netns exec "$id-a" "$filter" veth0 <"$work/in" >"$work/out" 2>&1 &
pid=$!
exec 3>"$work/in"
answered filtering
expect '0% packet loss' "$(pings 20)"
echo 'block 10.92.0.2' >&3
answered 'blocked 10.92.0.2'
expect '100% packet loss' "$(pings 1)"
echo 'allow 10.92.0.2' >&3
answered 'allowed 10.92.0.2'
expect '0% packet loss' "$(pings 20)"
echo list >&3
answered 'passed'
cat "$work/out"
