// Any bytes as a package: peek, push in two pieces, plan, and run when the model gets ready; then
// the later shards once more.
#include <minnow/minnow.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "format/package_format.h"
#include "fuzz_target.h"

enum { MEMORY_LIMIT = 1 << 22 };

static void *aligned_block(size_t bytes) {
  return aligned_alloc(MNW_ALIGNMENT, (bytes + MNW_ALIGNMENT - 1) / MNW_ALIGNMENT * MNW_ALIGNMENT);
}

// Multiplications of a run are bounded by what the tensors hold, which MEMORY_LIMIT bounds; still
// keep single runs short.
static void run_model(const mnw_model *model) {
  mnw_session_plan_info plan;
  mnw_session *session;
  mnw_error error;
  if (mnw_session_plan(&plan, model, NULL, &error) != MNW_STATUS_OK || plan.session_bytes > 1 << 16)
    return;
  void *memory = aligned_block(plan.session_bytes);
  if (mnw_session_init(&session, model, NULL, memory, plan.session_bytes, &error) ==
      MNW_STATUS_OK) {
    for (size_t i = 0; i < mnw_model_input_count(model); i++) {
      mnw_tensor_info info;
      if (mnw_model_input_info(&info, model, i) != MNW_STATUS_OK) continue;
      for (size_t b = 0; b < info.size_bytes; b++) {
        ((uint8_t *)mnw_session_input(session, i))[b] = (uint8_t)(b * 37);
      }
    }
    if (mnw_session_run(session, &error) == MNW_STATUS_OK && !mnw_session_output(session, 0))
      abort();
  }
  free(memory);
}

// Where shard `number` starts, if the sizes in the headers of those before are right.
static size_t shard_start(const uint8_t *bytes, size_t size_bytes, uint32_t number) {
  size_t at = 0;
  for (; number > 0 && size_bytes - at >= MNW_SHARD_HEADER_BYTES; number--) {
    const size_t shard_bytes = mnw_load_u32(bytes + at + 8);
    if (shard_bytes > size_bytes - at) break;
    at += shard_bytes;
  }
  return at;
}

static void push_again(mnw_model *model, uint32_t shard, const uint8_t *bytes, size_t size_bytes) {
  mnw_error error;
  const size_t at = shard_start(bytes, size_bytes, shard);
  if (mnw_model_rewind(model, shard, &error) != MNW_STATUS_OK) return;
  if (mnw_model_push(model, bytes + at, size_bytes - at, &error) != MNW_STATUS_OK) return;
  run_model(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  mnw_package_info info;
  mnw_error error;
  mnw_model *model;
  char text[MNW_ERROR_MESSAGE_BYTES];
  mnw_status status = mnw_package_peek(&info, bytes, size_bytes, &error);
  if (status != MNW_STATUS_OK || info.model_bytes > MEMORY_LIMIT) return 0;
  void *memory = aligned_block(info.model_bytes);
  status = mnw_model_init(&model, memory, info.model_bytes, &info, mnw_kernels_get(0), &error);
  if (status != MNW_STATUS_OK) abort();
  const size_t cut = size_bytes / 3;
  status = mnw_model_push(model, bytes, cut, &error);
  if (status == MNW_STATUS_OK) {
    run_model(model);
    status = mnw_model_push(model, bytes + cut, size_bytes - cut, &error);
  }
  if (status != MNW_STATUS_OK && mnw_error_message(&error, text, sizeof text) == 0) abort();
  if (mnw_model_has_graph(model)) run_model(model);
  push_again(model, info.shard_count / 2, bytes, size_bytes);
  free(memory);
  return 0;
}
