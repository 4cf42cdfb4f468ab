/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured of a repetition. Both sides are processes that do one repetition for each line that they are given
 * and answer with a line: wall time and processor time in nanoseconds, operations done, allocations made, and the most
 * bytes of heap in use beyond those at the start (zero unless watched). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Waits for a line; false when there are no more. */
bool meter_next(void);

void meter_start(void);

/* The same, and watches the heap, which slows allocations down. */
void meter_start_watching(void);

void meter_stop(void);

/* Answers. */
void meter_report(uint64_t operations);
