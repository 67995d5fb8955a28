// What an import function asks of its node: inputs, outputs, attributes, and how it refuses.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "onnx_build.h"
#include "onnx_names.h"

bool pk_onnx_refuse(pk_onnx *o, const char *format, ...) {
  char why[128], what[96];
  va_list args;
  va_start(args, format);
  vsnprintf(why, sizeof why, format, args);
  va_end(args);
  snprintf(what, sizeof what, "%.40s (%.50s)", o->node->op_type, why);
  if (!o->is_refused && o->error->code == PK_OK) {
    pk_report_add(o->report, what, "node", (size_t)o->node_index, o->node_name);
  }
  o->is_refused = true;
  return false;
}

pk_value pk_onnx_refuse_value(pk_onnx *o, const char *why) {
  pk_onnx_refuse(o, "%s", why);
  return PK_FAILED;
}

bool pk_onnx_broken(pk_onnx *o, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return pk_fail(o->error, PK_BAD_MODEL, "node %d (%.40s \"%s\"): %s", o->node_index,
                 o->node->op_type, o->node_name, text);
}

pk_value pk_onnx_input(pk_onnx *o, size_t index) {
  if (o->call) return index < o->call->input_count ? o->call->inputs[index] : PK_ABSENT;
  if (index >= o->node->n_input || o->node->input[index][0] == '\0') return PK_ABSENT;
  const pk_onnx_name *name = pk_onnx_names_find(o, o->node->input[index]);
  if (name) return name->value;
  char text[PK_NAME_MAX_BYTES + 1];
  pk_onnx_clean_name(text, o->node->input[index]);
  pk_onnx_broken(o, "it reads \"%s\", which no earlier node, input or initializer gives", text);
  return PK_FAILED;
}

size_t pk_onnx_input_count(const pk_onnx *o) {
  return o->call ? o->call->input_count : o->node->n_input;
}

pk_value pk_onnx_apply(pk_onnx *o, const char *name, const pk_value *inputs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (inputs[i] == PK_FAILED) return PK_FAILED;
  }
  pk_onnx_call *outer = o->call;
  pk_onnx_call call = {
      .row = pk_onnx_find_op(name), .inputs = inputs, .input_count = count, .output = PK_FAILED};
  o->call = &call;
  const bool ok = call.row->import(o);
  o->call = outer;
  return ok ? call.output : PK_FAILED;
}

pk_value pk_onnx_required(pk_onnx *o, size_t index) {
  const pk_value value = pk_onnx_input(o, index);
  if (value != PK_ABSENT) return value;
  pk_onnx_broken(o, "its input %zu is missing", index);
  return PK_FAILED;
}

bool pk_onnx_has_output(const pk_onnx *o, size_t index) {
  if (o->call) return index == 0;
  return index < o->node->n_output && o->node->output[index][0] != '\0';
}

bool pk_onnx_set_output(pk_onnx *o, size_t index, pk_value value) {
  if (value == PK_FAILED || value == PK_ABSENT) return false;
  if (!pk_onnx_has_output(o, index)) return true;
  if (o->call) {
    o->call->output = value;
    return true;
  }
  return pk_onnx_names_add(o, o->node->output[index], value);
}

pk_value pk_onnx_wrap(pk_onnx *o, pk_value value, int type) {
  static const struct {
    double range;
    int type;
    bool is_signed;
  } rows[] = {{4.0, PK_ONNX_UINT2, false},          {4.0, PK_ONNX_INT2, true},
              {16.0, PK_ONNX_UINT4, false},         {16.0, PK_ONNX_INT4, true},
              {65536.0, PK_ONNX_UINT16, false},     {65536.0, PK_ONNX_INT16, true},
              {4294967296.0, PK_ONNX_UINT32, false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].type != type) continue;
    const double half = rows[i].is_signed ? rows[i].range / 2 : 0.0;
    if (half > 0.0) value = pk_onnx_binary_scalar(o, MNW_BINARY_ADD, value, half);
    value = pk_onnx_binary_scalar(o, MNW_BINARY_MOD, value, rows[i].range);
    if (half > 0.0) value = pk_onnx_binary_scalar(o, MNW_BINARY_SUB, value, half);
  }
  return value;
}

bool pk_onnx_set_typed_output(pk_onnx *o, size_t index, pk_value value, int type) {
  if (value < 0) return false;
  if (pk_onnx_type_dtype(type) != pk_onnx_tensor(o, value)->dtype) {
    return pk_onnx_set_output(o, index, value);
  }
  if (pk_onnx_this_op(o)->wraps && pk_onnx_type_is_widened(type))
    value = pk_onnx_wrap(o, value, type);
  if (value < 0) return false;
  // A type that is only a spelling of the runtime's may be set on what was made for this node.
  if (pk_onnx_type_is_widened(type) || pk_onnx_type_is_narrow(type)) {
    o->types[value] = (uint8_t)type;
  }
  return pk_onnx_set_output(o, index, value);
}

const Onnx__AttributeProto *pk_onnx_attribute(const pk_onnx *o, const char *name) {
  for (size_t i = 0; i < o->node->n_attribute; i++) {
    const Onnx__AttributeProto *attribute = o->node->attribute[i];
    if (attribute->name && strcmp(attribute->name, name) == 0) return attribute;
  }
  return NULL;
}

