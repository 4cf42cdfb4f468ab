// SPDX-License-Identifier: Apache-2.0
#ifndef MEROPS_HTTP_H
#define MEROPS_HTTP_H

#include <stddef.h>

// POST requests by libcurl. The library is loaded when the first client is made: an agent that sends to no collector keeps none
// of the thirty libraries that libcurl needs in memory, and starts without them.

struct http_client;

// A client for one thread; NULL where libcurl cannot be loaded, with the reason in `error`.
struct http_client *http_open(char *error, size_t error_size);
// After the thread's last request.
void http_close(struct http_client *client);
// Ends the request that runs, and all that come: any thread, any time before http_close.
void http_cancel(struct http_client *client);

// Sends `body`, and waits for the answer at most so many milliseconds. `headers` are lines as in HTTP, the last is NULL. Redirects
// are not followed. Of the answer's body at most `answer_size` bytes are kept; `*answer_length` says how many.
//
// Returns the status code, such as 200, or 0 where no answer came, with the reason in `error`.
long http_post(
    struct http_client *client, const char *url, const char *const *headers, const void *body, size_t size,
    long milliseconds, void *answer, size_t answer_size, size_t *answer_length, char *error, size_t error_size);

#endif
