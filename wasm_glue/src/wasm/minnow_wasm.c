// The exports of minnow-<variant>.wasm over the public header.
//
// One instance of the module holds one model and one session, so dropping the instance gives
// everything back and nothing here is ever freed. Memory is handed out upwards from the end of the
// static data and grown a page at a time; the region behind the session is used anew for each
// picture. The module imports nothing: bytes come and go through a transfer buffer, and larger
// things stand where the returned addresses say.
//
// Functions that can fail return an mnw_status; error_message() then writes the text into the
// transfer buffer.
#include "minnow_wasm.h"

#include <string.h>

enum { IO_BYTES = MNW_WASM_IO_BYTES };

mnw_wasm_state mnw_wasm;

// The name of a status code, written into the transfer buffer; returns its length, 0 past the last.
MNW_WASM_EXPORT(uint32_t, status_name, uint32_t status) {
  const char *name = mnw_status_name((mnw_status)status);
  const size_t length = name ? strlen(name) : 0;
  if (length > 0) memcpy(mnw_wasm_io_buffer, name, length);
  return (uint32_t)length;
}

// Makes room for a model: the first `size_bytes` (≥ MNW_PACKAGE_PEEK_BYTES) bytes of shard 0 stand
// in the transfer buffer. limit_bytes: of the whole memory, 0 for none but the module's own.
MNW_WASM_EXPORT(mnw_status, open, uint32_t size_bytes, uint32_t limit_bytes) {
  if (mnw_wasm.model) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "this instance has been opened already", 0,
                         0);
  }
  if (size_bytes > IO_BYTES) size_bytes = IO_BYTES;
  mnw_status status =
      mnw_package_peek(&mnw_wasm.package, mnw_wasm_io_buffer, size_bytes, &mnw_wasm_error);
  if (status != MNW_STATUS_OK) return status;
  void *memory;
  mnw_wasm_begin_memory(limit_bytes);
  status = mnw_wasm_take_memory(&memory, mnw_wasm.package.model_bytes);
  if (status != MNW_STATUS_OK) return status;
  mnw_wasm.session_memory = mnw_wasm_heap.free_memory;
  return mnw_model_init(&mnw_wasm.model, memory, mnw_wasm.package.model_bytes, &mnw_wasm.package,
                        mnw_kernels_get(0), &mnw_wasm_error);
}

static mnw_status need_model(void) {
  return mnw_wasm.model ? MNW_STATUS_OK
                        : mnw_wasm_fail(MNW_STATUS_NOT_READY, "no package is open", 0, 0);
}

mnw_status mnw_wasm_need_session(void) {
  return mnw_wasm.session ? MNW_STATUS_OK
                          : mnw_wasm_fail(MNW_STATUS_NOT_READY, "no session is ready", 0, 0);
}

// Feeds `size_bytes` bytes of the transfer buffer to the model.
MNW_WASM_EXPORT(mnw_status, push, uint32_t size_bytes) {
  const mnw_status status = need_model();
  if (status != MNW_STATUS_OK) return status;
  return mnw_model_push(mnw_wasm.model, mnw_wasm_io_buffer,
                        size_bytes <= IO_BYTES ? size_bytes : IO_BYTES, &mnw_wasm_error);
}

// Forgets shard `shard` and later ones; shard 0 holds the graph, so then the session goes as well.
MNW_WASM_EXPORT(mnw_status, rewind, uint32_t shard) {
  mnw_status status = need_model();
  if (status == MNW_STATUS_OK) status = mnw_model_rewind(mnw_wasm.model, shard, &mnw_wasm_error);
  if (status == MNW_STATUS_OK && shard == 0) {
    mnw_wasm.session = NULL;
    mnw_wasm_image_drop();
    mnw_wasm_heap.free_memory = mnw_wasm.session_memory;
  }
  return status;
}

// Plans and takes the session's memory; possible as soon as shard 0 is in.
MNW_WASM_EXPORT(mnw_status, prepare, void) {
  mnw_status status = need_model();
  if (status != MNW_STATUS_OK || mnw_wasm.session) return status;
  status = mnw_session_plan(&mnw_wasm.plan, mnw_wasm.model, mnw_wasm.team, &mnw_wasm_error);
  if (status != MNW_STATUS_OK) return status;
  void *memory;
  status = mnw_wasm_take_memory(&memory, mnw_wasm.plan.session_bytes);
  if (status != MNW_STATUS_OK) return status;
  mnw_wasm.picture_memory = mnw_wasm_heap.free_memory;
  return mnw_session_init(&mnw_wasm.session, mnw_wasm.model, mnw_wasm.team, memory,
                          mnw_wasm.plan.session_bytes, &mnw_wasm_error);
}

