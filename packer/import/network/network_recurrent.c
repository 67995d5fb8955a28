// Layers that read one step behind the other: a gated recurrent unit (Cho et al. 2014), in the form
// whose reset gate comes behind the product with the state (ONNX linear_before_reset, cuDNN).
#include <string.h>

#include "../../../core/ops/op_params.h"
#include "network_builder.h"

enum { GATES = 3, GRU = 1, LAST_STEP = 1 };

typedef struct gru_layer {
  int32_t units, batch, steps, width;  // width: of a step
  bool returns_all;
} gru_layer;

static bool bad(const pk_network_builder *b, const pk_network_layer *layer, const char *field,
                const char *expected) {
  return pk_field_bad(&b->reader, layer->where, field, expected);
}

static bool read_fields(gru_layer *gru, const pk_network_builder *b, const pk_network_layer *layer,
                        int32_t x) {
  static const char *const known[] = {"gru", "returns", "like", NULL};
  const pk_tensor *in = &b->graph->tensors[x];
  const json_t *returns = json_object_get(layer->json, "returns");
  const char *name = returns ? json_string_value(returns) : "last";
  int64_t units;
  *gru = (gru_layer){0};
  if (!pk_network_check_fields(b, layer, known) ||
      !pk_field_integer(&units, &b->reader, layer->json, layer->where, "gru", 1,
                        PK_NETWORK_MAX_WIDTH)) {
    return false;
  }
  if (!name || (strcmp(name, "last") != 0 && strcmp(name, "all") != 0)) {
    return bad(b, layer, "returns", "last or all");
  }
  if (in->rank < 3) {
    return bad(b, layer, "gru",
               "behind something with steps: [steps, values], or rows of a picture");
  }
  const int64_t width = pk_tensor_elements(in) / in->dims[0] / in->dims[1];
  if (width > PK_NETWORK_MAX_WIDTH) return bad(b, layer, "gru", "behind steps with fewer values");
  *gru = (gru_layer){(int32_t)units, in->dims[0], in->dims[1], (int32_t)width,
                     strcmp(name, "all") == 0};
  return true;
}

static int32_t emit_reshape(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                            int rank, const int32_t *dims) {
  const pk_op op = {.kind = PK_OP_RESHAPE, .inputs = &x, .input_count = 1};
  return pk_network_emit(b, &op, rank, dims, layer->name);
}

static int32_t emit_transpose(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                              int rank, const int32_t *perm) {
  const pk_tensor in = b->graph->tensors[x];
  pk_op op = {.kind = PK_OP_TRANSPOSE, .inputs = &x, .input_count = 1};
  int32_t dims[PK_MAX_RANK];
  for (int i = 0; i < rank; i++) {
    dims[i] = in.dims[perm[i]];
    op.attributes.words.words[MNW_TRANSPOSE_PERM + i] = perm[i];
  }
  return pk_network_emit(b, &op, rank, dims, layer->name);
}

// [batch][steps][width], or a picture's rows, to [steps][batch][width].
static int32_t steps_first(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                           const gru_layer *gru) {
  static const int32_t perm[] = {1, 0, 2};
  const int32_t dims[] = {gru->batch, gru->steps, gru->width};
  if (b->graph->tensors[x].rank != 3) x = emit_reshape(b, layer, x, 3, dims);
  return x < 0 ? -1 : emit_transpose(b, layer, x, 3, perm);
}

static int32_t emit_gru(pk_network_builder *b, const pk_network_layer *layer, int32_t x,
                        const gru_layer *gru) {
  const int32_t n = gru->units;
  const int32_t from_x[] = {1, GATES * n, gru->width}, from_state[] = {1, GATES * n, n};
  const int32_t bias[] = {1, 2 * GATES * n};
  const int32_t every[] = {gru->steps, 1, gru->batch, n}, last[] = {1, gru->batch, n};
  int32_t inputs[] = {x, pk_network_constant(b, layer, "weights", 3, from_x), -1, -1};
  if (inputs[1] < 0) return -1;
  inputs[2] = pk_network_constant(b, layer, "recurrent", 3, from_state);
  if (inputs[2] < 0) return -1;
  inputs[3] = pk_network_constant(b, layer, "bias", 2, bias);
  if (inputs[3] < 0) return -1;
  pk_op op = {.kind = PK_OP_RECURRENT, .inputs = inputs, .input_count = 4};
  op.attributes.words.words[MNW_RECURRENT_CELL] = GRU;
  op.attributes.words.words[MNW_RECURRENT_OUTPUT] = gru->returns_all ? 0 : LAST_STEP;
  op.attributes.words.words[MNW_RECURRENT_LINEAR_BEFORE_RESET] = 1;
  return pk_network_emit(b, &op, gru->returns_all ? 4 : 3, gru->returns_all ? every : last,
                         layer->name);
}

int32_t pk_network_add_gru(pk_network_builder *b, const pk_network_layer *layer, int32_t x) {
  static const int32_t batch_first[] = {2, 0, 1, 3};
  gru_layer gru;
  if (!read_fields(&gru, b, layer, x)) return -1;
  const int32_t last[] = {gru.batch, gru.units};
  x = steps_first(b, layer, x, &gru);
  if (x >= 0) x = emit_gru(b, layer, x, &gru);
  if (x < 0) return -1;
  const int32_t y = gru.returns_all ? emit_transpose(b, layer, x, 4, batch_first)
                                    : emit_reshape(b, layer, x, 2, last);
  return y < 0 ? -1 : pk_network_finish(b, layer, y, false);
}
