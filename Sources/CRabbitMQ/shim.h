#pragma once
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>

/* Variadic functions are not imported. */
static inline amqp_rpc_reply_t crossdock_amqp_login(
    amqp_connection_state_t state, const char *vhost, int channel_max, int frame_max, int heartbeat,
    const amqp_table_t *properties, const char *user, const char *password) {
  return amqp_login_with_properties(state, vhost, channel_max, frame_max, heartbeat, properties,
                                    AMQP_SASL_METHOD_PLAIN, user, password);
}

/* A send into a connection whose peer takes nothing fails after so long, where it would block for ever. */
static inline int crossdock_amqp_limit_unsent(int socket, unsigned int milliseconds) {
  return setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

/* Whether a send would not wait. */
static inline int crossdock_amqp_has_room(int socket) {
  struct pollfd entry = {socket, POLLOUT, 0};
  return poll(&entry, 1, 0) == 1;
}

/* Several modules lay claim to timeval's members, so Swift code can't name them. */
static inline struct timeval crossdock_amqp_limit(long seconds, long microseconds) {
  struct timeval limit = {seconds, microseconds};
  return limit;
}
