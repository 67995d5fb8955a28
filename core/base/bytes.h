// Little-endian loads and stores of bytes at any alignment.
#ifndef MINNOW_BASE_BYTES_H_
#define MINNOW_BASE_BYTES_H_

#include <stdint.h>
#include <string.h>

static inline uint32_t mnw_load_u32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t mnw_load_u64(const uint8_t *p) {
  return (uint64_t)mnw_load_u32(p) | (uint64_t)mnw_load_u32(p + 4) << 32;
}

static inline void mnw_store_u32(uint8_t *p, uint32_t value) {
  p[0] = (uint8_t)value;
  p[1] = (uint8_t)(value >> 8);
  p[2] = (uint8_t)(value >> 16);
  p[3] = (uint8_t)(value >> 24);
}

static inline uint32_t mnw_float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float mnw_float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#endif  // MINNOW_BASE_BYTES_H_
