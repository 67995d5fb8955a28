// Minnow's public C API: read a package from pushed bytes, plan memory, run inference.
//
// The whole life of a model, with memory owned by the caller at every step:
//
//   mnw_package_info info;
//   mnw_package_peek(&info, first_bytes, MNW_PACKAGE_PEEK_BYTES, &err);   // sizes, before any
//   allocation mnw_model_init(&model, malloc(info.model_bytes), info.model_bytes, &info, kernels,
//   &err); while (bytes arrive) mnw_model_push(model, bytes, size_bytes, &err);  // any size, in
//   stream order mnw_session_plan(&plan, model, NULL, &err);                             //
//   possible once the graph is in mnw_session_init(&session, model, NULL,
//   malloc(plan.session_bytes), plan.session_bytes, &err); memcpy(mnw_session_input(session, 0),
//   pixels, …); mnw_session_run(session, &err); use(mnw_session_output(session, 0));
//
// There is nothing to free: dropping the two memory blocks ends everything. The library has no
// globals, does no I/O, never allocates and never reads a clock. A model is written only by
// mnw_model_push(); once ready it is immutable and any number of sessions, on any threads, may
// share it. One session must not be used by two threads at a time.
#ifndef MINNOW_MINNOW_H_
#define MINNOW_MINNOW_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mnw_status {
#define MNW_STATUS(code, name, summary) MNW_STATUS_##name = (code),
#include "status_list.inc"
#undef MNW_STATUS
} mnw_status;

// Element types. Values are stored in packages and never reused.
typedef enum mnw_dtype {
  MNW_DTYPE_F32 = 1,
  MNW_DTYPE_S8 = 2,
  MNW_DTYPE_U8 = 3,
  MNW_DTYPE_S32 = 4,
  MNW_DTYPE_S64 = 5,
  MNW_DTYPE_BOOL = 6,  // one byte, 0 or 1
  MNW_DTYPE_S16 = 7,
} mnw_dtype;

enum {
  MNW_MAX_RANK = 6,
  MNW_ALIGNMENT = 16,            // of every memory block that is handed in, in bytes
  MNW_PACKAGE_PEEK_BYTES = 80,   // bytes at the start of shard 0 that mnw_package_peek() needs
  MNW_ERROR_MESSAGE_BYTES = 256  // enough for every message
};

// What went wrong. `what` is a static text in which %0 … %2 stand for `args`; mnw_error_message()
// fills them in.
typedef struct mnw_error {
  mnw_status status;
  const char *what;
  int64_t args[3];
} mnw_error;

// Writes the NUL-terminated message ("STATUS_NAME: what") and returns its length without the NUL;
// truncates to fit.
size_t mnw_error_message(const mnw_error *error, char *text, size_t text_bytes);
const char *mnw_status_name(mnw_status status);

// Sizes told by the first bytes of a package.
typedef struct mnw_package_info {
  uint32_t format_version;
  uint32_t shard_count;
  uint32_t tensor_count;
  uint32_t op_count;
  uint32_t weight_bytes;  // all constants, decoded and aligned
  size_t model_bytes;     // memory that mnw_model_init() needs on this platform
  uint32_t words[16];     // header as read; private to the reader
} mnw_package_info;

// Reads the sizes of a package from the first MNW_PACKAGE_PEEK_BYTES bytes of shard 0.
// Errors: TRUNCATED, NOT_A_PACKAGE, UNSUPPORTED_VERSION, LIMIT_EXCEEDED, CORRUPT.
mnw_status mnw_package_peek(mnw_package_info *info, const void *bytes, size_t size_bytes,
                            mnw_error *error);

typedef struct mnw_model mnw_model;
typedef struct mnw_session mnw_session;
typedef struct mnw_kernels mnw_kernels;

// Kernel sets of this build, best first; NULL past the end. Each gives the same results bit for bit
// for integer operators. Names: "scalar", "simd128", "relaxed".
const mnw_kernels *mnw_kernels_get(size_t index);
const char *mnw_kernels_name(const mnw_kernels *kernels);

// Lays out a model in `memory` (MNW_ALIGNMENT-aligned, info->model_bytes, owned by the caller, to
// be kept as long as the model and its sessions are used). Errors: INVALID_ARGUMENT, OUT_OF_MEMORY.
mnw_status mnw_model_init(mnw_model **model, void *memory, size_t memory_bytes,
                          const mnw_package_info *info, const mnw_kernels *kernels,
                          mnw_error *error);

// Feeds the next bytes of the shards' concatenation, cut anywhere; bytes are not kept after the
// call. After an error the model refuses further bytes until mnw_model_rewind(). Errors: CORRUPT,
// TRUNCATED, LIMIT_EXCEEDED, OUT_OF_MEMORY, UNSUPPORTED_OPERATOR, INVALID_GRAPH,
// UNSUPPORTED_VERSION.
mnw_status mnw_model_push(mnw_model *model, const void *bytes, size_t size_bytes, mnw_error *error);

// Forgets what was pushed of shard `shard` and later ones (a broken download is pushed again from
// its first byte). Errors: INVALID_ARGUMENT (the shard was not reached yet).
mnw_status mnw_model_rewind(mnw_model *model, uint32_t shard, mnw_error *error);

