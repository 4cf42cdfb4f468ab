#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo.sh COUNTER: a network namespace of its own, pings over its loopback, and what the counter shows of them, until Ctrl-C.
set -eu
counter=$1
id=merops-$$
pids=
clean() {
  for pid in $pids; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || :; done
  ip netns del "$id" 2>/dev/null || :
}
trap clean EXIT
trap 'exit 130' INT TERM
ip netns add "$id"
ip -n "$id" link set lo up
ip netns exec "$id" ping -n -i 0.2 127.0.0.1 >/dev/null &
pids=$!
ip netns exec "$id" "$counter" lo &
pids="$pids $!"
wait "$!"
