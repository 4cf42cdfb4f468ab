#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo.sh COUNTER: a network namespace of its own, a few pings over its loopback, and what was counted.
set -eu
counter=$1
id=merops-$$
trap 'ip netns del "$id" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM
ip netns add "$id"
ip -n "$id" link set lo up
ip netns exec "$id" ping -n -c 8 -i 0.2 127.0.0.1 >/dev/null &
ip netns exec "$id" "$counter" lo --seconds 3
wait
