// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// CO-RE on bit fields, signed fields and fields of another size: byte offset, byte size, signedness and both shifts.
#include "corpus.h"

struct task_struct___bits {
	unsigned int sched_reset_on_fork : 1;
	unsigned int in_execve : 1;
	unsigned int in_iowait : 1;
	int exit_state;
	__u32 policy;
} __core;

struct sk_buff___bits {
	__u8 pkt_type : 3;
	__u8 ip_summed : 2;
	__u32 hash;
} __core;

struct {
	__u64 in_execve, in_iowait, pkt_type, direct;
	__u64 offset, size, is_signed, left, right, unsigned_right;
	__s64 exit_state;
} out;

SEC("raw_tp/sys_enter")
int read_bits(void *ctx)
{
	struct task_struct___bits *task = (void *)bpf_get_current_task();

	out.in_execve = BPF_CORE_READ_BITFIELD_PROBED(task, in_execve);
	out.in_iowait = BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait);
	out.exit_state = BPF_CORE_READ_BITFIELD_PROBED(task, exit_state);
	out.offset = __builtin_preserve_field_info(task->in_iowait, BPF_FIELD_BYTE_OFFSET);
	out.size = __builtin_preserve_field_info(task->in_iowait, BPF_FIELD_BYTE_SIZE);
	out.is_signed = __builtin_preserve_field_info(task->exit_state, BPF_FIELD_SIGNED);
	out.left = __builtin_preserve_field_info(task->in_iowait, BPF_FIELD_LSHIFT_U64);
	out.right = __builtin_preserve_field_info(task->in_iowait, BPF_FIELD_RSHIFT_U64);
	out.unsigned_right = __builtin_preserve_field_info(task->policy, BPF_FIELD_RSHIFT_U64);
	return 0;
}

SEC("tp_btf/kfree_skb")
int read_packet_bits(unsigned long long *ctx)
{
	struct sk_buff___bits *skb = (void *)ctx[0];

	out.pkt_type = BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type);
	return 0;
}

GPL;
