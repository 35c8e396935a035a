/* Access tokens: JWT with HMAC-SHA256. Clients only decode them; this server alone checks them. */
#ifndef HR_DAEMON_IDENTITY_JWT_H
#define HR_DAEMON_IDENTITY_JWT_H
#include "base/arena.h"
#include <jansson.h>

#define HR_JWT_KEY_BYTES 32

const char *hr_jwt_sign(struct hr_arena *arena,
                        const unsigned char key[static HR_JWT_KEY_BYTES],
                        json_t *claims);
json_t *hr_jwt_verify(struct hr_arena *arena,
                      const unsigned char key[static HR_JWT_KEY_BYTES],
                      const char *text); /* NULL: not ours; exp is the caller's to check */
#endif
