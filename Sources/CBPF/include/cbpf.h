// SPDX-License-Identifier: Apache-2.0
// The kernel's ABI as this package needs it. Nothing here depends on how new the installed kernel headers are.
#pragma once
#include "cbpf/attr.h"
#include "cbpf/info.h"
#include "cbpf/perf.h"
#include "cbpf/syscall.h"
