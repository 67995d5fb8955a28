// What the exports of a model share: the one model of the instance.
#ifndef MINNOW_WASM_H_
#define MINNOW_WASM_H_

#include "minnow_wasm_base.h"

typedef struct mnw_wasm_state {
  mnw_package_info package;
  mnw_model *model;
  mnw_session *session;
  mnw_session_plan_info plan;
  mnw_team *team;                            // NULL: one thread
  uint8_t *session_memory, *picture_memory;  // where each region begins
} mnw_wasm_state;

extern mnw_wasm_state mnw_wasm;

mnw_status mnw_wasm_need_session(void);

// Errors: NOT_READY, INVALID_ARGUMENT.
mnw_status mnw_wasm_input_info(mnw_tensor_info *info, uint32_t input);

// Forgets the picture: its memory goes together with the session's.
void mnw_wasm_image_drop(void);

#endif  // MINNOW_WASM_H_
