#include "op.h"

// A build may leave operators out (MINNOW_OPS, tools/op_selection.cmake). Its own copy of the table
// has rows MNW_OP_LEFT_OUT(code, NAME) for them: with no row here nothing refers to their code, and
// the linker drops it.
#ifndef MNW_OP_SELECTION
#define MNW_OP_SELECTION "op_table.inc"
#endif

static const mnw_op operators[] = {
#define MNW_OP(code, name, lower, words) \
  {(code), (words), #name, mnw_##lower##_prepare, mnw_##lower##_eval},
#define MNW_OP_LEFT_OUT(code, name)
#include MNW_OP_SELECTION
#undef MNW_OP
#undef MNW_OP_LEFT_OUT
};

static const char *why_missing(uint32_t code) {
  switch (code) {
#define MNW_OP(number, name, lower, words)
#define MNW_OP_LEFT_OUT(number, name) \
  case number:                        \
    return "this build leaves out " #name " (operator %0): rebuild with it in MINNOW_OPS";
#include MNW_OP_SELECTION
#undef MNW_OP
#undef MNW_OP_LEFT_OUT
    default:
      return "operator %0 has code %1, which this build of the runtime does not have: update the "
             "runtime";
  }
}

const mnw_op *mnw_op_find(uint32_t code) {
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    if (operators[i].code == code) return &operators[i];
  }
  return NULL;
}

int mnw_op_param_words(uint32_t code, const char **why_missing_text) {
  const mnw_op *op = mnw_op_find(code);
  if (!op) *why_missing_text = why_missing(code);
  return op ? op->param_words : -1;
}
