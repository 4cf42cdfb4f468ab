// SPDX-License-Identifier: Apache-2.0
// Fields of contexts. A context's field must be read by one load at a constant offset, with exactly its width, or the
// verifier refuses the program. The functions are compiled for BPF from bpf/contexts.c and inlined where they are
// called. They are named CONTEXT_field and CONTEXT_set_field; the fields are in context_fields.h.
#pragma once
#include "context_fields.h"
#include "structures.h"

struct bpf_sockopt;
struct bpf_cgroup_dev_ctx;
struct bpf_sk_lookup;
struct bpf_flow_keys;
struct bpf_context_words;

#define BPF_READ(context, type, field) type context##_##field(const struct context *_Nonnull context);
#define BPF_WRITE(context, type, field) \
  BPF_READ(context, type, field) void context##_set_##field(struct context *_Nonnull context, type value);
#define BPF_POINTER(context, field) void *_Nullable context##_##field(const struct context *_Nonnull context);
#define BPF_DATA(context, field) void *_Nonnull context##_##field(const struct context *_Nonnull context);
#define BPF_PADDING(type, name)
#define BPF_CONTEXT_FUNCTIONS(context) \
  BPF_CONTEXT_##context(context, BPF_READ, BPF_WRITE, BPF_POINTER, BPF_DATA, BPF_PADDING)
BPF_CONTEXTS(BPF_CONTEXT_FUNCTIONS)
#undef BPF_READ
#undef BPF_WRITE
#undef BPF_POINTER
#undef BPF_DATA
#undef BPF_PADDING
#undef BPF_CONTEXT_FUNCTIONS
