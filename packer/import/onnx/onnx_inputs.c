// The inputs of an ONNX model. Shapes are static here, so every open dimension needs a number: what
// the caller gives, else 1 for the first, which is the batch. All that are left stand in one error.
#include <stdio.h>
#include <string.h>

#include "onnx_graph.h"
#include "onnx_names.h"

static const pk_onnx_known_input *known_input(const pk_onnx *o, const char *name) {
  for (size_t i = 0; o->options && i < o->options->known_input_count; i++) {
    if (strcmp(o->options->known_inputs[i].name, name) == 0) return &o->options->known_inputs[i];
  }
  return NULL;
}

static const pk_model_options *given_options(const pk_onnx *o) {
  static const pk_model_options nothing = {.shapes.count = 0};
  return o->options && o->options->model ? o->options->model : &nothing;
}

// A list that grows in a message.
typedef struct text_list {
  char text[2048];
  size_t length;
} text_list;

static void append(text_list *list, const char *text) {
  const size_t bytes = strlen(text);
  if (list->length + bytes >= sizeof list->text) return;
  memcpy(list->text + list->length, text, bytes + 1);
  list->length += bytes;
}

// --- dimensions ---

typedef struct open_dimensions {
  text_list list;
  text_list remedy;  // the options, to be filled in
} open_dimensions;

static const Onnx__TensorShapeProto *shape_of(const Onnx__ValueInfoProto *input) {
  const Onnx__TypeProto *type = input->type;
  const bool is_tensor =
      type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE && type->tensor_type;
  return is_tensor ? type->tensor_type->shape : NULL;
}

static bool is_fixed(const Onnx__TensorShapeProto__Dimension *dim) {
  return dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
}

static const char *symbol_of(const Onnx__TensorShapeProto__Dimension *dim) {
  const bool is_named =
      dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && dim->dim_param;
  return is_named ? dim->dim_param : "";
}

// Whether an input's first dimension has this name: the batch, wherever it stands.
static bool is_batch(const pk_onnx *o, const char *symbol) {
  const Onnx__GraphProto *graph = o->model->graph;
  for (size_t i = 0; symbol[0] && i < graph->n_input; i++) {
    const Onnx__TensorShapeProto *shape = shape_of(graph->input[i]);
    if (shape && shape->n_dim > 0 && strcmp(symbol_of(shape->dim[0]), symbol) == 0) return true;
  }
  return false;
}

// The size of a dimension that no --shape gives, 0: open. False: error filled.
static bool dimension_size(pk_onnx *o, int64_t *size, const Onnx__TensorShapeProto__Dimension *dim,
                           size_t axis, const char *input) {
  const char *given =
      is_fixed(dim) ? NULL : pk_binding_find(&given_options(o)->dims, symbol_of(dim));
  long long number = 0;
  if (given) {
    if (!pk_binding_next_int(&given, &number) || *given || number < 1 || number > INT32_MAX) {
      return pk_fail(o->error, PK_USAGE, "--dim %.60s: a dimension is a number from 1",
                     symbol_of(dim));
    }
    *size = number;
    return true;
  }
  *size = is_fixed(dim) ? dim->dim_value : 0;
  // Some exporters leave the batch open by 0 or -1.
  if (*size <= 0 && (axis == 0 || is_batch(o, is_fixed(dim) ? "" : symbol_of(dim)))) *size = 1;
  if (*size < 0 || *size > INT32_MAX) {
    return pk_fail(o->error, PK_BAD_MODEL, "input \"%s\": its dimension %zu is %lld; out of range",
                   input, axis, (long long)*size);
  }
  return true;
}

static bool declared_shape(pk_onnx *o, pk_tensor *tensor, const Onnx__TensorShapeProto *shape,
                           open_dimensions *open) {
  text_list dims = {.length = 0};
  bool is_open = false;
  if (shape->n_dim > PK_MAX_RANK) {
    return pk_fail(o->error, PK_UNSUPPORTED, "input \"%s\" has %zu axes; at most %d are possible",
                   tensor->name, shape->n_dim, MNW_MAX_RANK);
  }
  tensor->rank = (int)shape->n_dim;
  for (size_t i = 0; i < shape->n_dim; i++) {
    int64_t size = 0;
    char text[80], symbol[PK_NAME_MAX_BYTES + 1];
    if (!dimension_size(o, &size, shape->dim[i], i, tensor->name)) return false;
    pk_onnx_clean_name(symbol, symbol_of(shape->dim[i]));
    tensor->dims[i] = size ? (int32_t)size : 1;
    snprintf(text, sizeof text, "%s%lld", i ? "," : "", (long long)size);
    if (size == 0) snprintf(text, sizeof text, "%s%.60s", i ? "," : "", symbol[0] ? symbol : "?");
    append(&dims, text);
    is_open |= size == 0;
    if (size == 0 && symbol[0] && !strstr(open->remedy.text, symbol)) {
      snprintf(text, sizeof text, " --dim %.60s=…", symbol);
      append(&open->remedy, text);
    }
  }
  if (is_open) {
    const char *const parts[] = {"\n  --shape ", tensor->name, "=", dims.text};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) append(&open->list, parts[i]);
  }
  return true;
}

