#include "daemon/certificate.h"
#include "base/arena.h"
#include "base/clock.h"
#include "io/file.h"
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CA_DAYS 3650
#define SERVER_DAYS 397 /* what strict clients accept */
#define RENEW_SECONDS (30 * 86400)
#define FILE_MAX (64 * 1024)

struct pair {
    EVP_PKEY *key;
    X509 *cert;
};

static void release(void *arg)
{
    struct pair *pair = arg;
    EVP_PKEY_free(pair->key);
    X509_free(pair->cert);
}

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool done = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static bool set_serial(X509 *cert)
{
    unsigned char bytes[16];
    hr_random_bytes(bytes, sizeof bytes);
    bytes[0] &= 0x7f;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return done;
}

struct extension {
    int nid;
    const char *value;
};

/* issuer NULL: signed by itself */
static bool make(struct pair *pair,
                 const struct pair *issuer,
                 const char *name,
                 int days,
                 const struct extension *extensions,
                 size_t count)
{
    pair->key = EVP_EC_gen("P-256");
    pair->cert = X509_new();
    if (!pair->key || !pair->cert)
        return false;
    const struct pair *by = issuer ? issuer : pair;
    X509_NAME *subject = X509_get_subject_name(pair->cert);
    bool done = X509_set_version(pair->cert, X509_VERSION_3) &&
                set_serial(pair->cert) &&
                X509_gmtime_adj(X509_getm_notBefore(pair->cert), -300) &&
                X509_gmtime_adj(X509_getm_notAfter(pair->cert), days * 86400L) &&
                X509_set_pubkey(pair->cert, pair->key) &&
                X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                           (const unsigned char *)name, -1, -1, 0) &&
                X509_set_issuer_name(pair->cert, X509_get_subject_name(by->cert));
    for (size_t i = 0; i < count && done; i++)
        done = extend(pair->cert, by->cert, extensions[i].nid, extensions[i].value);
    return done && X509_sign(pair->cert, by->key, EVP_sha256());
}

static enum hr_code write_pem(struct hr_arena *arena,
                              const char *folder,
                              const char *name,
                              const struct pair *pair,
                              const X509 *also,
                              struct hr_err *err)
{
    BIO *certs = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
    char *text;
    enum hr_code code = HR_E_INTERNAL;
    if (PEM_write_bio_X509(certs, pair->cert) &&
        (!also || PEM_write_bio_X509(certs, also)) &&
        PEM_write_bio_PrivateKey(key, pair->key, NULL, NULL, 0, NULL, NULL)) {
        long len = BIO_get_mem_data(key, &text);
        code = hr_file_write(hr_printf(arena, "%s/%s.key", folder, name), 0600, text, (size_t)len,
                             err);
        len = BIO_get_mem_data(certs, &text);
        if (!code)
            code = hr_file_write(hr_printf(arena, "%s/%s.pem", folder, name), 0600, text,
                                 (size_t)len, err);
    } else {
        hr_fail(err, code, "certificate \"%s\" cannot be written as PEM", name);
    }
    BIO_free(certs);
    BIO_free(key);
    return code;
}

static bool read_pair(struct hr_arena *arena,
                      const char *folder,
                      const char *name,
                      struct pair *pair)
{
    char *cert, *key;
    size_t cert_len, key_len;
    if (hr_file_read(arena, hr_printf(arena, "%s/%s.pem", folder, name), FILE_MAX, &cert, &cert_len,
                     NULL) ||
        hr_file_read(arena, hr_printf(arena, "%s/%s.key", folder, name), FILE_MAX, &key, &key_len,
                     NULL))
        return false;
    BIO *in = BIO_new_mem_buf(cert, (int)cert_len);
    pair->cert = PEM_read_bio_X509(in, NULL, NULL, NULL);
    BIO_free(in);
    in = BIO_new_mem_buf(key, (int)key_len);
    pair->key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    BIO_free(in);
    return pair->cert && pair->key && X509_check_private_key(pair->cert, pair->key) == 1;
}

static bool lasts(const X509 *cert)
{
    time_t soon = time(NULL) + RENEW_SECONDS;
    return X509_cmp_time(X509_get0_notAfter(cert), &soon) > 0;
}

static bool names_address(X509 *cert, const char *address)
{
    return X509_check_ip_asc(cert, address, 0) == 1 ||
           X509_check_host(cert, address, 0, 0, NULL) == 1;
}

static bool is_ip(const char *address)
{
    unsigned char room[16];
    return inet_pton(AF_INET, address, room) == 1 || inet_pton(AF_INET6, address, room) == 1;
}

/* what a certificate can name: the wildcard addresses are not among it; this machine's name stands
 * for them */
static const char *alternative_names(struct hr_arena *arena, const char *address)
{
    const char *names = "DNS:localhost,IP:127.0.0.1,IP:::1";
    char host[256] = "";
    if (!strcmp(address, "0.0.0.0") || !strcmp(address, "::")) {
        gethostname(host, sizeof host - 1);
        return host[0] && strcmp(host, "localhost") ? hr_printf(arena, "%s,DNS:%s", names, host)
                                                    : names;
    }
    if (!strcmp(address, "localhost") || !strcmp(address, "127.0.0.1") || !strcmp(address, "::1"))
        return names;
    return hr_printf(arena, "%s,%s:%s", names, is_ip(address) ? "IP" : "DNS", address);
}

static enum hr_code ensure(struct hr_arena *arena,
                           const char *folder,
                           const char *address,
                           struct hr_err *err)
{
    struct pair *ca = HR_NEW(arena, struct pair), *server = HR_NEW(arena, struct pair);
    static const struct extension of_ca[] = {
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"},
    };
    const struct extension of_server[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "serverAuth"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
        {NID_subject_alt_name, alternative_names(arena, address)},
    };
    bool wildcard = !strcmp(address, "0.0.0.0") || !strcmp(address, "::");
    hr_arena_on_free(arena, release, ca);
    hr_arena_on_free(arena, release, server);
    bool have_ca = read_pair(arena, folder, "ca", ca) && lasts(ca->cert);
    if (have_ca &&
        read_pair(arena, folder, "server", server) &&
        lasts(server->cert) &&
        (wildcard || names_address(server->cert, address)))
        return HR_OK;
    if (!have_ca) {
        release(ca);
        *ca = (struct pair){0};
        if (!make(ca, NULL, "Headrace local authority", CA_DAYS, of_ca, HR_LEN(of_ca)))
            return hr_fail(err, HR_E_INTERNAL, "the certificate authority cannot be made");
        HR_TRY(write_pem(arena, folder, "ca", ca, NULL, err));
    }
    release(server);
    *server = (struct pair){0};
    if (!make(server, ca, "headrace", SERVER_DAYS, of_server, HR_LEN(of_server)))
        return hr_fail(err, HR_E_INVALID, "no certificate can be made for address \"%s\"", address);
    return write_pem(arena, folder, "server", server, ca->cert, err);
}

enum hr_code hr_certificate_ensure(const char *folder, const char *address, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = hr_file_mkdirs(folder, err);
    if (!code)
        code = ensure(arena, folder, address, err);
    hr_arena_free(arena);
    return code;
}
