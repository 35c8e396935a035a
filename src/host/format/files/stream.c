#include "host/format/files/stream.h"
#include "base/check.h"
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_BYTES (256 * 1024)
#define REPLACEMENT "\xef\xbf\xbd"

struct hr_stream {
    struct hr_format *format;
    const struct hr_file *file;
    struct hr_blob_reader *reader;
    int64_t offset;
    char *raw;
    size_t raw_len, raw_at;
    bool raw_end;
    z_stream zip;
    bool zip_open, zip_end;
    ZSTD_DStream *zstd;
    /* decompressed, not yet decoded; used with a charset only */
    char *plain;
    size_t plain_len, plain_at;
    bool plain_end, begun;
    iconv_t charset;
};

bool hr_stream_is_utf8(const char *name)
{
    return !name || !strcasecmp(name, "UTF-8") || !strcasecmp(name, "UTF8");
}

bool hr_stream_charset(const char *name, bool *ascii_compatible)
{
    iconv_t probe = iconv_open("UTF-8", name);
    if (probe == (iconv_t)-1)
        return false;
    iconv_close(probe);
    *ascii_compatible = strncasecmp(name, "UTF-16", 6) &&
                        strncasecmp(name, "UTF-32", 6) &&
                        strncasecmp(name, "UTF16", 5) &&
                        strncasecmp(name, "UTF32", 5);
    return true;
}

enum hr_code hr_stream_open(struct hr_format *format,
                            const struct hr_file *file,
                            const char *charset,
                            struct hr_stream **out,
                            struct hr_err *err)
{
    struct hr_stream *stream = calloc(1, sizeof *stream);
    HR_CHECK(stream);
    stream->format = format;
    stream->file = file;
    stream->charset = (iconv_t)-1;
    enum hr_code code =
        hr_blob_open(format->blob, file->location, &file->stat, NULL, &stream->reader, err);
    if (!code &&
        !hr_stream_is_utf8(charset) &&
        (stream->charset = iconv_open("UTF-8", charset)) == (iconv_t)-1)
        code = hr_fail(err, HR_E_INVALID, "unsupported charset: \"%s\"", charset);
    if (!code && (file->codec == HR_CODEC_GZIP || file->codec == HR_CODEC_DEFLATE))
        stream->zip_open =
            inflateInit2(&stream->zip, file->codec == HR_CODEC_GZIP ? 15 + 16 : 15) == Z_OK;
    if (!code && file->codec == HR_CODEC_ZSTD)
        stream->zstd = ZSTD_createDStream();
    stream->raw = malloc(RAW_BYTES);
    stream->plain = malloc(RAW_BYTES);
    HR_CHECK(stream->raw && stream->plain);
    if (code) {
        hr_stream_close(stream);
        return code;
    }
    *out = stream;
    return HR_OK;
}

void hr_stream_close(struct hr_stream *stream)
{
    if (!stream)
        return;
    if (stream->zip_open)
        inflateEnd(&stream->zip);
    ZSTD_freeDStream(stream->zstd);
    if (stream->charset != (iconv_t)-1)
        iconv_close(stream->charset);
    hr_blob_close(stream->reader);
    free(stream->raw);
    free(stream->plain);
    free(stream);
}

static enum hr_code fill_raw(struct hr_stream *stream, struct hr_err *err)
{
    if (stream->raw_at < stream->raw_len || stream->raw_end)
        return HR_OK;
    size_t got = 0;
    HR_TRY(hr_blob_read_at(stream->reader, stream->raw, RAW_BYTES, stream->offset, &got, err));
    atomic_fetch_add(&stream->format->bytes_read, got);
    stream->offset += (int64_t)got;
    stream->raw_len = got;
    stream->raw_at = 0;
    stream->raw_end = got == 0;
    return HR_OK;
}

static enum hr_code damaged(const struct hr_stream *stream, struct hr_err *err)
{
    return hr_fail(err, HR_E_IO, "the compressed file is damaged: \"%s\"", stream->file->location);
}

