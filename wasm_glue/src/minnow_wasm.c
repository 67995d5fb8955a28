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
#include <minnow/minnow.h>
#include <string.h>

// Opens the definition of an exported function: return type, name, parameters.
#define MNW_WASM_EXPORT(type, name, ...)                                 \
  __attribute__((export_name(#name))) type mnw_wasm_##name(__VA_ARGS__); \
  type mnw_wasm_##name(__VA_ARGS__)

// A tensor as JavaScript reads it: words of 4 bytes in this order.
typedef struct tensor_words {
  uint32_t dtype, rank;
  int32_t dims[MNW_MAX_RANK];
  float scale;
  int32_t zero_point;
  uint32_t size_bytes, address;
} tensor_words;
_Static_assert(sizeof(tensor_words) == 12 * 4, "12 words without gaps");

enum { IO_BYTES = 65536, PAGE_BYTES = 65536 };

extern uint8_t __heap_base;  // set by the linker: the first byte behind the static data

static struct {
  uint8_t *free_memory;  // NULL before open()
  size_t limit_bytes;    // of the whole wasm memory
  mnw_package_info package;
  mnw_model *model;
  mnw_session *session;
  mnw_session_plan_info plan;
  uint8_t *session_memory, *picture_memory;  // where each region begins
  mnw_image *image;
  uint8_t *rows;  // where JavaScript puts the next rows of the picture
  uint32_t max_rows;
  mnw_error error;
} state;

static _Alignas(MNW_ALIGNMENT) uint8_t io[IO_BYTES];

static mnw_status fail(mnw_status status, const char *what, int64_t arg0, int64_t arg1) {
  state.error = (mnw_error){.status = status, .what = what, .args = {arg0, arg1, 0}};
  return status;
}

// Takes the next `size_bytes` bytes, growing the memory as needed.
static mnw_status take_memory(void **memory, size_t size_bytes) {
  const uint64_t begin =
      ((uintptr_t)state.free_memory + MNW_ALIGNMENT - 1) & ~(uintptr_t)(MNW_ALIGNMENT - 1);
  const uint64_t end = begin + size_bytes;
  const uint64_t have_pages = __builtin_wasm_memory_size(0);
  const uint64_t need_pages = (end + PAGE_BYTES - 1) / PAGE_BYTES;
  if (need_pages > have_pages) {
    if (need_pages * PAGE_BYTES > state.limit_bytes) {
      return fail(MNW_STATUS_OUT_OF_MEMORY,
                  "%0 bytes of memory are needed and the limit is %1: raise memory.maxBytes or use "
                  "a smaller model",
                  (int64_t)(need_pages * PAGE_BYTES), (int64_t)state.limit_bytes);
    }
    if (__builtin_wasm_memory_grow(0, (size_t)(need_pages - have_pages)) == SIZE_MAX) {
      return fail(MNW_STATUS_OUT_OF_MEMORY,
                  "the browser does not give the %0 bytes of memory that are needed (it has given "
                  "%1): dispose of other models or use a smaller one",
                  (int64_t)(need_pages * PAGE_BYTES), (int64_t)(have_pages * PAGE_BYTES));
    }
  }
  *memory = (void *)(uintptr_t)begin;
  state.free_memory = (uint8_t *)(uintptr_t)end;
  return MNW_STATUS_OK;
}

// The transfer buffer.
MNW_WASM_EXPORT(void *, io, void) {
  return io;
}

MNW_WASM_EXPORT(uint32_t, io_bytes, void) {
  return IO_BYTES;
}

// The last error's message, written into the transfer buffer; returns its length.
MNW_WASM_EXPORT(uint32_t, error_message, void) {
  return (uint32_t)mnw_error_message(&state.error, (char *)io, MNW_ERROR_MESSAGE_BYTES);
}

// The name of a status code, written into the transfer buffer; returns its length, 0 past the last.
MNW_WASM_EXPORT(uint32_t, status_name, uint32_t status) {
  const char *name = mnw_status_name((mnw_status)status);
  const size_t length = name ? strlen(name) : 0;
  if (length > 0) memcpy(io, name, length);
  return (uint32_t)length;
}

// Makes room for a model: the first `size_bytes` (≥ MNW_PACKAGE_PEEK_BYTES) bytes of shard 0 stand
// in the transfer buffer. limit_bytes: of the whole memory, 0 for none but the module's own.
MNW_WASM_EXPORT(mnw_status, open, uint32_t size_bytes, uint32_t limit_bytes) {
  if (state.free_memory) {
    return fail(MNW_STATUS_INVALID_ARGUMENT, "this instance has been opened already", 0, 0);
  }
  if (size_bytes > IO_BYTES) size_bytes = IO_BYTES;
  mnw_status status = mnw_package_peek(&state.package, io, size_bytes, &state.error);
  if (status != MNW_STATUS_OK) return status;
  void *memory;
  state.free_memory = &__heap_base;
  state.limit_bytes = limit_bytes ? limit_bytes : SIZE_MAX;
  status = take_memory(&memory, state.package.model_bytes);
  if (status != MNW_STATUS_OK) return status;
  state.session_memory = state.free_memory;
  return mnw_model_init(&state.model, memory, state.package.model_bytes, &state.package,
                        mnw_kernels_get(0), &state.error);
}

static mnw_status need_model(void) {
  return state.model ? MNW_STATUS_OK : fail(MNW_STATUS_NOT_READY, "no package is open", 0, 0);
}

static mnw_status need_session(void) {
  return state.session ? MNW_STATUS_OK : fail(MNW_STATUS_NOT_READY, "no session is ready", 0, 0);
}

// Feeds `size_bytes` bytes of the transfer buffer to the model.
MNW_WASM_EXPORT(mnw_status, push, uint32_t size_bytes) {
  const mnw_status status = need_model();
  if (status != MNW_STATUS_OK) return status;
  return mnw_model_push(state.model, io, size_bytes <= IO_BYTES ? size_bytes : IO_BYTES,
                        &state.error);
}

// Forgets shard `shard` and later ones; shard 0 holds the graph, so then the session goes as well.
MNW_WASM_EXPORT(mnw_status, rewind, uint32_t shard) {
  mnw_status status = need_model();
  if (status == MNW_STATUS_OK) status = mnw_model_rewind(state.model, shard, &state.error);
  if (status == MNW_STATUS_OK && shard == 0) {
    state.session = NULL;
    state.image = NULL;
    state.free_memory = state.session_memory;
  }
  return status;
}

// Plans and takes the session's memory; possible as soon as shard 0 is in.
MNW_WASM_EXPORT(mnw_status, prepare, void) {
  mnw_status status = need_model();
  if (status != MNW_STATUS_OK || state.session) return status;
  status = mnw_session_plan(&state.plan, state.model, NULL, &state.error);
  if (status != MNW_STATUS_OK) return status;
  void *memory;
  status = take_memory(&memory, state.plan.session_bytes);
  if (status != MNW_STATUS_OK) return status;
  state.picture_memory = state.free_memory;
  return mnw_session_init(&state.session, state.model, NULL, memory, state.plan.session_bytes,
                          &state.error);
}

// 1 once every shard is in.
MNW_WASM_EXPORT(uint32_t, is_ready, void) {
  return state.model && mnw_model_is_ready(state.model);
}

MNW_WASM_EXPORT(uint32_t, input_count, void) {
  return state.session ? (uint32_t)mnw_model_input_count(state.model) : 0;
}

MNW_WASM_EXPORT(uint32_t, output_count, void) {
  return state.session ? (uint32_t)mnw_model_output_count(state.model) : 0;
}

// Writes one tensor's tensor_words into the transfer buffer.
MNW_WASM_EXPORT(mnw_status, tensor_info, uint32_t is_output, uint32_t index) {
  mnw_status status = need_session();
  if (status != MNW_STATUS_OK) return status;
  mnw_tensor_info info;
  status = is_output ? mnw_model_output_info(&info, state.model, index)
                     : mnw_model_input_info(&info, state.model, index);
  if (status != MNW_STATUS_OK) return fail(status, "there is no tensor %0", index, 0);
  const void *address = is_output ? mnw_session_output(state.session, index)
                                  : mnw_session_input(state.session, index);
  tensor_words words = {.dtype = info.dtype,
                        .rank = info.rank,
                        .scale = info.scale,
                        .zero_point = info.zero_point,
                        .size_bytes = (uint32_t)info.size_bytes,
                        .address = (uint32_t)(uintptr_t)address};
  memcpy(words.dims, info.dims, sizeof words.dims);
  memcpy(io, &words, sizeof words);
  return MNW_STATUS_OK;
}

MNW_WASM_EXPORT(mnw_status, run, void) {
  const mnw_status status = need_session();
  return status == MNW_STATUS_OK ? mnw_session_run(state.session, &state.error) : status;
}

// Runs the next operator only, so that JavaScript can time it; its number goes to the transfer
// buffer.
MNW_WASM_EXPORT(mnw_status, step, void) {
  size_t op_index = 0;
  mnw_status status = need_session();
  if (status == MNW_STATUS_OK) status = mnw_session_step(state.session, &op_index, &state.error);
  const uint32_t number = (uint32_t)op_index;
  memcpy(io, &number, sizeof number);
  return status;
}

// Writes words about operator `index` into the transfer buffer: length of its name, rank and 6
// extents of its first output, then constant bytes, activation bytes and multiply-adds as float64;
// its name stands behind them.
MNW_WASM_EXPORT(mnw_status, operator_info, uint32_t index) {
  mnw_status status = need_session();
  if (status != MNW_STATUS_OK) return status;
  mnw_operator_info info;
  status = mnw_model_operator_info(&info, state.model, index);
  if (status != MNW_STATUS_OK) return fail(status, "there is no operator %0", index, 0);
  const uint32_t words[] = {(uint32_t)strlen(info.name), info.rank};
  const double figures[] = {(double)info.constant_bytes, (double)info.activation_bytes,
                            (double)info.multiply_adds};
  uint8_t *to = io;
  memcpy(to, words, sizeof words);
  to += sizeof words;
  memcpy(to, info.dims, sizeof info.dims);
  to += sizeof info.dims;
  memcpy(to, figures, sizeof figures);
  memcpy(to + sizeof figures, info.name, words[0]);
  return MNW_STATUS_OK;
}

// Begins a picture of source_width x source_height pixels that fills input `input`, and makes room
// for `max_rows` rows at a time at image_buffer(). A float32 input gets 0 … 255 times `scale` plus
// `offset`. A picture that was not ended is dropped.
MNW_WASM_EXPORT(mnw_status, image_begin, uint32_t input, uint32_t source_width,
                uint32_t source_height, uint32_t max_rows, float scale, float offset) {
  mnw_status status = need_session();
  if (status != MNW_STATUS_OK) return status;
  mnw_tensor_info info;
  status = mnw_model_input_info(&info, state.model, input);
  if (status != MNW_STATUS_OK) return fail(status, "there is no input %0", input, 0);
  if (info.rank != 4 || info.dims[0] != 1) {
    return fail(MNW_STATUS_INVALID_ARGUMENT, "input %0 is no picture: its shape is not [1,h,w,c]",
                input, 0);
  }
  const mnw_image_options options = {.source_width = source_width,
                                     .source_height = source_height,
                                     .width = (uint32_t)info.dims[2],
                                     .height = (uint32_t)info.dims[1],
                                     .channels = (uint32_t)info.dims[3],
                                     .dtype = info.dtype,
                                     .scale = scale,
                                     .offset = offset};
  const size_t image_bytes = mnw_image_bytes(&options);
  const uint64_t rows_bytes = (uint64_t)max_rows * source_width * 4;
  if (image_bytes == 0 || rows_bytes == 0 || rows_bytes > INT32_MAX) {
    return fail(MNW_STATUS_INVALID_ARGUMENT, "a picture of %0 x %1 pixels cannot be read",
                source_width, source_height);
  }
  void *memory, *rows;
  state.image = NULL;
  state.free_memory = state.picture_memory;
  status = take_memory(&memory, image_bytes);
  if (status == MNW_STATUS_OK) status = take_memory(&rows, (size_t)rows_bytes);
  if (status != MNW_STATUS_OK) return status;
  state.rows = rows;
  state.max_rows = max_rows;
  return mnw_image_init(&state.image, memory, image_bytes, &options,
                        mnw_session_input(state.session, input), &state.error);
}

// Where to put the next rows of RGBA bytes.
MNW_WASM_EXPORT(void *, image_buffer, void) {
  return state.image ? state.rows : NULL;
}

MNW_WASM_EXPORT(mnw_status, image_rows, uint32_t row_count) {
  if (!state.image) return fail(MNW_STATUS_NOT_READY, "no picture was begun", 0, 0);
  if (row_count > state.max_rows) {
    return fail(MNW_STATUS_INVALID_ARGUMENT, "%0 rows at once; room was made for %1", row_count,
                state.max_rows);
  }
  return mnw_image_push_rows(state.image, state.rows, row_count, &state.error);
}

MNW_WASM_EXPORT(mnw_status, image_end, void) {
  const bool is_complete = state.image && mnw_image_is_complete(state.image);
  state.image = NULL;
  return is_complete ? MNW_STATUS_OK : fail(MNW_STATUS_TRUNCATED, "rows are missing", 0, 0);
}

// Bytes: 0 decoded weights, 1 planned peak of activations, 2 the whole wasm memory.
MNW_WASM_EXPORT(uint32_t, memory_report, uint32_t item) {
  if (item == 0) return state.package.weight_bytes;
  if (item == 1) return (uint32_t)state.plan.activation_bytes;
  return (uint32_t)(__builtin_wasm_memory_size(0) * PAGE_BYTES);
}
