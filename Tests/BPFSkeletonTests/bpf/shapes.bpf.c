// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// One of each: what C can put into a map, a record or a global variable.
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_helpers.h>

enum color { COLOR_RED, COLOR_GREEN = 5, COLOR_2D };
enum sign { MINUS = -1, PLUS = 1 };
enum access { READ = 1, WRITE = 2, EXECUTE = 4 };
enum wide : unsigned long long { WIDE_LOW = 1, WIDE_HIGH = 0x100000000ull };
typedef struct { int counter; } counter_t;

struct inner {
	__u64 big;
	__u8 small;  // seven bytes of padding follow, which Swift would use
};

struct key {
	__u32 pid;
	__u8 kind;  // padding follows
};

struct packed {
	__u8 tag;
	__u32 number;
	char name[5];
	struct inner inner;
} __attribute__((packed));

struct shape {
	struct inner inner;
	__u8 after;  // not in the padding of `inner`
	enum color color;
	enum sign sign;
	enum access access;
	enum wide wide;
	bool flag;
	char name[16];
	counter_t count;
	__u16 grid[2][3];
	int low : 3;
	unsigned middle : 7;
	bool bit : 1;
	enum color shade : 4;
	union {
		__u64 whole;
		__u8 bytes[8];
		struct {
			__u32 first, second;
		};
	} view;
	union {
		__u32 plain;
		struct {
			__u16 left, right;
		};
	};
	struct {
		__s32 x, y;
	} points[2];
	struct packed packed;
	struct in_addr address;
	struct in6_addr address6;
	__be16 port;
	void *pointer;
	int class, init, self;
};

// The records of a ring: a head and as many numbers as there are.
struct message {
	__u32 count;
	__u16 kind;
	__u16 values[];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct key);
	__type(value, struct shape);
} shapes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct inner);
} scratch SEC(".maps");

// Nobody in this file uses it.
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, struct {
		__u64 time;
		char text[8];
	});
} waiting SEC(".maps");

struct {
	struct shape (*type)[BPF_MAP_TYPE_RINGBUF];
	__uint(max_entries, 1 << 16);
} shape_ring SEC(".maps");

struct {
	struct message (*type)[BPF_MAP_TYPE_RINGBUF];
	__uint(max_entries, 1 << 12);
} messages SEC(".maps");

struct {
	struct inner (*type)[BPF_MAP_TYPE_PERF_EVENT_ARRAY];
	__uint(key_size, 4);
	__uint(value_size, 4);
} samples SEC(".maps");

// As cilium/ebpf's objects say it. libbpf would hand the size to the kernel, which refuses it.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12);
	__type(value, struct inner);
} valued_ring SEC(".maps");

struct {
	__u32 (*type)[BPF_MAP_TYPE_RINGBUF];
	__uint(max_entries, 1 << 12);
} number_ring SEC(".maps");

// The names of these two become the same.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, bool);
} same_name SEC(".maps"), sameName SEC(".maps");

const volatile __u32 limit = 7;
const volatile struct inner preset = { .big = 1, .small = 2 };
const volatile struct in_addr gateway;
__u32 seen_gateway;
const volatile char greeting[12] = "hello";
struct inner live;
struct shape blank;
enum color mood = COLOR_GREEN;
__u64 counts[3] = { 1, 2, 3 };
char label[8] = "start";
bool enabled = true;
__u64 calls;

SEC("syscall")
int fill(void *ctx)
{
	struct key key = { .pid = 42, .kind = 3 };
	struct shape *shape, *copy;
	struct inner *inner;
	struct {
		__u32 count;
		__u16 kind;
		__u16 values[5];
	} message = { .count = 5, .kind = 9, .values = { 10, 20, 30, 40, 50 } };
	__u32 zero = 0;

	__sync_fetch_and_add(&calls, 1);
	if (!enabled)
		return 1;
	live.big += limit + preset.big;
	seen_gateway = gateway.s_addr;
	counts[1] += 10;
	label[0] = greeting[0];

	inner = bpf_map_lookup_elem(&scratch, &zero);
	if (!inner)
		return 1;
	inner->big = 77;
	inner->small = 5;

	shape = bpf_ringbuf_reserve(&shape_ring, sizeof(*shape), 0);
	if (!shape)
		return 1;
	__builtin_memset(shape, 0, sizeof(*shape));
	shape->inner.big = 0x1122334455667788;
	shape->inner.small = 9;
	shape->after = 8;
	shape->color = COLOR_GREEN;
	shape->sign = MINUS;
	shape->access = READ | EXECUTE;
	shape->wide = WIDE_HIGH;
	shape->flag = true;
	__builtin_memcpy(shape->name, "bee-eater", 9);
	shape->count.counter = -4;
	shape->grid[1][2] = 12;
	shape->low = -3;
	shape->middle = 100;
	shape->bit = true;
	shape->shade = COLOR_2D;
	shape->view.first = 0x01020304;
	shape->view.second = 5;
	shape->left = 1;
	shape->right = 2;
	shape->points[1].x = -7;
	shape->points[1].y = 8;
	shape->packed.tag = 1;
	shape->packed.number = 0xdeadbeef;
	__builtin_memcpy(shape->packed.name, "four", 5);
	shape->packed.inner.big = 3;
	shape->packed.inner.small = 4;
	shape->address.s_addr = 0x070200c0;
	shape->address6.in6_u.u6_addr8[15] = 1;
	shape->port = 0x5000;
	shape->class = 1;
	shape->init = 2;
	shape->self = 3;
	// Memory of a ring is no argument for maps before 6.2.
	bpf_map_update_elem(&shapes, &key, &blank, BPF_ANY);
	copy = bpf_map_lookup_elem(&shapes, &key);
	if (copy)
		*copy = *shape;
	bpf_ringbuf_submit(shape, 0);

	bpf_ringbuf_output(&messages, &message, 16, 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int sample(void *ctx)
{
	struct inner inner = { .big = 6, .small = 7 };

	bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU, &inner, sizeof(inner));
	return 0;
}

// What a skeleton has names for itself, too.
SEC("xdp")
int load(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("?tc")
int attachAll(struct __sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