static enum hr_code unzip(
    struct hr_stream *stream, char *bytes, size_t len, size_t *got, struct hr_err *err)
{
    z_stream *zip = &stream->zip;
    zip->next_out = (Bytef *)bytes;
    zip->avail_out = (uInt)len;
    while (zip->avail_out == len) {
        HR_TRY(fill_raw(stream, err));
        if (stream->raw_end) {
            if (!stream->zip_end && stream->offset)
                return damaged(stream, err);
            break;
        }
        if (stream->zip_end) { /* members laid end to end are one stream */
            inflateReset(zip);
            stream->zip_end = false;
        }
        zip->next_in = (Bytef *)stream->raw + stream->raw_at;
        zip->avail_in = (uInt)(stream->raw_len - stream->raw_at);
        int rc = inflate(zip, Z_NO_FLUSH);
        stream->raw_at = stream->raw_len - zip->avail_in;
        if (rc == Z_STREAM_END)
            stream->zip_end = true;
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return damaged(stream, err);
    }
    *got = len - zip->avail_out;
    return HR_OK;
}

static enum hr_code unzstd(
    struct hr_stream *stream, char *bytes, size_t len, size_t *got, struct hr_err *err)
{
    ZSTD_outBuffer out = {bytes, len, 0};
    while (!out.pos) {
        HR_TRY(fill_raw(stream, err));
        if (stream->raw_end) {
            if (!stream->zip_end && stream->offset)
                return damaged(stream, err);
            break;
        }
        ZSTD_inBuffer in = {stream->raw + stream->raw_at, stream->raw_len - stream->raw_at, 0};
        size_t rc = ZSTD_decompressStream(stream->zstd, &out, &in);
        stream->raw_at += in.pos;
        if (ZSTD_isError(rc))
            return damaged(stream, err);
        stream->zip_end = rc == 0;
    }
    *got = out.pos;
    return HR_OK;
}

static enum hr_code plain(
    struct hr_stream *stream, char *bytes, size_t len, size_t *got, struct hr_err *err)
{
    if (stream->zip_open)
        return unzip(stream, bytes, len, got, err);
    if (stream->zstd)
        return unzstd(stream, bytes, len, got, err);
    HR_TRY(hr_blob_read_at(stream->reader, bytes, len, stream->offset, got, err));
    stream->offset += (int64_t)*got;
    atomic_fetch_add(&stream->format->bytes_read, *got);
    return HR_OK;
}

/* one step of decoding; what cannot be decoded becomes U+FFFD */
static enum hr_code decode(
    struct hr_stream *stream, char *bytes, size_t len, size_t *got, struct hr_err *err)
{
    char *to = bytes;
    size_t room = len;
    while (to == bytes) {
        if (stream->plain_at && stream->plain_at == stream->plain_len)
            stream->plain_at = stream->plain_len = 0;
        if (stream->plain_len - stream->plain_at < 8 && !stream->plain_end) {
            memmove(stream->plain, stream->plain + stream->plain_at,
                    stream->plain_len - stream->plain_at);
            stream->plain_len -= stream->plain_at;
            stream->plain_at = 0;
            size_t more = 0;
            HR_TRY(plain(stream, stream->plain + stream->plain_len, RAW_BYTES - stream->plain_len,
                         &more, err));
            stream->plain_len += more;
            stream->plain_end = more == 0;
        }
        if (stream->plain_at == stream->plain_len)
            break;
        char *from = stream->plain + stream->plain_at;
        size_t left = stream->plain_len - stream->plain_at;
        size_t rc = iconv(stream->charset, &from, &left, &to, &room);
        stream->plain_at = stream->plain_len - left;
        if (rc == (size_t)-1 &&
            errno != E2BIG &&
            (errno == EILSEQ || stream->plain_end) &&
            room >= 3) {
            memcpy(to, REPLACEMENT, 3);
            to += 3;
            room -= 3;
            stream->plain_at++;
        }
    }
    *got = (size_t)(to - bytes);
    return HR_OK;
}

enum hr_code hr_stream_read(
    struct hr_stream *stream, char *bytes, size_t len, size_t *got, struct hr_err *err)
{
    HR_TRY(stream->charset == (iconv_t)-1 ? plain(stream, bytes, len, got, err)
                                          : decode(stream, bytes, len, got, err));
    if (stream->begun)
        return HR_OK;
    stream->begun = true;
    while (*got && *got < 3) { /* enough to see a byte order mark */
        size_t more;
        HR_TRY(stream->charset == (iconv_t)-1
                   ? plain(stream, bytes + *got, len - *got, &more, err)
                   : decode(stream, bytes + *got, len - *got, &more, err));
        if (!more)
            break;
        *got += more;
    }
    if (*got >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
        memmove(bytes, bytes + 3, *got - 3);
        *got -= 3;
        if (!*got)
            return hr_stream_read(stream, bytes, len, got, err);
    }
    return HR_OK;
}
