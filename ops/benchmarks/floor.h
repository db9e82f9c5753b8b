/* What the floor's programs share: RabbitMQ by librabbitmq, Postgres by libpq, and parameters as binary arrays. */
#ifndef FLOOR_H
#define FLOOR_H

#include <amqp.h>
#include <amqp_framing.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>

#define fail(...) (fprintf(stderr, "floor: " __VA_ARGS__), fputc('\n', stderr), exit(1))

/* ---- broker.c */
amqp_connection_state_t broker_open(const char *url);
/* Publishes `count` events to a queue, confirmed in batches of `batch`; `rate`: so many a second, 0 for as fast as it
   goes. */
void broker_publish(amqp_connection_state_t broker, const char *queue, long count, int batch, int rate);
void broker_consume(amqp_connection_state_t broker, const char *queue, int prefetch);
/* Waits for a delivery, at most so many milliseconds; answers 0 when there was none. */
int broker_next(amqp_connection_state_t broker, amqp_envelope_t *envelope, int milliseconds);
void broker_ack(amqp_connection_state_t broker, uint64_t tag);

/* ---- arrays.c: one-dimensional arrays in Postgres' binary form */
typedef struct {
  char *bytes;
  int length, room, count;
} array;
void array_begin(array *a, uint32_t element);
void array_text(array *a, const char *text, int length);
void array_int8(array *a, int64_t value);
void array_time(array *a, int64_t microseconds_since_1970);
void array_uuid(array *a, const uint8_t value[16]);
void array_null(array *a);

enum { TEXT = 25, INT8 = 20, TIMESTAMPTZ = 1184, UUID_ = 2950, BYTEA = 17 };

PGconn *database_open(const char *url);
/* Prepares a statement whose parameters are arrays. */
void prepare(PGconn *db, const char *name, const char *sql);
/* Queues an execution in the pipeline. */
void send_prepared(PGconn *db, const char *name, array *const *parameters, int count);
/* The rows of the next queued execution. */
PGresult *rows(PGconn *db);
void begin(PGconn *db);
void commit(PGconn *db);

/* ---- events.c */
typedef struct {
  const char *id;
  int id_length;
  int64_t time; /* microseconds since 1970 */
  const char *order;
  int order_length;
  struct {
    int listing, quantity;
  } lines[8];
  int line_count;
} event;
/* Writes event `number` and its id, and answers its length. `now`: it happened at this moment (microseconds since 1970);
   0: at a moment that follows from its number. */
int event_write(long number, int64_t now, char *into, int room, char *id);
int event_read(const char *body, int length, event *into);

#endif
