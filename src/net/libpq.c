/* SPDX-License-Identifier: Apache-2.0 */
#include "net/libpq.h"

#include "base/dynlib.h"

#define FUNCTIONS(F, V, P)                                                                                   \
	V(PQclear, (PGresult * r), (r))                                                                      \
	F(PQconnectPoll, PostgresPollingStatusType, (PGconn * c), (c))                                       \
	F(PQconnectStartParams, PGconn *, (const char *const *keys, const char *const *values, int expand),  \
	  (keys, values, expand))                                                                            \
	V(PQconninfoFree, (PQconninfoOption * o), (o))                                                       \
	F(PQconninfoParse, PQconninfoOption *, (const char *text, char **why), (text, why))                  \
	F(PQconsumeInput, int, (PGconn * c), (c))                                                            \
	F(PQerrorMessage, char *, (const PGconn *c), (c))                                                    \
	V(PQfinish, (PGconn * c), (c))                                                                       \
	F(PQflush, int, (PGconn * c), (c))                                                                   \
	F(PQfname, char *, (const PGresult *r, int column), (r, column))                                     \
	F(PQftype, Oid, (const PGresult *r, int column), (r, column))                                        \
	F(PQgetisnull, int, (const PGresult *r, int row, int column), (r, row, column))                      \
	F(PQgetResult, PGresult *, (PGconn * c), (c))                                                        \
	F(PQgetvalue, char *, (const PGresult *r, int row, int column), (r, row, column))                    \
	F(PQisBusy, int, (PGconn * c), (c))                                                                  \
	F(PQlibVersion, int, (void), ())                                                                     \
	F(PQnfields, int, (const PGresult *r), (r))                                                          \
	F(PQresultErrorField, char *, (const PGresult *r, int field), (r, field))                            \
	F(PQresultErrorMessage, char *, (const PGresult *r), (r))                                            \
	F(PQresultStatus, ExecStatusType, (const PGresult *r), (r))                                          \
	F(PQsendQuery, int, (PGconn * c, const char *query), (c, query))                                     \
	F(PQsendQueryParams, int,                                                                            \
	  (PGconn * c, const char *query, int n, const Oid *types, const char *const *values,                \
	   const int *lengths, const int *formats, int format),                                              \
	  (c, query, n, types, values, lengths, formats, format))                                            \
	F(PQsetnonblocking, int, (PGconn * c, int on), (c, on))                                              \
	F(PQsetNoticeReceiver, PQnoticeReceiver, (PGconn * c, PQnoticeReceiver fn, void *arg), (c, fn, arg)) \
	F(PQsetSingleRowMode, int, (PGconn * c), (c))                                                        \
	F(PQsocket, int, (const PGconn *c), (c))                                                             \
	F(PQstatus, ConnStatusType, (const PGconn *c), (c))

DYNLIB(libpq, "libpq.so.5", "libpq5", FUNCTIONS)
