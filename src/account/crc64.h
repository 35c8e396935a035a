/* The checksum of x-ms-content-crc64: reflected, polynomial 0x9A6C9329AC4BC9B5, ones in and out
 * ("CRC-64/NVME"). Pure; any thread. */
#ifndef HR_ACCOUNT_CRC64_H
#define HR_ACCOUNT_CRC64_H
#include <stddef.h>
#include <stdint.h>

#define HR_CRC64_TEXT 13
/* the first piece starts from 0 */
uint64_t hr_crc64(uint64_t before, const void *bytes, size_t len);
/* as the header has it: base64 of the eight bytes, lowest first */
void hr_crc64_text(uint64_t crc, char out[HR_CRC64_TEXT]);
#endif
