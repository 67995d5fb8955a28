// What the exports share: the one model of the instance, its memory and its last error.
#ifndef MINNOW_WASM_H_
#define MINNOW_WASM_H_

#include <minnow/minnow.h>

// Opens the definition of an exported function: return type, name, parameters.
#define MNW_WASM_EXPORT(type, name, ...)                                 \
  __attribute__((export_name(#name))) type mnw_wasm_##name(__VA_ARGS__); \
  type mnw_wasm_##name(__VA_ARGS__)

enum { MNW_WASM_IO_BYTES = 65536 };

typedef struct mnw_wasm_state {
  uint8_t *free_memory;  // NULL before open()
  size_t limit_bytes;    // of the whole wasm memory
  mnw_package_info package;
  mnw_model *model;
  mnw_session *session;
  mnw_session_plan_info plan;
  uint8_t *session_memory, *picture_memory;  // where each region begins
  mnw_error error;
} mnw_wasm_state;

extern mnw_wasm_state mnw_wasm;

// The transfer buffer.
extern uint8_t mnw_wasm_io_buffer[MNW_WASM_IO_BYTES];

mnw_status mnw_wasm_fail(mnw_status status, const char *what, int64_t arg0, int64_t arg1);

// Takes the next `size_bytes` bytes, growing the memory as needed.
mnw_status mnw_wasm_take_memory(void **memory, size_t size_bytes);

mnw_status mnw_wasm_need_session(void);

// Errors: NOT_READY, INVALID_ARGUMENT.
mnw_status mnw_wasm_input_info(mnw_tensor_info *info, uint32_t input);

// Forgets every front end: their memory goes together with the session's.
void mnw_wasm_frontend_drop(void);

#endif  // MINNOW_WASM_H_
