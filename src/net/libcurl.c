/* SPDX-License-Identifier: Apache-2.0 */
#include "net/libcurl.h"

#include <assert.h>
#include <stdarg.h>

#include "base/dynlib.h"

#define FUNCTIONS(F, V, P)                                                                                \
	V(curl_easy_cleanup, (CURL * easy), (easy))                                                       \
	P(curl_easy_getinfo, by_hand)                                                                     \
	F(curl_easy_init, CURL *, (void), ())                                                             \
	P(curl_easy_setopt, by_hand)                                                                      \
	F(curl_easy_strerror, const char *, (CURLcode rc), (rc))                                          \
	V(curl_free, (void *p), (p))                                                                      \
	F(curl_getdate, time_t, (const char *text, const time_t *unused), (text, unused))                 \
	F(curl_global_init, CURLcode, (long flags), (flags))                                              \
	F(curl_multi_add_handle, CURLMcode, (CURLM * multi, CURL * easy), (multi, easy))                  \
	F(curl_multi_assign, CURLMcode, (CURLM * multi, curl_socket_t fd, void *arg), (multi, fd, arg))   \
	F(curl_multi_cleanup, CURLMcode, (CURLM * multi), (multi))                                        \
	F(curl_multi_info_read, CURLMsg *, (CURLM * multi, int *left), (multi, left))                     \
	F(curl_multi_init, CURLM *, (void), ())                                                           \
	F(curl_multi_remove_handle, CURLMcode, (CURLM * multi, CURL * easy), (multi, easy))               \
	P(curl_multi_setopt, by_hand)                                                                     \
	F(curl_multi_socket_action, CURLMcode, (CURLM * multi, curl_socket_t fd, int what, int *running), \
	  (multi, fd, what, running))                                                                     \
	F(curl_multi_strerror, const char *, (CURLMcode rc), (rc))                                        \
	F(curl_share_cleanup, CURLSHcode, (CURLSH * share), (share))                                      \
	F(curl_share_init, CURLSH *, (void), ())                                                          \
	P(curl_share_setopt, by_hand)                                                                     \
	F(curl_slist_append, struct curl_slist *, (struct curl_slist * list, const char *text),           \
	  (list, text))                                                                                   \
	V(curl_slist_free_all, (struct curl_slist * list), (list))                                        \
	F(curl_url, CURLU *, (void), ())                                                                  \
	V(curl_url_cleanup, (CURLU * url), (url))                                                         \
	F(curl_url_get, CURLUcode, (CURLU * url, CURLUPart part, char **text, unsigned int flags),        \
	  (url, part, text, flags))                                                                       \
	F(curl_url_set, CURLUcode, (CURLU * url, CURLUPart part, const char *text, unsigned int flags),   \
	  (url, part, text, flags))                                                                       \
	F(curl_version_info, curl_version_info_data *, (CURLversion version), (version))

DYNLIB(libcurl, "libcurl.so.4", "libcurl4", FUNCTIONS)

/*
 * What is left is called with "...".  Of a transfer's options and a multi handle's, the number says what type
 * the value has.  The names stand in brackets since libcurl's header has macros of the same name, which check
 * that type where an option is set.
 */
#define SETOPT(rc_type, name, handle_type, option_type)                            \
	rc_type(name)(handle_type * handle, option_type option, ...)               \
	{                                                                          \
		int number = (int)option;                                          \
		va_list ap;                                                        \
		rc_type rc;                                                        \
                                                                                   \
		va_start(ap, option);                                              \
		if (number < CURLOPTTYPE_OBJECTPOINT)                              \
			rc = (table.name)(handle, option, va_arg(ap, long));       \
		else if (number >= CURLOPTTYPE_OFF_T && number < CURLOPTTYPE_BLOB) \
			rc = (table.name)(handle, option, va_arg(ap, curl_off_t)); \
		else                                                               \
			rc = (table.name)(handle, option, va_arg(ap, void *));     \
		va_end(ap);                                                        \
		return rc;                                                         \
	}

SETOPT(CURLcode, curl_easy_setopt, CURL, CURLoption)
SETOPT(CURLMcode, curl_multi_setopt, CURLM, CURLMoption)

CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
	va_list ap;
	CURLcode rc;

	va_start(ap, info);
	rc = (table.curl_easy_getinfo)(easy, info, va_arg(ap, void *));
	va_end(ap);
	return rc;
}

/* Of what a share handle can be told we only say what is shared, an int. */
CURLSHcode(curl_share_setopt)(CURLSH *share, CURLSHoption option, ...)
{
	va_list ap;
	CURLSHcode rc;

	assert(option == CURLSHOPT_SHARE);
	va_start(ap, option);
	rc = (table.curl_share_setopt)(share, option, va_arg(ap, int));
	va_end(ap);
	return rc;
}