static bool given_shape(pk_onnx *o, pk_tensor *tensor, const char *values) {
  for (tensor->rank = 0; *values; tensor->rank++) {
    long long size;
    if (tensor->rank == PK_MAX_RANK || !pk_binding_next_int(&values, &size) || size < 1 ||
        size > INT32_MAX) {
      return pk_fail(o->error, PK_USAGE,
                     "--shape %s: a shape is up to %d numbers from 1 with commas between them",
                     tensor->name, PK_MAX_RANK);
    }
    tensor->dims[tensor->rank] = (int32_t)size;
  }
  return true;
}

// A shape by --shape must have the model's axes and fixed dimensions.
static bool check_given_shape(pk_onnx *o, const pk_tensor *tensor,
                              const Onnx__TensorShapeProto *shape) {
  bool fits = !shape || shape->n_dim == (size_t)tensor->rank;
  for (size_t i = 0; fits && shape && i < shape->n_dim; i++) {
    fits = !is_fixed(shape->dim[i]) || shape->dim[i]->dim_value <= 0 ||
           shape->dim[i]->dim_value == tensor->dims[i];
  }
  return fits || pk_fail(o->error, PK_USAGE,
                         "--shape %s: the model fixes another shape for this input", tensor->name);
}

static bool known_shape(pk_onnx *o, pk_tensor *tensor, const Onnx__TensorProto *value) {
  if (value->n_dims > PK_MAX_RANK) {
    return pk_fail(o->error, PK_UNSUPPORTED, "input \"%s\" has %zu axes; at most %d are possible",
                   tensor->name, value->n_dims, MNW_MAX_RANK);
  }
  tensor->rank = (int)value->n_dims;
  for (size_t i = 0; i < value->n_dims; i++) {
    if (value->dims[i] < 1 || value->dims[i] > INT32_MAX) {
      return pk_fail(o->error, PK_BAD_MODEL, "input \"%s\": its dimension %zu is %lld",
                     tensor->name, i, (long long)value->dims[i]);
    }
    tensor->dims[i] = (int32_t)value->dims[i];
  }
  return true;
}

static bool input_shape(pk_onnx *o, pk_tensor *tensor, const char *name,
                        const Onnx__TensorShapeProto *shape, open_dimensions *open) {
  const pk_onnx_known_input *known = known_input(o, name);
  const char *given = pk_binding_find(&given_options(o)->shapes, name);
  if (known) return known_shape(o, tensor, known->value);
  if (given) return given_shape(o, tensor, given) && check_given_shape(o, tensor, shape);
  if (shape) return declared_shape(o, tensor, shape, open);
  append(&open->list, "\n  --shape ");
  append(&open->list, tensor->name);
  append(&open->list, "=… (the model gives it no shape)");
  return true;
}

// --- inputs ---

// An input without elements can only be told by its shape and type.
static bool is_empty(const pk_onnx_known_input *known) {
  for (size_t i = 0; known && i < known->value->n_dims; i++) {
    if (known->value->dims[i] == 0) return true;
  }
  return false;
}

static void store_number(uint8_t *data, size_t i, pk_dtype dtype, long long whole, double real) {
  const float narrow = (float)real;
  const int32_t word = (int32_t)whole;
  const int64_t wide = whole;
  if (dtype == PK_DTYPE_F32) {
    memcpy(data + 4 * i, &narrow, 4);
  } else if (dtype == PK_DTYPE_S32) {
    memcpy(data + 4 * i, &word, 4);
  } else if (dtype == PK_DTYPE_S64) {
    memcpy(data + 8 * i, &wide, 8);
  } else {
    data[i] = (uint8_t)whole;
  }
}

// --const: numbers in the input's type and shape; a list where the model leaves its length open.
static bool bind_constant(pk_onnx *o, pk_tensor *tensor, const char *values) {
  size_t count = 1, found = 0;
  for (const char *p = values; *p; p++) count += *p == ',';
  const size_t bytes = (size_t)pk_dtype_bits(tensor->dtype) / 8;
  uint8_t *data = pk_arena_alloc(&o->graph->arena, count, bytes, o->error);
  if (!data) return false;
  for (; *values && found < count; found++) {
    long long whole = 0;
    double real = 0.0;
    if (tensor->dtype == PK_DTYPE_F32 ? !pk_binding_next_float(&values, &real)
                                      : !pk_binding_next_int(&values, &whole)) {
      return pk_fail(o->error, PK_USAGE, "--const %s: its values are %s numbers", tensor->name,
                     tensor->dtype == PK_DTYPE_F32 ? "real" : "whole");
    }
    store_number(data, found, tensor->dtype, whole, real);
  }
  if (tensor->rank == 1 && tensor->dims[0] == 1) tensor->dims[0] = (int32_t)found;
  if (pk_tensor_elements(tensor) != (int64_t)found) {
    return pk_fail(o->error, PK_USAGE,
                   "--const %s: the input has shape %s, but %zu values are given", tensor->name,
                   pk_tensor_shape_text(tensor).text, found);
  }
  tensor->data = data;
  tensor->data_bytes = found * bytes;
  return true;
}

