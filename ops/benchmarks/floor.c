/* The floor: what a plain loop on librabbitmq and libpq does with the ledger's own tables and statements, and nothing of
   the framework. One connection each, batches of at most 1,000 that are never waited for, binary arrays, a pipeline.

   floor publish QUEUE COUNT BATCH [RATE]   AMQP_URL
   floor outbox COUNT                       DATABASE_URL
   floor ledger QUEUE COUNT                 AMQP_URL, DATABASE_URL */
#include "floor.h"
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, LISTINGS = 2000 };

static struct {
  int64_t listing, stock, variation;
} places[LISTINGS];
static uint8_t connection_id[16];

static const char *const INBOX =
    "INSERT INTO inbox (consumer, event_time, message_id) SELECT 'stock-ledger', event_time, message_id "
    "FROM unnest($1::timestamptz[], $2::text[]) AS m(event_time, message_id) ON CONFLICT DO NOTHING "
    "RETURNING message_id";
static const char *const ORDERS =
    "INSERT INTO stock_orders (connection_id, external_id, versions) SELECT connection_id, external_id, versions "
    "FROM unnest($1::uuid[], $2::text[], $3::text[]) AS o(connection_id, external_id, versions) "
    "ON CONFLICT DO NOTHING RETURNING connection_id, external_id";
static const char *const STOCK =
    "UPDATE marketplace_stock s SET on_hand = s.on_hand + d.delta, listed_stock = greatest(0, s.on_hand + d.delta), "
    "version = s.version + 1, updated_at = now() FROM unnest($1::bigint[], $2::bigint[]) AS d(id, delta) "
    "WHERE s.id = d.id RETURNING s.id, s.on_hand, s.version, s.base_at";
static const char *const HISTORY =
    "INSERT INTO stock_history (marketplace_stock_id, variation_id, marketplace_id, quantity_before, quantity_after, "
    "quantity_change, step, change_type, connection_id, listing_ref, external_order_id, line_id, reference_id, "
    "occurred_at) SELECT s, v, 1, b, b + c, c, c, 'order_created', k, l, o, i, o, t FROM unnest($1::bigint[], "
    "$2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::bigint[], $7::text[], $8::text[], $9::timestamptz[]) "
    "AS h(s, v, b, c, k, l, o, i, t)";
static const char *const OUTBOX =
    "INSERT INTO outbox (count, messages) SELECT count, messages FROM unnest($1::bigint[], $2::bytea[]) "
    "AS packet(count, messages)";

static PGconn *ready_database(void) {
  PGconn *db = database_open(getenv("DATABASE_URL"));
  PGresult *found = PQexec(db, "SELECT substr(l.external_id, 9)::int, l.id, s.id, s.variation_id FROM listings l "
                               "JOIN marketplace_stock s ON s.variation_id = l.variation_id");
  for (int row = 0; row < PQntuples(found); row++) {
    int number = atoi(PQgetvalue(found, row, 0));
    if (number < 0 || number >= LISTINGS) continue;
    places[number].listing = atoll(PQgetvalue(found, row, 1));
    places[number].stock = atoll(PQgetvalue(found, row, 2));
    places[number].variation = atoll(PQgetvalue(found, row, 3));
  }
  PQclear(found);
  const char *text = BENCH_CONNECTION;
  for (int byte = 0; byte < 16; text += 2, byte++) {
    if (*text == '-') text++;
    sscanf(text, "%2hhx", &connection_id[byte]);
  }
  prepare(db, "begin", "BEGIN");
  prepare(db, "commit", "COMMIT");
  prepare(db, "inbox", INBOX);
  prepare(db, "orders", ORDERS);
  prepare(db, "stock", STOCK);
  prepare(db, "history", HISTORY);
  prepare(db, "outbox", OUTBOX);
  prepare(db, "notify", "SELECT pg_notify('crossdock_outbox', '')");
  if (!PQenterPipelineMode(db)) fail("no pipeline");
  return db;
}

