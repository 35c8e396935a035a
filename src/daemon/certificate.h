/* The server's certificate authority and certificate, made on its home: EC P-256, files of mode
 * 0600 in one folder.
 *
 * ca.pem is what clients are told to trust; ca.key never leaves the folder. server.pem names
 * localhost, 127.0.0.1, ::1 and the address that the server was asked to listen on; it is made
 * again when it lacks that address or ends soon. */
#ifndef HR_DAEMON_CERTIFICATE_H
#define HR_DAEMON_CERTIFICATE_H
#include "base/error.h"

enum hr_code hr_certificate_ensure(const char *folder, const char *address, struct hr_err *err);
#endif