int64_t pk_onnx_attribute_int(const pk_onnx *o, const char *name, int64_t fallback) {
  const Onnx__AttributeProto *attribute = pk_onnx_attribute(o, name);
  return attribute && attribute->has_i ? attribute->i : fallback;
}

float pk_onnx_attribute_float(const pk_onnx *o, const char *name, float fallback) {
  const Onnx__AttributeProto *attribute = pk_onnx_attribute(o, name);
  return attribute && attribute->has_f ? attribute->f : fallback;
}

bool pk_onnx_attribute_is(const pk_onnx *o, const char *name, const char *text,
                          const char *fallback) {
  const Onnx__AttributeProto *attribute = pk_onnx_attribute(o, name);
  if (!attribute || !attribute->has_s) return strcmp(text, fallback) == 0;
  return attribute->s.len == strlen(text) && memcmp(attribute->s.data, text, attribute->s.len) == 0;
}

bool pk_onnx_attribute_ints(pk_onnx *o, const char *name, pk_onnx_ints *ints) {
  const Onnx__AttributeProto *attribute = pk_onnx_attribute(o, name);
  *ints = (pk_onnx_ints){.is_given = attribute != NULL};
  if (attribute) {
    ints->values = attribute->ints;
    ints->count = attribute->n_ints;
  }
  return true;
}

bool pk_onnx_need_constant(pk_onnx *o, pk_value value) {
  if (value < 0) return false;
  if (pk_onnx_is_constant(o, value)) return true;
  const pk_graph *graph = o->graph;
  if (o->options && !o->options->needs_value && o->error->code == PK_OK) {
    o->options->needs_value = true;
    for (size_t i = 0; i < graph->input_count; i++) {
      if (graph->inputs[i] != value) continue;
      snprintf(o->options->needed_input, sizeof o->options->needed_input, "%s",
               graph->tensors[value].name);
    }
  }
  return pk_onnx_refuse(o, "its input \"%.12s\" must be constant", graph->tensors[value].name);
}

bool pk_onnx_constant_ints(pk_onnx *o, pk_value value, pk_onnx_ints *ints) {
  *ints = (pk_onnx_ints){.is_given = false};
  if (value == PK_ABSENT) return true;
  if (!pk_onnx_need_constant(o, value)) return false;
  const pk_tensor *tensor = pk_onnx_tensor(o, value);
  const int bits = pk_dtype_bits(tensor->dtype);
  const size_t count = tensor->data_bytes / (size_t)(bits / 8);
  int64_t *values = pk_arena_alloc(&o->graph->arena, count, sizeof *values, o->error);
  if (!values) return false;
  tensor = pk_onnx_tensor(o, value);
  for (size_t i = 0; i < count; i++) {
    int32_t narrow;
    float real;
    switch (tensor->dtype) {
      case PK_DTYPE_S64:
        memcpy(&values[i], tensor->data + 8 * i, 8);
        break;
      case PK_DTYPE_S32:
        memcpy(&narrow, tensor->data + 4 * i, 4);
        values[i] = narrow;
        break;
      case PK_DTYPE_F32:
        memcpy(&real, tensor->data + 4 * i, 4);
        values[i] = real > -9e18f && real < 9e18f ? (int64_t)real : 0;
        break;
      case PK_DTYPE_S8:
        values[i] = (int8_t)tensor->data[i];
        break;
      default:
        values[i] = tensor->data[i];
        break;
    }
  }
  *ints = (pk_onnx_ints){.values = values, .count = count, .is_given = true};
  return true;
}

bool pk_onnx_constant_floats(pk_onnx *o, pk_value value, const float **floats, size_t *count) {
  *floats = NULL;
  *count = 0;
  if (value == PK_ABSENT) return true;
  if (!pk_onnx_need_constant(o, value)) return false;
  value = pk_onnx_cast(o, value, PK_DTYPE_F32);
  if (value < 0) return false;
  const pk_tensor *tensor = pk_onnx_tensor(o, value);
  *floats = (const float *)(const void *)tensor->data;
  *count = tensor->data_bytes / sizeof(float);
  return true;
}

bool pk_onnx_parameter_ints(pk_onnx *o, const char *name, size_t index, pk_onnx_ints *ints) {
  if (pk_onnx_attribute(o, name)) return pk_onnx_attribute_ints(o, name, ints);
  return pk_onnx_constant_ints(o, pk_onnx_input(o, index), ints);
}

bool pk_onnx_axis(pk_onnx *o, int64_t *axis, int rank) {
  const int64_t given = *axis;
  if (given >= -rank && given < 0) *axis += rank;
  if (*axis >= 0 && *axis < rank) return true;
  return pk_onnx_broken(o, "axis %lld is not one of the %d axes", (long long)given, rank);
}

bool pk_onnx_axis_mask(pk_onnx *o, const pk_onnx_ints *axes, int rank, uint32_t *mask) {
  *mask = 0;
  for (size_t i = 0; i < axes->count; i++) {
    int64_t axis = axes->values[i];
    if (!pk_onnx_axis(o, &axis, rank)) return false;
    if (*mask >> axis & 1) return pk_onnx_broken(o, "axis %lld is named twice", (long long)axis);
    *mask |= 1u << axis;
  }
  return true;
}