static array a[16];
static array *const at[16] = {&a[0], &a[1], &a[2], &a[3], &a[4], &a[5], &a[6], &a[7], &a[8], &a[9]};

static void begin_arrays(int count, const uint32_t *kinds) {
  for (int i = 0; i < count; i++) array_begin(&a[i], kinds[i]);
}

static void send_claims(PGconn *db, const event *events, int count) {
  begin_arrays(2, (uint32_t[]){TIMESTAMPTZ, TEXT});
  for (int i = 0; i < count; i++) {
    array_time(&a[0], events[i].time);
    array_text(&a[1], events[i].id, events[i].id_length);
  }
  send_prepared(db, "inbox", at, 2);
  begin_arrays(3, (uint32_t[]){UUID_, TEXT, TEXT});
  for (int i = 0; i < count; i++) {
    char versions[400];
    const event *e = &events[i];
    int length = snprintf(
        versions, sizeof versions,
        "[[%lld,false,%lld,\"1234567890123456789\",%lld,%lld,true,[[\"%.*s-1\",%lld,%d],[\"%.*s-2\",%lld,%d]]]]",
        (long long)e->time, (long long)e->time, (long long)e->time, (long long)e->time, e->order_length, e->order,
        (long long)places[e->lines[0].listing].listing, e->lines[0].quantity, e->order_length, e->order,
        (long long)places[e->lines[1].listing].listing, e->lines[1].quantity);
    array_uuid(&a[0], connection_id);
    array_text(&a[1], e->order, e->order_length);
    array_text(&a[2], versions, length);
  }
  send_prepared(db, "orders", at, 3);
}

static int64_t sums[LISTINGS], before[LISTINGS], versions[LISTINGS];

static int by_stock(const void *left, const void *right) {
  int64_t l = places[*(const int *)left].stock, r = places[*(const int *)right].stock;
  return (l > r) - (l < r);
}

static int place_of[1 << 20];

static void update_stock(PGconn *db, const event *events, int count, int *touched, int *touched_count) {
  memset(sums, 0, sizeof sums);
  *touched_count = 0;
  for (int i = 0; i < count; i++)
    for (int line = 0; line < events[i].line_count; line++) {
      int listing = events[i].lines[line].listing;
      if (!sums[listing]) touched[(*touched_count)++] = listing;
      sums[listing] -= events[i].lines[line].quantity;
    }
  qsort(touched, (size_t)*touched_count, sizeof *touched, by_stock);
  begin_arrays(2, (uint32_t[]){INT8, INT8});
  for (int i = 0; i < *touched_count; i++) {
    array_int8(&a[0], places[touched[i]].stock);
    array_int8(&a[1], sums[touched[i]]);
    place_of[places[touched[i]].stock & 0xFFFFF] = touched[i];
  }
  send_prepared(db, "stock", at, 2);
}

static int64_t big_endian(const char *bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | (uint8_t)bytes[i];
  return (int64_t)value;
}

static int64_t small_endian(const PGresult *result, int row, int column) {
  if (PQgetlength(result, row, column) == 8) return big_endian(PQgetvalue(result, row, column));
  const uint8_t *b = (const uint8_t *)PQgetvalue(result, row, column);
  return (int32_t)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
}

static void send_history(PGconn *db, const event *events, int count) {
  begin_arrays(9, (uint32_t[]){INT8, INT8, INT8, INT8, UUID_, INT8, TEXT, TEXT, TIMESTAMPTZ});
  for (int i = 0; i < count; i++)
    for (int line = 0; line < events[i].line_count; line++) {
      char id[64];
      int listing = events[i].lines[line].listing, quantity = events[i].lines[line].quantity;
      array_int8(&a[0], places[listing].stock);
      array_int8(&a[1], places[listing].variation);
      array_int8(&a[2], before[listing]);
      array_int8(&a[3], -quantity);
      before[listing] -= quantity;
      array_uuid(&a[4], connection_id);
      array_int8(&a[5], places[listing].listing);
      array_text(&a[6], events[i].order, events[i].order_length);
      array_text(&a[7], id, snprintf(id, sizeof id, "%.*s-%d", events[i].order_length, events[i].order, line + 1));
      array_time(&a[8], events[i].time);
    }
  send_prepared(db, "history", at, 9);
}

