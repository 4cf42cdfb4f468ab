// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A timer in a map value, with its callback (5.15).
#include "corpus.h"

#define CLOCK_MONOTONIC 1

struct element {
	struct bpf_timer timer;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct element);
} timers SEC(".maps");

__u64 fired;

static int on_timer(void *map, __u32 *key, struct element *element)
{
	__sync_fetch_and_add(&fired, 1);
	element->count++;
	return 0;
}

SEC("tc")
int start(struct __sk_buff *ctx)
{
	__u32 zero = 0;
	struct element *element = bpf_map_lookup_elem(&timers, &zero);

	if (!element)
		return -1;
	bpf_timer_init(&element->timer, &timers, CLOCK_MONOTONIC);
	bpf_timer_set_callback(&element->timer, on_timer);
	return bpf_timer_start(&element->timer, 1000000, 0);
}

GPL;
