/* gRPC on HTTP/2, as bytes: message frames, the grpc-message header, and the scanner by which the
 * gate routes without decoding.
 *
 * A frame is a flag byte (1: compressed, which we never announce and refuse), a length of four
 * bytes (big endian), the message. */
#ifndef HR_WIRE_GRPC_H
#define HR_WIRE_GRPC_H
#include "base/buf.h"
#include "base/error.h"

#define HR_GRPC_HEAD_BYTES 5

struct hr_grpc_reader {
    struct hr_buf buf; /* a message that came in parts */
    size_t max, used;  /* used: bytes of buf given out by the last call */
};
void hr_grpc_reader_init(struct hr_grpc_reader *reader, size_t message_max);
void hr_grpc_reader_release(struct hr_grpc_reader *reader);
/* One message, or *message NULL when more bytes are needed. *at moves on. The message stands in the
 * input or in the reader, until the next call. A message above the maximum is HR_E_LIMIT, as soon
 * as its length is seen. */
enum hr_code hr_grpc_read(struct hr_grpc_reader *reader,
                          const char **at,
                          const char *end,
                          const uint8_t **message,
                          size_t *len,
                          struct hr_err *err);
/* the stream may not end here */
bool hr_grpc_reader_partial(const struct hr_grpc_reader *reader);

void hr_grpc_frame_head(uint8_t out[static HR_GRPC_HEAD_BYTES], size_t len);
bool hr_grpc_percent_encode(struct hr_buf *out, const char *text); /* grpc-message */
void hr_grpc_percent_decode(char *text);                           /* in place */

/* The session of a Spark Connect request: field 1 (session_id) and field 1 (user_id) of field 2
 * (user_context), which all requests have in common. The first occurrence counts, other fields are
 * stepped over, nothing is decoded. Clients write fields in order, so the first few hundred bytes
 * do. */
#define HR_GRPC_ID_MAX 256
struct hr_grpc_ids {
    char session_id[HR_GRPC_ID_MAX], user_id[HR_GRPC_ID_MAX];
};
enum hr_grpc_scan { HR_GRPC_SCAN_FOUND, HR_GRPC_SCAN_MORE, HR_GRPC_SCAN_BAD };
/* bytes: the beginning of the message; whole: there is no more of it. FOUND with user_id "" when
 * the message ended, or went on to a later field, without one: clients that know no user's name
 * send none. An id that is too long, not UTF-8 text without control characters, or a malformed
 * message, is BAD. */
enum hr_grpc_scan hr_grpc_scan_ids(const uint8_t *bytes,
                                   size_t len,
                                   bool whole,
                                   struct hr_grpc_ids *ids);
#endif
