#include "floor.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Seconds from 1970 to 2000, where Postgres' clock begins. */
#define EPOCH 946684800LL

static void append(array *a, const void *bytes, int length) {
  if (a->length + length > a->room) {
    a->room = 2 * (a->length + length);
    a->bytes = realloc(a->bytes, (size_t)a->room);
    if (!a->bytes) fail("out of memory");
  }
  memcpy(a->bytes + a->length, bytes, (size_t)length);
  a->length += length;
}

static void number(array *a, uint32_t value) {
  value = htonl(value);
  append(a, &value, 4);
}

void array_begin(array *a, uint32_t element) {
  a->length = a->count = 0;
  number(a, 1); /* dimensions */
  number(a, 1); /* may hold nulls */
  number(a, element);
  number(a, 0); /* the count, known at the end */
  number(a, 1); /* the first index */
}

void array_text(array *a, const char *text, int length) {
  number(a, (uint32_t)length);
  append(a, text, length);
  a->count++;
}

void array_int8(array *a, int64_t value) {
  number(a, 8);
  number(a, (uint32_t)((uint64_t)value >> 32));
  number(a, (uint32_t)value);
  a->count++;
}

void array_time(array *a, int64_t microseconds) { array_int8(a, microseconds - EPOCH * 1000000); }

void array_uuid(array *a, const uint8_t value[16]) {
  number(a, 16);
  append(a, value, 16);
  a->count++;
}

void array_null(array *a) {
  number(a, (uint32_t)-1);
  a->count++;
}

PGconn *database_open(const char *url) {
  PGconn *db = PQconnectdb(url);
  if (PQstatus(db) != CONNECTION_OK) fail("Postgres: %s", PQerrorMessage(db));
  const char *settings = "SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off; "
                         "SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off";
  PQclear(PQexec(db, settings));
  return db;
}

void prepare(PGconn *db, const char *name, const char *sql) {
  PGresult *result = PQprepare(db, name, sql, 0, NULL);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail("%s: %s", name, PQerrorMessage(db));
  PQclear(result);
}

void send_prepared(PGconn *db, const char *name, array *const *parameters, int count) {
  const char *values[16];
  int lengths[16], formats[16];
  for (int i = 0; i < count; i++) {
    uint32_t elements = htonl((uint32_t)parameters[i]->count);
    memcpy(parameters[i]->bytes + 12, &elements, 4);
    values[i] = parameters[i]->bytes;
    lengths[i] = parameters[i]->length;
    formats[i] = 1;
  }
  if (!PQsendQueryPrepared(db, name, count, values, lengths, formats, 1)) fail("%s: %s", name, PQerrorMessage(db));
}

PGresult *rows(PGconn *db) {
  PGresult *result = PQgetResult(db);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail("Postgres: %s", PQerrorMessage(db));
  while (PQgetResult(db)) {
  }
  return result;
}

void begin(PGconn *db) {
  if (!PQsendQueryPrepared(db, "begin", 0, NULL, NULL, NULL, 1)) fail("BEGIN: %s", PQerrorMessage(db));
}

void commit(PGconn *db) {
  if (!PQsendQueryPrepared(db, "commit", 0, NULL, NULL, NULL, 1) || !PQpipelineSync(db))
    fail("COMMIT: %s", PQerrorMessage(db));
}
