#include "floor.h"
#include <string.h>
#include <time.h>

/* Orders of two lines over 2,000 listings; every hundredth message is one that came before, unless they happen now: the
   same id always has the same time. */
int event_write(long number, int64_t now, char *into, int room, char *id) {
  long order = number % 100 == 99 && !now ? number - 1 : number;
  uint64_t mixed = (uint64_t)order * 0x9E3779B97F4A7C15u;
  int first = (int)((mixed >> 20) % 2000), second = (int)((mixed >> 40) % 2000);
  int64_t happened = now ? now : 1767225600000000LL + order * 1000LL;
  time_t at = happened / 1000000;
  int micros = (int)(happened % 1000000);
  struct tm moment;
  char when[32];
  gmtime_r(&at, &moment);
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &moment);
  sprintf(id, "shopify:bench:%ld", order);
  return snprintf(
      into, (size_t)room,
      "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/connections/" BENCH_CONNECTION "\","
      "\"type\":\"order.created\",\"subject\":\"order/%ld\",\"time\":\"%s.%06dZ\","
      "\"datacontenttype\":\"application/json\",\"data\":{\"connectionId\":\"" BENCH_CONNECTION "\","
      "\"platform\":\"shopify\",\"marketplaceId\":1,\"change\":\"created\",\"backfill\":false,\"order\":{"
      "\"externalId\":\"%ld\",\"number\":\"#%ld\",\"status\":\"paid\",\"financialStatus\":\"paid\","
      "\"placedAt\":\"%s.%06dZ\",\"updatedAt\":\"%s.%06dZ\",\"currency\":\"EUR\",\"total\":\"29.98\",\"lines\":["
      "{\"externalId\":\"%ld-1\",\"listingId\":\"listing-%d\",\"sku\":\"SKU-%04d\",\"quantity\":1,\"unitPrice\":\"9.99\"},"
      "{\"externalId\":\"%ld-2\",\"listingId\":\"listing-%d\",\"sku\":\"SKU-%04d\",\"quantity\":2,\"unitPrice\":\"9.99\"}"
      "]}}}",
      id, order, when, micros, order, order, when, micros, when, micros, order, first, first, order,
      second, second);
}

static const char *after(const char *from, const char *end, const char *key) {
  const char *found = memmem(from, (size_t)(end - from), key, strlen(key));
  return found ? found + strlen(key) : NULL;
}

static int digits(const char *text) {
  int value = 0;
  while (*text >= '0' && *text <= '9') value = 10 * value + (*text++ - '0');
  return value;
}

static int64_t moment(const char *text) {
  struct tm parts = {.tm_year = digits(text) - 1900, .tm_mon = digits(text + 5) - 1, .tm_mday = digits(text + 8),
                     .tm_hour = digits(text + 11), .tm_min = digits(text + 14), .tm_sec = digits(text + 17)};
  return (int64_t)timegm(&parts) * 1000000 + digits(text + 20);
}

/* Finds the few fields that the ledger needs; no general reader of JSON. */
int event_read(const char *body, int length, event *into) {
  const char *end = body + length, *at = after(body, end, "\"id\":\"");
  if (!at) return 0;
  into->id = at;
  into->id_length = (int)((const char *)memchr(at, '"', (size_t)(end - at)) - at);
  if (!(at = after(at, end, "\"time\":\""))) return 0;
  into->time = moment(at);
  if (!(at = after(at, end, "\"order\":{\"externalId\":\""))) return 0;
  into->order = at;
  into->order_length = (int)((const char *)memchr(at, '"', (size_t)(end - at)) - at);
  into->line_count = 0;
  while (into->line_count < 8 && (at = after(at, end, "\"listingId\":\"listing-"))) {
    into->lines[into->line_count].listing = digits(at);
    if (!(at = after(at, end, "\"quantity\":"))) return 0;
    into->lines[into->line_count++].quantity = digits(at);
  }
  return 1;
}
