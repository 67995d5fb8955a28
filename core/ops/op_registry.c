#include "op.h"

static const mnw_op operators[] = {
#define MNW_OP(code, name, lower, words) \
  {(code), (words), #name, mnw_##lower##_prepare, mnw_##lower##_eval},
#include "op_table.inc"
#undef MNW_OP
};

const mnw_op *mnw_op_find(uint32_t code) {
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    if (operators[i].code == code) return &operators[i];
  }
  return NULL;
}

int mnw_op_param_words(uint32_t code) {
  const mnw_op *op = mnw_op_find(code);
  return op ? op->param_words : -1;
}
