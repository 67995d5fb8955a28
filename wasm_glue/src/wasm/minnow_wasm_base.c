#include "minnow_wasm_base.h"

extern uint8_t __heap_base;  // set by the linker: the first byte behind the static data

mnw_error mnw_wasm_error;
mnw_wasm_heap_state mnw_wasm_heap;
_Alignas(MNW_ALIGNMENT) uint8_t mnw_wasm_io_buffer[MNW_WASM_IO_BYTES];

mnw_status mnw_wasm_fail(mnw_status status, const char *what, int64_t arg0, int64_t arg1) {
  mnw_wasm_error = (mnw_error){.status = status, .what = what, .args = {arg0, arg1, 0}};
  return status;
}

void mnw_wasm_begin_memory(size_t limit_bytes) {
  if (!mnw_wasm_heap.free_memory) mnw_wasm_heap.free_memory = &__heap_base;
  mnw_wasm_heap.limit_bytes = limit_bytes ? limit_bytes : SIZE_MAX;
}

mnw_status mnw_wasm_take_memory(void **memory, size_t size_bytes) {
  const uint64_t begin =
      ((uintptr_t)mnw_wasm_heap.free_memory + MNW_ALIGNMENT - 1) & ~(uintptr_t)(MNW_ALIGNMENT - 1);
  const uint64_t end = begin + size_bytes;
  const uint64_t have_pages = __builtin_wasm_memory_size(0);
  const uint64_t need_pages = (end + MNW_WASM_PAGE_BYTES - 1) / MNW_WASM_PAGE_BYTES;
  if (need_pages > have_pages) {
    if (need_pages * MNW_WASM_PAGE_BYTES > mnw_wasm_heap.limit_bytes) {
      return mnw_wasm_fail(
          MNW_STATUS_OUT_OF_MEMORY,
          "%0 bytes of memory are needed and the limit is %1: raise memory.maxBytes or use "
          "a smaller model",
          (int64_t)(need_pages * MNW_WASM_PAGE_BYTES), (int64_t)mnw_wasm_heap.limit_bytes);
    }
    if (__builtin_wasm_memory_grow(0, (size_t)(need_pages - have_pages)) == SIZE_MAX) {
      return mnw_wasm_fail(
          MNW_STATUS_OUT_OF_MEMORY,
          "the browser does not give the %0 bytes of memory that are needed (it has given "
          "%1): dispose of other models or use a smaller one",
          (int64_t)(need_pages * MNW_WASM_PAGE_BYTES), (int64_t)(have_pages * MNW_WASM_PAGE_BYTES));
    }
  }
  *memory = (void *)(uintptr_t)begin;
  mnw_wasm_heap.free_memory = (uint8_t *)(uintptr_t)end;
  return MNW_STATUS_OK;
}

// The transfer buffer.
MNW_WASM_EXPORT(void *, io, void) {
  return mnw_wasm_io_buffer;
}

MNW_WASM_EXPORT(uint32_t, io_bytes, void) {
  return MNW_WASM_IO_BYTES;
}

// The last error's message, written into the transfer buffer; returns its length.
MNW_WASM_EXPORT(uint32_t, error_message, void) {
  return (uint32_t)mnw_error_message(&mnw_wasm_error, (char *)mnw_wasm_io_buffer,
                                     MNW_ERROR_MESSAGE_BYTES);
}
