// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTIONS(X)                                                                                                   \
  X(curl_global_init)                                                                                                  \
  X(curl_easy_init)                                                                                                    \
  X(curl_easy_setopt)                                                                                                  \
  X(curl_easy_getinfo)                                                                                                 \
  X(curl_easy_strerror)                                                                                                \
  X(curl_easy_cleanup)                                                                                                 \
  X(curl_slist_append)                                                                                                 \
  X(curl_slist_free_all)                                                                                               \
  X(curl_multi_init)                                                                                                   \
  X(curl_multi_add_handle)                                                                                             \
  X(curl_multi_remove_handle)                                                                                          \
  X(curl_multi_perform)                                                                                                \
  X(curl_multi_poll)                                                                                                   \
  X(curl_multi_wakeup)                                                                                                 \
  X(curl_multi_info_read)                                                                                              \
  X(curl_multi_cleanup)

// The headers' macros check arguments at compile time, of functions that are linked.
#undef curl_easy_setopt
#undef curl_easy_getinfo

static struct {
#define FIELD(name) typeof(name) *name;
  FUNCTIONS(FIELD)
#undef FIELD
} lib;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char trouble[256];

static void load(void) {
  // The same interface, by OpenSSL or by GnuTLS.
  void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL)
    library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    snprintf(trouble, sizeof trouble, "libcurl.so.4 is not there: install Debian's package libcurl4");
    return;
  }
#define LOAD(name)                                                                                                     \
  if ((lib.name = (typeof(lib.name))dlsym(library, #name)) == NULL) {                                                  \
    snprintf(trouble, sizeof trouble, "libcurl has no %s: 7.68 or later is needed", #name);                            \
    return;                                                                                                            \
  }
  FUNCTIONS(LOAD)
#undef LOAD
  if (lib.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    snprintf(trouble, sizeof trouble, "libcurl cannot be set up");
}

struct http_client {
  CURLM *multi;
  CURL *easy;
  atomic_bool cancelled;
};

struct http_client *http_open(char *error, size_t error_size) {
  pthread_once(&once, load);
  struct http_client *client = trouble[0] == 0 ? calloc(1, sizeof *client) : NULL;
  if (client != NULL) {
    client->multi = lib.curl_multi_init();
    client->easy = lib.curl_easy_init();
    if (client->multi != NULL && client->easy != NULL)
      return client;
    http_close(client);
  }
  snprintf(error, error_size, "%s", trouble[0] != 0 ? trouble : "there is no memory for a connection");
  return NULL;
}

void http_close(struct http_client *client) {
  if (client->easy != NULL)
    lib.curl_easy_cleanup(client->easy);
  if (client->multi != NULL)
    lib.curl_multi_cleanup(client->multi);
  free(client);
}

void http_cancel(struct http_client *client) {
  atomic_store(&client->cancelled, true);
  lib.curl_multi_wakeup(client->multi);
}

struct answer {
  char *bytes;
  size_t size, length;
};

// What does not fit is read and dropped.
static size_t keep(char *bytes, size_t one, size_t count, void *into) {
  struct answer *answer = into;
  size_t room = answer->size - answer->length, all = one * count;
  size_t kept = all < room ? all : room;
  memcpy(answer->bytes + answer->length, bytes, kept);
  answer->length += kept;
  return all;
}

// Runs the request to its end; NULL, or why there is no answer.
static const char *perform(struct http_client *client) {
  int running = 1;
  while (!atomic_load(&client->cancelled)) {
    if (lib.curl_multi_perform(client->multi, &running) != CURLM_OK)
      return "libcurl failed";
    if (running == 0)
      break;
    // A wakeup ends it; libcurl's own timers do, too.
    if (lib.curl_multi_poll(client->multi, NULL, 0, 60000, NULL) != CURLM_OK)
      return "libcurl failed";
  }
  int left;
  for (CURLMsg *message; (message = lib.curl_multi_info_read(client->multi, &left)) != NULL;)
    if (message->msg == CURLMSG_DONE)
      return message->data.result == CURLE_OK ? NULL : lib.curl_easy_strerror(message->data.result);
  return "it was cancelled";
}

long http_post(
    struct http_client *client, const char *url, const char *const *headers, const void *body, size_t size,
    long milliseconds, void *answer_bytes, size_t answer_size, size_t *answer_length, char *error, size_t error_size) {
  struct answer answer = {answer_bytes, answer_size, 0};
  struct curl_slist *lines = NULL;
  for (; *headers != NULL; headers++)
    lines = lib.curl_slist_append(lines, *headers);
  // Without it libcurl waits up to a second for "100 Continue" before it sends a large body.
  lines = lib.curl_slist_append(lines, "Expect:");
  char detail[CURL_ERROR_SIZE] = "";
  CURL *easy = client->easy;
  lib.curl_easy_setopt(easy, CURLOPT_URL, url);
  lib.curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
  lib.curl_easy_setopt(easy, CURLOPT_POST, 1L);
  lib.curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  lib.curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
  lib.curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds);
  lib.curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  lib.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
  lib.curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
  lib.curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
  long status = 0;
  const char *reason = "libcurl failed";
  if (lib.curl_multi_add_handle(client->multi, easy) == CURLM_OK) {
    reason = perform(client);
    lib.curl_multi_remove_handle(client->multi, easy);
  }
  if (reason == NULL)
    lib.curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  else
    snprintf(error, error_size, "%s", detail[0] != 0 ? detail : reason);
  // Neither outlives the call.
  lib.curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
  lib.curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
  lib.curl_slist_free_all(lines);
  *answer_length = answer.length;
  return status;
}