// 1 once every shard is in.
MNW_WASM_EXPORT(uint32_t, is_ready, void) {
  return mnw_wasm.model && mnw_model_is_ready(mnw_wasm.model);
}

MNW_WASM_EXPORT(uint32_t, input_count, void) {
  return mnw_wasm.session ? (uint32_t)mnw_model_input_count(mnw_wasm.model) : 0;
}

MNW_WASM_EXPORT(uint32_t, output_count, void) {
  return mnw_wasm.session ? (uint32_t)mnw_model_output_count(mnw_wasm.model) : 0;
}

// Writes one tensor's mnw_wasm_tensor_words into the transfer buffer.
MNW_WASM_EXPORT(mnw_status, tensor_info, uint32_t is_output, uint32_t index) {
  mnw_status status = mnw_wasm_need_session();
  if (status != MNW_STATUS_OK) return status;
  mnw_tensor_info info;
  status = is_output ? mnw_model_output_info(&info, mnw_wasm.model, index)
                     : mnw_model_input_info(&info, mnw_wasm.model, index);
  if (status != MNW_STATUS_OK) return mnw_wasm_fail(status, "there is no tensor %0", index, 0);
  const void *address = is_output ? mnw_session_output(mnw_wasm.session, index)
                                  : mnw_session_input(mnw_wasm.session, index);
  mnw_wasm_tensor_words words = {.dtype = info.dtype,
                                 .rank = info.rank,
                                 .scale = info.scale,
                                 .zero_point = info.zero_point,
                                 .size_bytes = (uint32_t)info.size_bytes,
                                 .address = (uint32_t)(uintptr_t)address};
  memcpy(words.dims, info.dims, sizeof words.dims);
  memcpy(mnw_wasm_io_buffer, &words, sizeof words);
  return MNW_STATUS_OK;
}

mnw_status mnw_wasm_input_info(mnw_tensor_info *info, uint32_t input) {
  mnw_status status = mnw_wasm_need_session();
  if (status != MNW_STATUS_OK) return status;
  status = mnw_model_input_info(info, mnw_wasm.model, input);
  return status == MNW_STATUS_OK ? status : mnw_wasm_fail(status, "there is no input %0", input, 0);
}

MNW_WASM_EXPORT(mnw_status, run, void) {
  const mnw_status status = mnw_wasm_need_session();
  return status == MNW_STATUS_OK ? mnw_session_run(mnw_wasm.session, &mnw_wasm_error) : status;
}

// Runs the next operator only, so that JavaScript can time it; its number goes to the transfer
// buffer.
MNW_WASM_EXPORT(mnw_status, step, void) {
  size_t op_index = 0;
  mnw_status status = mnw_wasm_need_session();
  if (status == MNW_STATUS_OK)
    status = mnw_session_step(mnw_wasm.session, &op_index, &mnw_wasm_error);
  const uint32_t number = (uint32_t)op_index;
  memcpy(mnw_wasm_io_buffer, &number, sizeof number);
  return status;
}

// Writes words about operator `index` into the transfer buffer: length of its name, rank and 6
// extents of its first output, then constant bytes, activation bytes and multiply-adds as float64;
// its name stands behind them.
MNW_WASM_EXPORT(mnw_status, operator_info, uint32_t index) {
  mnw_status status = mnw_wasm_need_session();
  if (status != MNW_STATUS_OK) return status;
  mnw_operator_info info;
  status = mnw_model_operator_info(&info, mnw_wasm.model, index);
  if (status != MNW_STATUS_OK) return mnw_wasm_fail(status, "there is no operator %0", index, 0);
  const uint32_t words[] = {(uint32_t)strlen(info.name), info.rank};
  const double figures[] = {(double)info.constant_bytes, (double)info.activation_bytes,
                            (double)info.multiply_adds};
  uint8_t *to = mnw_wasm_io_buffer;
  memcpy(to, words, sizeof words);
  to += sizeof words;
  memcpy(to, info.dims, sizeof info.dims);
  to += sizeof info.dims;
  memcpy(to, figures, sizeof figures);
  memcpy(to + sizeof figures, info.name, words[0]);
  return MNW_STATUS_OK;
}

// Bytes: 0 decoded weights, 1 planned peak of activations, 2 the whole wasm memory.
MNW_WASM_EXPORT(uint32_t, memory_report, uint32_t item) {
  if (item == 0) return mnw_wasm.package.weight_bytes;
  if (item == 1) return (uint32_t)mnw_wasm.plan.activation_bytes;
  return (uint32_t)(__builtin_wasm_memory_size(0) * MNW_WASM_PAGE_BYTES);
}
