#include "io/tls.h"
#include "base/buf.h"
#include "base/check.h"
#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

struct hr_tls {
    SSL_CTX *context;
    bool server;
};

struct hr_tls_session {
    SSL *ssl;
    BIO *in, *out;
    bool closed;
};

static const unsigned char alpn_ours[] = "\x02h2\x08http/1.1";

static enum hr_code fail_ssl(struct hr_err *err, enum hr_code code, const char *what)
{
    unsigned long number = ERR_peek_last_error();
    const char *reason = number ? ERR_reason_error_string(number) : NULL;
    ERR_clear_error();
    return hr_fail(err, code, "%s: %s", what, reason ? reason : "the peer broke off");
}

static int choose_alpn(SSL *ssl,
                       const unsigned char **out,
                       unsigned char *out_len,
                       const unsigned char *in,
                       unsigned in_len,
                       void *arg)
{
    unsigned char *chosen;
    (void)ssl, (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, alpn_ours, sizeof alpn_ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static struct hr_tls *make(bool server)
{
    struct hr_tls *tls = calloc(1, sizeof *tls);
    HR_CHECK(tls);
    tls->server = server;
    tls->context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    HR_CHECK(tls->context);
    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
    SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                       SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION |
                                          SSL_OP_NO_COMPRESSION |
                                          SSL_OP_IGNORE_UNEXPECTED_EOF);
    return tls;
}

enum hr_code hr_tls_server_new(const char *cert_file,
                               const char *key_file,
                               struct hr_tls **out,
                               struct hr_err *err)
{
    struct hr_tls *tls = make(true);
    SSL_CTX_set_alpn_select_cb(tls->context, choose_alpn, NULL);
    const char *bad = NULL;
    if (SSL_CTX_use_certificate_chain_file(tls->context, cert_file) != 1)
        bad = cert_file;
    else if (SSL_CTX_use_PrivateKey_file(tls->context, key_file, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(tls->context) != 1)
        bad = key_file;
    if (bad) {
        char what[PATH_MAX + 64];
        snprintf(what, sizeof what, "not a usable certificate or key: '%s'", bad);
        hr_tls_free(tls);
        return fail_ssl(err, HR_E_INVALID, what);
    }
    *out = tls;
    return HR_OK;
}

enum hr_code hr_tls_client_new(const char *ca_file, struct hr_tls **out, struct hr_err *err)
{
    struct hr_tls *tls = make(false);
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_alpn_protos(tls->context, alpn_ours, sizeof alpn_ours - 1);
    int ok = ca_file ? SSL_CTX_load_verify_locations(tls->context, ca_file, NULL)
                     : SSL_CTX_set_default_verify_paths(tls->context);
    if (ok != 1) {
        char what[PATH_MAX + 64];
        snprintf(what, sizeof what, "not usable authorities: '%s'",
                 ca_file ? ca_file : "the system's");
        hr_tls_free(tls);
        return fail_ssl(err, HR_E_INVALID, what);
    }
    *out = tls;
    return HR_OK;
}

void hr_tls_free(struct hr_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context); /* counted: sessions keep it */
    free(tls);
}

static void expect_name(SSL *ssl, const char *name)
{
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1) {
        HR_CHECK(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1);
        return;
    }
    HR_CHECK(SSL_set1_host(ssl, name) == 1);
    SSL_set_tlsext_host_name(ssl, name);
}

struct hr_tls_session *hr_tls_session_new(struct hr_tls *tls, const char *server_name)
{
    struct hr_tls_session *session = calloc(1, sizeof *session);
    /* a client that does not say whom it expects would verify nothing */
    HR_CHECK(session && (tls->server || server_name));
    session->ssl = SSL_new(tls->context);
    session->in = BIO_new(BIO_s_mem());
    session->out = BIO_new(BIO_s_mem());
    HR_CHECK(session->ssl && session->in && session->out);
    BIO_set_mem_eof_return(session->in, -1);
    BIO_set_mem_eof_return(session->out, -1);
    SSL_set_bio(session->ssl, session->in, session->out);
    if (tls->server) {
        SSL_set_accept_state(session->ssl);
    } else {
        expect_name(session->ssl, server_name);
        SSL_set_connect_state(session->ssl);
        SSL_do_handshake(session->ssl); /* the first message into the output */
        ERR_clear_error();
    }
    return session;
}

void hr_tls_session_free(struct hr_tls_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl); /* with both BIOs */
    free(session);
}

enum hr_code hr_tls_session_feed(struct hr_tls_session *session,
                                 const void *bytes,
                                 size_t len,
                                 struct hr_err *err)
{
    HR_CHECK(len <= INT_MAX);
    if (BIO_write(session->in, bytes, (int)len) != (int)len)
        return hr_fail(err, HR_E_NOMEM, "no memory for encrypted input");
    return HR_OK;
}

static enum hr_code failure(struct hr_tls_session *session, struct hr_err *err)
{
    long verified = SSL_get_verify_result(session->ssl);
    if (verified != X509_V_OK && !SSL_is_init_finished(session->ssl)) {
        ERR_clear_error();
        return hr_fail(err, HR_E_UNAUTHENTICATED, "the server's certificate was refused: %s",
                       X509_verify_cert_error_string(verified));
    }
    return fail_ssl(err, HR_E_IO, "the TLS connection failed");
}

enum hr_code hr_tls_session_read(
    struct hr_tls_session *session, void *out, size_t size, size_t *got, struct hr_err *err)
{
    *got = 0;
    ERR_clear_error();
    int result = SSL_read_ex(session->ssl, out, size, got);
    if (result == 1)
        return HR_OK;
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return HR_OK;
    case SSL_ERROR_ZERO_RETURN:
        session->closed = true;
        return HR_OK;
    default:
        return failure(session, err);
    }
}

enum hr_code hr_tls_session_write(struct hr_tls_session *session,
                                  const void *bytes,
                                  size_t len,
                                  struct hr_err *err)
{
    const char *at = bytes;
    HR_CHECK(SSL_is_init_finished(session->ssl));
    while (len) {
        size_t put = 0;
        ERR_clear_error();
        if (SSL_write_ex(session->ssl, at, len, &put) != 1)
            return failure(session, err); /* a memory BIO never asks to wait */
        at += put;
        len -= put;
    }
    return HR_OK;
}

void hr_tls_session_shutdown(struct hr_tls_session *session)
{
    if (SSL_is_init_finished(session->ssl))
        SSL_shutdown(session->ssl);
    ERR_clear_error();
}

size_t hr_tls_session_output(struct hr_tls_session *session, const void **bytes)
{
    char *at;
    long len = BIO_get_mem_data(session->out, &at);
    *bytes = at;
    return len > 0 ? (size_t)len : 0;
}

void hr_tls_session_sent(struct hr_tls_session *session)
{
    BIO_reset(session->out);
}

bool hr_tls_session_ready(const struct hr_tls_session *session)
{
    return SSL_is_init_finished(session->ssl);
}

bool hr_tls_session_closed(const struct hr_tls_session *session)
{
    return session->closed;
}

bool hr_tls_session_h2(const struct hr_tls_session *session)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(session->ssl, &name, &len);
    return len == 2 && !memcmp(name, "h2", 2);
}
