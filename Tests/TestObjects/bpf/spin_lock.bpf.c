// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// A spin lock in a map value, in an array and a hash.
#include "corpus.h"

struct account {
	struct bpf_spin_lock lock;
	__u32 padding;
	__u64 credit, debit;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct account);
} named_accounts SEC(".maps");

SEC("tc")
int transfer(struct __sk_buff *ctx)
{
	__u32 key = 0;
	struct account *account = bpf_map_lookup_elem(&accounts, &key);

	if (!account)
		return -1;
	bpf_spin_lock(&account->lock);
	account->credit += ctx->len;
	account->debit += 1;
	bpf_spin_unlock(&account->lock);
	bpf_map_lookup_elem(&named_accounts, &key);
	return 0;
}

GPL;
