// What every wasm module of Minnow has: a transfer buffer, memory that is handed out upwards from
// the end of the static data and grown a page at a time, and the last error.
#ifndef MINNOW_WASM_BASE_H_
#define MINNOW_WASM_BASE_H_

#include <minnow/minnow.h>

// Opens the definition of an exported function: return type, name, parameters.
#define MNW_WASM_EXPORT(type, name, ...)                                 \
  __attribute__((export_name(#name))) type mnw_wasm_##name(__VA_ARGS__); \
  type mnw_wasm_##name(__VA_ARGS__)

enum { MNW_WASM_IO_BYTES = 65536, MNW_WASM_PAGE_BYTES = 65536 };

// The transfer buffer.
extern uint8_t mnw_wasm_io_buffer[MNW_WASM_IO_BYTES];

// The last error; error_message() tells it.
extern mnw_error mnw_wasm_error;

mnw_status mnw_wasm_fail(mnw_status status, const char *what, int64_t arg0, int64_t arg1);

typedef struct mnw_wasm_heap_state {
  uint8_t *free_memory;  // NULL before mnw_wasm_begin_memory()
  size_t limit_bytes;    // of the whole wasm memory
} mnw_wasm_heap_state;

extern mnw_wasm_heap_state mnw_wasm_heap;

// Starts handing out memory, unless that has begun. Limit 0: none but the module's own.
void mnw_wasm_begin_memory(size_t limit_bytes);

// Takes the next `size_bytes` bytes, growing the memory as needed. Errors: OUT_OF_MEMORY.
mnw_status mnw_wasm_take_memory(void **memory, size_t size_bytes);

// A tensor as it passes through the transfer buffer: words of 4 bytes in this order.
typedef struct mnw_wasm_tensor_words {
  uint32_t dtype, rank;
  int32_t dims[MNW_MAX_RANK];
  float scale;
  int32_t zero_point;
  uint32_t size_bytes, address;
} mnw_wasm_tensor_words;
_Static_assert(sizeof(mnw_wasm_tensor_words) == 12 * 4, "12 words without gaps");

#endif  // MINNOW_WASM_BASE_H_
