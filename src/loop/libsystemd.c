/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/libsystemd.h"

#include "base/dynlib.h"

#define FUNCTIONS(F, V, P)                                                                           \
	F(sd_event_add_io, int,                                                                      \
	  (sd_event * l, sd_event_source * *s, int fd, uint32_t events, sd_event_io_handler_t fn,    \
	   void *arg),                                                                               \
	  (l, s, fd, events, fn, arg))                                                               \
	F(sd_event_add_signal, int,                                                                  \
	  (sd_event * l, sd_event_source * *s, int signo, sd_event_signal_handler_t fn, void *arg),  \
	  (l, s, signo, fn, arg))                                                                    \
	F(sd_event_add_time, int,                                                                    \
	  (sd_event * l, sd_event_source * *s, clockid_t clock, uint64_t usec, uint64_t accuracy,    \
	   sd_event_time_handler_t fn, void *arg),                                                   \
	  (l, s, clock, usec, accuracy, fn, arg))                                                    \
	F(sd_event_new, int, (sd_event * *l), (l))                                                   \
	F(sd_event_now, int, (sd_event * l, clockid_t clock, uint64_t * usec), (l, clock, usec))     \
	F(sd_event_run, int, (sd_event * l, uint64_t usec), (l, usec))                               \
	F(sd_event_source_disable_unref, sd_event_source *, (sd_event_source * s), (s))              \
	F(sd_event_source_set_enabled, int, (sd_event_source * s, int on), (s, on))                  \
	F(sd_event_source_set_io_events, int, (sd_event_source * s, uint32_t events), (s, events))   \
	F(sd_event_source_set_io_fd_own, int, (sd_event_source * s, int own), (s, own))              \
	F(sd_event_source_set_priority, int, (sd_event_source * s, int64_t priority), (s, priority)) \
	F(sd_event_source_set_time, int, (sd_event_source * s, uint64_t usec), (s, usec))            \
	F(sd_event_unref, sd_event *, (sd_event * l), (l))

DYNLIB(libsystemd, "libsystemd.so.0", "libsystemd0", FUNCTIONS)
