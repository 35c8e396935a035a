/* TLS (OpenSSL) on memory: a session takes and gives bytes and knows no socket.
 *
 * A context (struct hr_tls) may be used by many sessions and threads; a session belongs to one
 * thread. TLS 1.2 and later; ALPN is h2 then http/1.1. A client verifies the server's chain and
 * name, always. hr_tls_free may be called while sessions live. */
#ifndef HR_IO_TLS_H
#define HR_IO_TLS_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

struct hr_tls;
struct hr_tls_session;

/* PEM; chain in cert_file */
enum hr_code hr_tls_server_new(const char *cert_file,
                               const char *key_file,
                               struct hr_tls **tls,
                               struct hr_err *err);
/* ca_file NULL: the system's authorities */
enum hr_code hr_tls_client_new(const char *ca_file, struct hr_tls **tls, struct hr_err *err);
/* NULL is fine */
void hr_tls_free(struct hr_tls *tls);

/* server_name: a client's expectation, host name or IP address; NULL on a server */
struct hr_tls_session *hr_tls_session_new(struct hr_tls *tls, const char *server_name);
void hr_tls_session_free(struct hr_tls_session *session);
/* bytes from the peer; then call hr_tls_session_read until it gives 0, and send what
 * hr_tls_session_output holds */
enum hr_code hr_tls_session_feed(struct hr_tls_session *session,
                                 const void *bytes,
                                 size_t len,
                                 struct hr_err *err);
/* plain bytes into out; *got 0: nothing yet, or the peer closed (hr_tls_session_closed). Also
 * drives the handshake. */
enum hr_code hr_tls_session_read(
    struct hr_tls_session *session, void *out, size_t size, size_t *got, struct hr_err *err);
/* when ready */
enum hr_code hr_tls_session_write(struct hr_tls_session *session,
                                  const void *bytes,
                                  size_t len,
                                  struct hr_err *err);
/* close_notify into the output */
void hr_tls_session_shutdown(struct hr_tls_session *session);
/* what must be sent now … */
size_t hr_tls_session_output(struct hr_tls_session *session, const void **bytes);
/* … and was taken, whole */
void hr_tls_session_sent(struct hr_tls_session *session);
/* handshake done */
bool hr_tls_session_ready(const struct hr_tls_session *session);
bool hr_tls_session_closed(const struct hr_tls_session *session);
/* ALPN chose h2 */
bool hr_tls_session_h2(const struct hr_tls_session *session);
#endif
