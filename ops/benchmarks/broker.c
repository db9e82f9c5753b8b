#include "floor.h"
#include <amqp_tcp_socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static void check(amqp_rpc_reply_t reply, const char *what) {
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) fail("%s failed: %s", what, amqp_error_string2(reply.library_error));
}

amqp_connection_state_t broker_open(const char *url) {
  char *copy = strdup(url);
  struct amqp_connection_info info;
  if (amqp_parse_url(copy, &info) != AMQP_STATUS_OK) fail("AMQP_URL can't be read");
  amqp_connection_state_t broker = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(broker);
  if (amqp_socket_open(socket, info.host, info.port)) fail("the broker does not answer");
  check(amqp_login(broker, info.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password), "login");
  amqp_channel_open(broker, 1);
  check(amqp_get_rpc_reply(broker), "opening a channel");
  free(copy);
  return broker;
}

static long confirmed(amqp_connection_state_t broker, long *highest) {
  amqp_frame_t frame;
  if (amqp_simple_wait_frame(broker, &frame) != AMQP_STATUS_OK) fail("the broker has gone");
  if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) return 0;
  amqp_basic_ack_t *ack = frame.payload.method.decoded;
  long settled = 1;
  if (ack->multiple) {
    settled = (long)ack->delivery_tag - *highest;
    *highest = (long)ack->delivery_tag;
  }
  return settled;
}

static int64_t now(void) {
  struct timespec moment;
  clock_gettime(CLOCK_REALTIME, &moment);
  return moment.tv_sec * 1000000LL + moment.tv_nsec / 1000;
}

void broker_publish(amqp_connection_state_t broker, const char *queue, long count, int batch, int rate) {
  amqp_confirm_select(broker, 1);
  check(amqp_get_rpc_reply(broker), "confirm.select");
  char text[8192], id[64];
  amqp_basic_properties_t properties = {0};
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
  properties.content_type = amqp_cstring_bytes("application/cloudevents+json");
  properties.delivery_mode = 2;
  int64_t started = now();
  for (long sent = 0; sent < count;) {
    if (rate) { /* one at a time when its moment has come */
      int64_t early = started + sent * 1000000LL / rate - now();
      if (early > 0) nanosleep(&(struct timespec){early / 1000000, early % 1000000 * 1000}, NULL);
    }
    long until = sent + batch < count ? sent + batch : count, waiting = until - sent, highest = sent;
    for (; sent < until; sent++) {
      amqp_bytes_t bytes = {.len = (size_t)event_write(sent, rate ? now() : 0, text, sizeof text, id), .bytes = text};
      properties.message_id = amqp_cstring_bytes(id);
      if (amqp_basic_publish(broker, 1, amqp_empty_bytes, amqp_cstring_bytes(queue), 1, 0, &properties, bytes))
        fail("publishing failed");
    }
    /* Confirms of single tags may overtake those of many: a batch is waited for whole before the next one begins. At a
       given rate nobody waits: the confirms are read at the end. */
    while (!rate && waiting > 0) waiting -= confirmed(broker, &highest);
    amqp_maybe_release_buffers(broker);
  }
  for (long waiting = rate ? count : 0, highest = 0; waiting > 0;) waiting -= confirmed(broker, &highest);
}

void broker_consume(amqp_connection_state_t broker, const char *queue, int prefetch) {
  amqp_basic_qos(broker, 1, 0, (uint16_t)prefetch, 0);
  check(amqp_get_rpc_reply(broker), "basic.qos");
  amqp_basic_consume(broker, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  check(amqp_get_rpc_reply(broker), "basic.consume");
}

int broker_next(amqp_connection_state_t broker, amqp_envelope_t *envelope, int milliseconds) {
  struct timeval limit = {milliseconds / 1000, (milliseconds % 1000) * 1000};
  amqp_rpc_reply_t reply = amqp_consume_message(broker, envelope, &limit, 0);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return 1;
  if (reply.library_error != AMQP_STATUS_TIMEOUT) check(reply, "consuming");
  return 0;
}

void broker_ack(amqp_connection_state_t broker, uint64_t tag) {
  if (amqp_basic_ack(broker, 1, tag, 1)) fail("acking failed");
}
