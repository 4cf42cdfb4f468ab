// SPDX-License-Identifier: Apache-2.0
// The HTTP server's library has a proxy that sends by Foundation's URLSession. Nobody makes one, but linked statically it names these
// functions of libcurl, which would then be loaded, with the thirty libraries behind it, at each start. They are hidden: libcurl, once
// http.c loads it, has its own.
#include <stdlib.h>

#define NOBODY_CALLS(name) __attribute__((visibility("hidden"))) void name(void) { abort(); }

NOBODY_CALLS(curl_easy_cleanup)
NOBODY_CALLS(curl_easy_getinfo)
NOBODY_CALLS(curl_easy_init)
NOBODY_CALLS(curl_easy_pause)
NOBODY_CALLS(curl_easy_setopt)
NOBODY_CALLS(curl_easy_strerror)
NOBODY_CALLS(curl_free)
NOBODY_CALLS(curl_global_init)
NOBODY_CALLS(curl_multi_add_handle)
NOBODY_CALLS(curl_multi_assign)
NOBODY_CALLS(curl_multi_cleanup)
NOBODY_CALLS(curl_multi_info_read)
NOBODY_CALLS(curl_multi_init)
NOBODY_CALLS(curl_multi_remove_handle)
NOBODY_CALLS(curl_multi_setopt)
NOBODY_CALLS(curl_multi_socket_action)
NOBODY_CALLS(curl_slist_append)
NOBODY_CALLS(curl_slist_free_all)
NOBODY_CALLS(curl_url)
NOBODY_CALLS(curl_url_get)
NOBODY_CALLS(curl_url_set)
NOBODY_CALLS(curl_version)
NOBODY_CALLS(curl_version_info)
