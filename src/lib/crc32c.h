/* SPDX-License-Identifier: 0BSD */
/* crc32c - the checksum of RFC 3720 (Castagnoli): polynomial 0x1EDC6F41,
 * reflected */
#ifndef LIB_CRC32C_H
#define LIB_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of n bytes, continuing from crc (start with 0). */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* As text: CRC32C_HEX lower-case hexadecimal digits, no NUL. */
enum { CRC32C_HEX = 8 };
void crc32c_fmt(char out[CRC32C_HEX], uint32_t crc);
bool crc32c_parse(const char *p, uint32_t *crc);

#endif