/* One stock.changed for each row that changed, in one packet, as the ledger writes it. */
static void send_outbox(PGconn *db, const int *touched, int count) {
  static char packet[4 << 20];
  int length = 0;
  for (int i = 0; i < count; i++)
    length += snprintf(
        packet + length, sizeof packet - (size_t)length,
        "....shopify.stock.changed........shopify:" BENCH_CONNECTION ":stock.changed/%lld@%lld....stock.changed........"
        "application/cloudevents+json....{\"specversion\":\"1.0\",\"id\":\"shopify:" BENCH_CONNECTION
        ":stock.changed/%lld@%lld\",\"source\":\"/connections/" BENCH_CONNECTION "\",\"type\":\"stock.changed\","
        "\"subject\":\"stock/%lld\",\"time\":\"2026-01-01T12:00:00.000000Z\",\"datacontenttype\":\"application/json\","
        "\"data\":{\"connectionId\":\"" BENCH_CONNECTION "\",\"platform\":\"shopify\",\"marketplaceId\":1,"
        "\"backfill\":false,\"stock\":{\"variationId\":%lld,\"sku\":\"SKU-%04d\",\"marketplaceId\":1,\"onHand\":%lld,"
        "\"listedStock\":0,\"cause\":\"order_created\"}}}",
        (long long)places[touched[i]].stock, (long long)versions[touched[i]], (long long)places[touched[i]].stock,
        (long long)versions[touched[i]], (long long)places[touched[i]].variation,
        (long long)places[touched[i]].variation, touched[i], (long long)(before[touched[i]]));
  begin_arrays(2, (uint32_t[]){INT8, BYTEA});
  array_int8(&a[0], count);
  array_text(&a[1], packet, length);
  send_prepared(db, "outbox", at, 2);
  send_prepared(db, "notify", at, 0);
}

static int by_id(const void *left, const void *right) {
  const event *l = left, *r = right;
  if (l->time != r->time) return l->time < r->time ? -1 : 1;
  int shorter = l->id_length < r->id_length ? l->id_length : r->id_length;
  int order = memcmp(l->id, r->id, (size_t)shorter);
  return order ? order : l->id_length - r->id_length;
}

/* Those whose ids the inbox did not know; `events` are sorted, and answered ids come in that order. */
static int keep_claimed(const PGresult *claimed, event *events, int count) {
  int kept = 0, row = 0, answered = PQntuples(claimed);
  for (int i = 0; i < count && row < answered; i++) {
    const char *id = PQgetvalue(claimed, row, 0);
    int length = PQgetlength(claimed, row, 0);
    if (length != events[i].id_length || memcmp(id, events[i].id, (size_t)length)) continue;
    events[kept++] = events[i];
    row++;
  }
  return kept;
}

static void book(PGconn *db, event *events, int count) {
  static int touched[LISTINGS];
  int touched_count;
  qsort(events, (size_t)count, sizeof *events, by_id);
  begin(db);
  send_claims(db, events, count);
  PQsendFlushRequest(db);
  PQclear(rows(db));
  PGresult *claimed = rows(db);
  count = keep_claimed(claimed, events, count);
  PQclear(claimed);
  PQclear(rows(db));
  if (count) {
    update_stock(db, events, count, touched, &touched_count);
    PQsendFlushRequest(db);
    PGresult *stock = rows(db);
    for (int row = 0; row < PQntuples(stock); row++) {
      int listing = place_of[small_endian(stock, row, 0) & 0xFFFFF];
      before[listing] = small_endian(stock, row, 1) - sums[listing];
      versions[listing] = small_endian(stock, row, 2);
    }
    PQclear(stock);
    send_history(db, events, count);
    send_outbox(db, touched, touched_count);
  }
  commit(db);
  if (count)
    for (int i = 0; i < 3; i++) PQclear(rows(db));
  PQclear(rows(db));
  PGresult *synced = PQgetResult(db);
  if (PQresultStatus(synced) != PGRES_PIPELINE_SYNC) fail("no end of the pipeline: %s", PQerrorMessage(db));
  PQclear(synced);
}