bool mnw_model_has_graph(const mnw_model *model);  // inputs, outputs and plan can be asked for
bool mnw_model_is_ready(const mnw_model *model);   // every shard is in

// One tensor as the caller sees it: row-major (NHWC for pictures), real = scale * (value -
// zero_point); scale is 0 for tensors without quantisation.
typedef struct mnw_tensor_info {
  mnw_dtype dtype;
  uint32_t rank;
  int32_t dims[MNW_MAX_RANK];
  float scale;
  int32_t zero_point;
  size_t size_bytes;
} mnw_tensor_info;

size_t mnw_model_input_count(const mnw_model *model);
size_t mnw_model_output_count(const mnw_model *model);
// Errors: INVALID_ARGUMENT (index), NOT_READY (the graph is not in yet).
mnw_status mnw_model_input_info(mnw_tensor_info *info, const mnw_model *model, size_t index);
mnw_status mnw_model_output_info(mnw_tensor_info *info, const mnw_model *model, size_t index);

// Threads that share the work of one session. The library starts none: the caller's own threads
// lend themselves, each with an index of its own from 1 to threads − 1, by
//
//   for (;;) {
//     seen = mnw_team_help(team, index);            // returns when there is nothing to do
//     mnw_team_sleep_begin(team);
//     wait until *mnw_team_word(team) is not seen   // futex, wasm atomic wait
//     mnw_team_sleep_end(team);
//   }
//
// and the thread that runs the session wakes them in `notify`. Results are the same bits for any
// number of threads. One session at a time may run with a team.
typedef struct mnw_team mnw_team;
typedef void mnw_team_notify_fn(void *argument);  // wakes all that wait on the team's word

size_t mnw_team_bytes(void);
// `memory` (MNW_ALIGNMENT-aligned, mnw_team_bytes(), owned by the caller) must outlive sessions and
// helpers. `threads` counts the one that runs the session; `notify` may be NULL where nobody
// sleeps. Errors: INVALID_ARGUMENT.
mnw_status mnw_team_init(mnw_team **team, void *memory, size_t memory_bytes, uint32_t threads,
                         mnw_team_notify_fn *notify, void *notify_argument, mnw_error *error);
// Helps until there has been nothing to do for a fraction of a millisecond. Returns what the
// word held before the last look for work.
uint32_t mnw_team_help(mnw_team *team, uint32_t thread);
const uint32_t *mnw_team_word(const mnw_team *team);  // to be read atomically
void mnw_team_sleep_begin(mnw_team *team);
void mnw_team_sleep_end(mnw_team *team);

// What one session will need, known before anything is allocated for it.
typedef struct mnw_session_plan_info {
  size_t
      session_bytes;  // memory that mnw_session_init() needs: activations, scratch and bookkeeping
  size_t activation_bytes;  // of these, the planned peak of activations and scratch
} mnw_session_plan_info;

// Errors: NOT_READY, INVALID_GRAPH, LIMIT_EXCEEDED.
// `team`: the one that the session will have, NULL for none; each thread takes scratch of its own.
mnw_status mnw_session_plan(mnw_session_plan_info *plan, const mnw_model *model,
                            const mnw_team *team, mnw_error *error);

// Errors: NOT_READY, OUT_OF_MEMORY, INVALID_GRAPH.
mnw_status mnw_session_init(mnw_session **session, const mnw_model *model, mnw_team *team,
                            void *memory, size_t memory_bytes, mnw_error *error);

// Where to write input `index` before each run, and where output `index` stands until the next run;
// both inside the session's memory. NULL for an index out of range. Activations share memory:
// inputs do not survive a run.
void *mnw_session_input(mnw_session *session, size_t index);
const void *mnw_session_output(const mnw_session *session, size_t index);

// Runs the graph. NOT_READY: the weights of the next operator have not arrived; push more and call
// again, the run goes on where it stopped.
mnw_status mnw_session_run(mnw_session *session, mnw_error *error);

// Runs the next operator only, so that a caller with a clock can time each of them; after the last
// one the next step, or run, starts over. `op_index` (may be NULL) becomes the operator that ran.
// A convolution whose result only a depthwise convolution reads may wait for that one's step.
// Errors: NOT_READY, as for mnw_session_run(); INVALID_ARGUMENT for a graph without operators.
mnw_status mnw_session_step(mnw_session *session, size_t *op_index, mnw_error *error);

// One operator of the graph, in execution order, for profiles.
typedef struct mnw_operator_info {
  const char *name;           // "CONV_2D"; static
  uint64_t multiply_adds;     // of convolutions and products, 0 for other operators; those of one
                              // that runs in the next one's step count there
  uint64_t constant_bytes;    // that it reads: weights, biases, tables
  uint64_t activation_bytes;  // that it reads and writes
  uint32_t rank;              // of its first output
  int32_t dims[MNW_MAX_RANK];
} mnw_operator_info;

size_t mnw_model_operator_count(const mnw_model *model);
// Errors: INVALID_ARGUMENT (index), NOT_READY (the graph is not in yet).
mnw_status mnw_model_operator_info(mnw_operator_info *info, const mnw_model *model, size_t index);

#ifdef __cplusplus
}
#endif

#include "frontend.h"  // pictures, sound and text into input tensors

#endif  // MINNOW_MINNOW_H_
