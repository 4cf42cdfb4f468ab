#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo.sh COUNTER: a network namespace of its own, a few pings over its loopback, and what was counted.
set -eu
counter=$1
id=merops-$$
pid=
clean() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || :; }
  ip netns del "$id" 2>/dev/null || :
}
trap clean EXIT
trap 'exit 130' INT TERM
ip netns add "$id"
ip -n "$id" link set lo up
ip netns exec "$id" ping -n -i 0.2 127.0.0.1 >/dev/null &
pid=$!
ip netns exec "$id" "$counter" lo --seconds 2