static void ledger(const char *queue, long count) {
  amqp_connection_state_t broker = broker_open(getenv("AMQP_URL"));
  PGconn *db = ready_database();
  broker_consume(broker, queue, 4 * BATCH);
  static amqp_envelope_t envelopes[BATCH];
  static event events[BATCH];
  for (long done = 0; done < count;) {
    int taken = 0;
    while (taken < BATCH && broker_next(broker, &envelopes[taken], taken ? 0 : 1000)) {
      amqp_bytes_t body = envelopes[taken].message.body;
      if (!event_read(body.bytes, (int)body.len, &events[taken])) fail("an event can't be read");
      taken++;
    }
    if (!taken) continue;
    uint64_t last = envelopes[taken - 1].delivery_tag;
    book(db, events, taken);
    broker_ack(broker, last);
    for (int i = 0; i < taken; i++) amqp_destroy_envelope(&envelopes[i]);
    amqp_maybe_release_buffers(broker);
    done += taken;
  }
  amqp_connection_close(broker, AMQP_REPLY_SUCCESS);
  PQfinish(db);
}

static char *put(char *at, const void *bytes, int length) {
  memcpy(at, bytes, (size_t)length);
  return at + length;
}

static char *put_field(char *at, const char *text, int length) {
  uint32_t little = (uint32_t)length;
  return put(put(at, &little, 4), text, length);
}

/* Packets of 500 events, as transactions of the product leave them for the relay (Sources/Outbox/Packet.swift); under a
   routing key that no queue of the product is bound to. */
static void outbox(long count) {
  enum { PACKET = 500 };
  static char packet[PACKET * 1200], body[8192], id[64];
  static const uint64_t none = 0;
  PGconn *db = database_open(getenv("DATABASE_URL"));
  prepare(db, "outbox", OUTBOX);
  for (long number = 0; number < count;) {
    char *at_end = packet;
    int messages = 0;
    for (; messages < PACKET && number < count; messages++, number++) {
      int length = event_write(number, 0, body, sizeof body, id);
      at_end = put(at_end, &(char){0}, 1);
      at_end = put_field(at_end, "bench.sent", 10);
      at_end = put(at_end, &none, 8);
      at_end = put_field(at_end, id, (int)strlen(id));
      at_end = put_field(at_end, "order.created", 13);
      at_end = put(at_end, &none, 8);
      at_end = put_field(at_end, "application/cloudevents+json", 28);
      at_end = put_field(at_end, body, length);
    }
    begin_arrays(2, (uint32_t[]){INT8, BYTEA});
    array_int8(&a[0], messages);
    array_text(&a[1], packet, (int)(at_end - packet));
    send_prepared(db, "outbox", at, 2);
    PQclear(rows(db));
  }
  PQfinish(db);
}

int main(int count, char **words) {
  if ((count == 5 || count == 6) && !strcmp(words[1], "publish")) {
    amqp_connection_state_t broker = broker_open(getenv("AMQP_URL"));
    broker_publish(broker, words[2], atol(words[3]), atoi(words[4]), count == 6 ? atoi(words[5]) : 0);
    amqp_connection_close(broker, AMQP_REPLY_SUCCESS);
  } else if (count == 3 && !strcmp(words[1], "outbox")) {
    outbox(atol(words[2]));
  } else if (count == 4 && !strcmp(words[1], "ledger")) {
    ledger(words[2], atol(words[3]));
  } else {
    fail("floor publish QUEUE COUNT BATCH [RATE] | floor outbox COUNT | floor ledger QUEUE COUNT");
  }
  return 0;
}
