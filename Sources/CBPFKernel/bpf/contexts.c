// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// Reads and writes of context fields. preserve_static_offset keeps each one a single access at a constant offset, and
// volatile keeps neighbours from becoming one wide access: the verifier refuses both. Fields of eight bytes cannot become
// wider: they are read once, however often they are named.
#include "contexts.h"
#include "support.h"

#define FIELD(context, type, field) type field;
#define POINTER_FIELD(context, field) \
  union { \
    void *field; \
    uint64_t field##_word; \
  } __attribute__((aligned(8)));
#define PAD_FIELD(type, name) type name;
#define STRUCTURE(context) \
  struct context { \
    BPF_CONTEXT_##context(context, FIELD, FIELD, POINTER_FIELD, POINTER_FIELD, PAD_FIELD) \
  } STATIC_OFFSETS;
BPF_CONTEXTS(STRUCTURE)

#define READ(context, type, field) \
  INLINED type context##_##field(const struct context *from) { \
    return sizeof(type) == 8 ? from->field : *(const volatile type *)&from->field; \
  }
#define WRITE(context, type, field) \
  READ(context, type, field) \
  INLINED void context##_set_##field(struct context *to, type value) { *(volatile type *)&to->field = value; }
#define POINTER(context, field) \
  INLINED void *context##_##field(const struct context *from) { return from->field; }
#define PADDING(type, name)
#define FUNCTIONS(context) BPF_CONTEXT_##context(context, READ, WRITE, POINTER, POINTER, PADDING)
BPF_CONTEXTS(FUNCTIONS)