static bool refuse_input(pk_onnx *o, const char *name, const char *clean, const char *what) {
  pk_report_add(o->report, what, "input", 0, clean);
  return pk_onnx_names_add(o, name, PK_FAILED);
}

static bool add_input(pk_onnx *o, const Onnx__ValueInfoProto *source, open_dimensions *open) {
  const char *given = source->name ? source->name : "";
  if (pk_onnx_names_find(o, given)) return true;  // has an initializer: a constant
  pk_tensor tensor = {.name = pk_onnx_copy_name(o, given)};
  const pk_onnx_known_input *known = known_input(o, given);
  const char *constant = pk_binding_find(&given_options(o)->constants, given);
  if (!tensor.name) return false;
  if (known && (known->is_constant || is_empty(known))) {
    return pk_onnx_add_initializer(o, given, known->value);
  }
  const Onnx__TypeProto *type = source->type;
  if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type) {
    return refuse_input(o, given, tensor.name, "inputs that are no tensors");
  }
  const int elements = type->tensor_type->elem_type;
  tensor.dtype = pk_onnx_type_dtype(elements);
  if (tensor.dtype == PK_DTYPE_OTHER) {
    char what[80];
    snprintf(what, sizeof what, "inputs of type %s", pk_onnx_type_name(elements));
    return refuse_input(o, given, tensor.name, what);
  }
  open_dimensions of_constant = {.list.length = 0};  // its values tell
  return input_shape(o, &tensor, given, type->tensor_type->shape, constant ? &of_constant : open) &&
         (!constant || bind_constant(o, &tensor, constant)) &&
         pk_onnx_add_named(o, given, &tensor, elements);
}

// --- options that fit nothing ---

static bool has_symbol(const Onnx__GraphProto *graph, const char *text, size_t length) {
  for (size_t i = 0; i < graph->n_input; i++) {
    const Onnx__TensorShapeProto *shape = shape_of(graph->input[i]);
    for (size_t j = 0; shape && j < shape->n_dim; j++) {
      const char *symbol = symbol_of(shape->dim[j]);
      if (strlen(symbol) == length && memcmp(symbol, text, length) == 0) return true;
    }
  }
  return false;
}

static bool has_input(const Onnx__GraphProto *graph, const char *text, size_t length) {
  for (size_t i = 0; i < graph->n_input; i++) {
    const char *name = graph->input[i]->name ? graph->input[i]->name : "";
    if (strlen(name) == length && memcmp(name, text, length) == 0) return true;
  }
  return false;
}

static bool check_bindings(pk_onnx *o, const pk_binding_list *list, const Onnx__GraphProto *graph,
                           const char *option, bool are_symbols) {
  for (size_t i = 0; i < list->count; i++) {
    const char *text = list->texts[i];
    const size_t length = (size_t)(strrchr(text, '=') - text);
    if (are_symbols ? has_symbol(graph, text, length) : has_input(graph, text, length)) continue;
    text_list names = {.length = 0};
    for (size_t j = 0; j < graph->n_input && !are_symbols; j++) {
      char clean[PK_NAME_MAX_BYTES + 1];
      pk_onnx_clean_name(clean, graph->input[j]->name ? graph->input[j]->name : "");
      append(&names, j ? ", " : "; it has ");
      append(&names, clean);
    }
    return pk_fail(o->error, PK_USAGE, "--%s %.200s: the model has no %s of this name%s", option,
                   text, are_symbols ? "open dimension" : "input", names.text);
  }
  return true;
}

bool pk_onnx_add_inputs(pk_onnx *o, const Onnx__GraphProto *graph) {
  const pk_model_options *given = given_options(o);
  open_dimensions open = {.list.length = 0};
  if (!check_bindings(o, &given->shapes, graph, "shape", false) ||
      !check_bindings(o, &given->constants, graph, "const", false) ||
      !check_bindings(o, &given->dims, graph, "dim", true)) {
    return false;
  }
  for (size_t i = 0; i < graph->n_input; i++) {
    if (!add_input(o, graph->input[i], &open)) return false;
  }
  if (open.list.length == 0) return true;
  return pk_fail(
      o->error, PK_UNSUPPORTED,
      "the model leaves dimensions of its inputs open, and packages have fixed shapes:%s\n"
      "What to do: pack with these options and numbers in place of the names%s%s; or "
      "export the model with fixed shapes",
      open.list.text, open.remedy.length ? ", or with" : "", open.remedy.text);
}
