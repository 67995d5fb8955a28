// Caffe networks with weights by Deep Compression: what the importer makes of small ones, and
// hostile files, which get typed errors. What the layers compute:
// tests/parity/deep_compression_test.js.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka.h needs the headers above.
#include <cmocka.h>

#include "../core/format/package_format.h"
#include "../core/ops/op_params.h"
#include "core/base/bytes.h"
#include "encode/byte_buffer.h"
#include "import/import.h"
#include "import_invariants.h"

enum { CODEBOOK = 256, MOST_NET_BYTES = 1 << 14 };

#define INPUT "input: \"data\" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 5\n"
#define CONV(fields)                                                                           \
  "layer { name: \"c\" type: \"Convolution\" bottom: \"data\" top: \"c\" convolution_param { " \
  "num_output: 2 kernel_size: 2 " fields " } }\n"
static const char plain[] = INPUT CONV("");

// The weights of one layer of two outputs and 24 weights, of which entry i is codebook value i + 1
// at place 2 * i.
typedef struct net_file {
  uint8_t bytes[MOST_NET_BYTES];
  size_t size;
} net_file;

static float codebook_value(int symbol) {
  return symbol == 0 ? 0.0f : (float)symbol / 3.0f - 20.0f;
}

static void put_u32(net_file *net, uint32_t value) {
  mnw_store_u32(net->bytes + net->size, value);
  net->size += 4;
}

static void put_float(net_file *net, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  put_u32(net, bits);
}

static void make_net(net_file *net) {
  net->size = 0;
  put_u32(net, 12);
  for (int i = 0; i < CODEBOOK; i++) put_float(net, codebook_value(i));
  put_float(net, 0.5f);
  put_float(net, -0.25f);
  for (int i = 0; i < 12; i++) net->bytes[net->size++] = (uint8_t)(i + 1);
  for (int i = 0; i < 6; i++) net->bytes[net->size++] = i == 0 ? 0x10 : 0x11;
}

static pk_code import(pk_lowered_graph *graph, pk_error *error, const char *prototxt,
                      const net_file *net) {
  // Copies of their exact sizes, so that the sanitizer sees what reads past them.
  uint8_t *text = malloc(strlen(prototxt) + 1), *bytes = malloc(net->size + 1);
  assert_non_null(text);
  assert_non_null(bytes);
  uint8_t *exact = realloc(bytes, net->size ? net->size : 1);
  memcpy(text, prototxt, strlen(prototxt));
  memcpy(exact, net->bytes, net->size);
  const pk_caffe_files files = {.weights = exact,
                                .weights_bytes = net->size,
                                .weights_name = "folder/sample.net",
                                .prototxt = text,
                                .prototxt_bytes = strlen(prototxt),
                                .prototxt_name = "sample.prototxt"};
  *error = (pk_error){.code = PK_OK};
  const bool ok = pk_import_caffe(graph, &files, NULL, error);
  free(text);
  free(exact);
  assert_int_equal(ok, error->code == PK_OK);
  if (ok) assert_null(import_broken_invariant(graph));
  return error->code;
}

static void expect_refusal(const char *prototxt, const net_file *net, pk_code code,
                           const char *words) {
  pk_lowered_graph graph;
  pk_error error;
  const pk_code found = import(&graph, &error, prototxt, net);
  if (found != code || !strstr(error.message, words)) {
    fail_msg("code %d, \"%s\" instead of %d, \"%s\"", found, error.message, code, words);
  }
  assert_null(graph.tensors);
}

// Every weight is a value of the codebook, in its place; padding adds nothing but zeros.
static void test_weights_are_exact(void **state) {
  (void)state;
  net_file net;
  pk_lowered_graph graph;
  pk_error error;
  make_net(&net);
  assert_int_equal(import(&graph, &error, plain, &net), PK_OK);
  assert_string_equal(graph.name, "sample");
  const pk_lowered_tensor *in = &graph.tensors[graph.inputs[0]];
  const pk_lowered_tensor *weights = &graph.tensors[graph.ops[0].inputs[1]];
  const pk_lowered_tensor *bias = &graph.tensors[graph.ops[0].inputs[2]];
  assert_int_equal(graph.ops[0].code, MNW_OP_CONV_2D);
  assert_int_equal(in->dims[3], 3);
  assert_int_equal(in->dims[2], 5);
  assert_int_equal(weights->layout, MNW_LAYOUT_TILE_8_F32);
  float values[8 * 12];  // [K][8 outputs]
  assert_int_equal(weights->data_bytes, sizeof values);
  memcpy(values, weights->data, sizeof values);
  for (int k = 0; k < 12; k++) {
    for (int o = 0; o < 8; o++) {
      const int area = k / 3, channel = k % 3;         // [H][W][I]
      const int place = (o * 3 + channel) * 4 + area;  // [O][I][H][W]
      const int symbol = o < 2 && place % 2 == 0 ? place / 2 + 1 : 0;
      assert_true(values[k * 8 + o] == codebook_value(symbol));
    }
  }
  float biases[8];
  memcpy(biases, bias->data, sizeof biases);
  assert_true(biases[0] == 0.5f && biases[1] == -0.25f && biases[2] == 0.0f);
  pk_lowered_graph_free(&graph);
}

// Fillers bridge runs of more than 15 zeros and write a zero.
static void test_fillers(void **state) {
  (void)state;
  net_file net;
  pk_lowered_graph graph;
  pk_error error;
  make_net(&net);
  net.size = 0;
  put_u32(&net, 2);
  net.size += 4 * (CODEBOOK + 2);
  const uint8_t symbols_and_gaps[3] = {0, 9, 0x6f};  // 15 zeros, the filler, 6 zeros, value 9
  memcpy(net.bytes + net.size, symbols_and_gaps, 3);
  net.size += 3;
  assert_int_equal(import(&graph, &error, plain, &net), PK_OK);
  const pk_lowered_tensor *weights = &graph.tensors[graph.ops[0].inputs[1]];
  float value;
  int others = 0;
  for (size_t i = 0; i < weights->data_bytes / 4; i++) {
    memcpy(&value, weights->data + 4 * i, 4);
    others += value != 0.0f;
  }
  // Place 22 is output 1, channel 2, row 1, column 0.
  memcpy(&value, weights->data + 4 * ((2 * 3 + 2) * 8 + 1), 4);
  assert_int_equal(others, 1);
  assert_true(value == codebook_value(9));
  pk_lowered_graph_free(&graph);
}

static void test_hostile_weights(void **state) {
  (void)state;
  net_file net;
  make_net(&net);
  const size_t whole = net.size;
  for (net.size = 0; net.size < whole; net.size++)
    expect_refusal(plain, &net, PK_BAD_MODEL, "bytes");
  net.size = whole + 1;
  net.bytes[whole] = 0;
  expect_refusal(plain, &net, PK_BAD_MODEL, "1 bytes are left");
  make_net(&net);
  net.bytes[net.size - 1] = 0xf1;  // the last entry: 13 places too far
  expect_refusal(plain, &net, PK_BAD_MODEL, "entry 11 lies behind its 24 weights");
  make_net(&net);
  memset(net.bytes, 0xff, 4);
  expect_refusal(plain, &net, PK_BAD_MODEL, "4294967295 entries");
  make_net(&net);
  net.bytes[4] = 1;
  expect_refusal(plain, &net, PK_BAD_MODEL, "codebook begins with");
  make_net(&net);
  memset(net.bytes + 4 + 4 * 7, 0xff, 4);
  expect_refusal(plain, &net, PK_BAD_MODEL, "value 7 of its codebook");
  make_net(&net);
  memset(net.bytes + 4 + 4 * (CODEBOOK + 1), 0xff, 4);
  expect_refusal(plain, &net, PK_BAD_MODEL, "value 1 of its bias");
}

static void test_text(void **state) {
  static const struct {
    const char *text, *words;
  } rows[] = {{"layer {", "line 1: the file ends"},
              {"\n\nlayer", "line 3: \"layer\" is followed by neither"},
              {"name: \"a\nb\"", "line 1: a string does not end"},
              {"name: \"a\\n\"", "a backslash"},
              {"name: [1]", "a value is expected"},
              {"}", "a field's name is expected"},
              {"a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{", "nested 16 deep"},
              {"name: \"\x01\"", "plain characters"},
              {"layer: 3", "a layer without type or name"},
              {"layer { name: \"c\" }", "a layer without type or name"},
              {"input: \"data\"", "has no shape of four numbers"},
              {"input: \"data\" input_dim: 0", "is not 1 to"},
              {"input: \"data\" input: \"more\"", "more than one input"},
              {INPUT, "is an input or another output"},
              {INPUT "layers { name: \"c\" }", "upgrade_net_proto_text"},
              {INPUT "force_backward: true", "the field \"force_backward\" (line 2)"}};
  (void)state;
  const net_file none = {.size = 0};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pk_lowered_graph graph;
    pk_error error;
    assert_int_not_equal(import(&graph, &error, rows[i].text, &none), PK_OK);
    if (!strstr(error.message, rows[i].words)) {
      fail_msg("\"%s\" gives \"%s\" without \"%s\"", rows[i].text, error.message, rows[i].words);
    }
  }
}

// What would change the numbers is refused by its name.
static void test_refused_by_name(void **state) {
  static const struct {
    const char *text, *words;
  } rows[] = {
      {INPUT CONV("bias_term: false"), "layer 0 (Convolution \"c\"): with bias_term: false"},
      {INPUT CONV("force_nd_im2col: true"), "with the field \"force_nd_im2col\" (line 2)"},
      {INPUT CONV("axis: 2"), "with axis: 2"},
      {INPUT CONV("stride: 0"), "\"stride\" must be a whole number from 1"},
      {INPUT CONV("stride: 1 stride: 1 stride: 1"), "more than two axes"},
      {INPUT CONV("group: 2"), "do not make 2 groups"},
      {INPUT CONV("num_output: 2"), "\"num_output\" stands twice"},
      {INPUT CONV("pad_h: 1"), "either \"pad\" or both"},
      {INPUT CONV("dilation: 9"), "does not fit into its bottom of 4x5"},
      {INPUT CONV("") "layer { name: \"r\" type: \"ReLU\" bottom: \"c\" top: \"c\" relu_param { "
                      "negative_slope: 0.1 } }",
       "with negative_slope: 0.1"},
      {INPUT CONV("") "layer { name: \"p\" type: \"Pooling\" bottom: \"c\" top: \"p\" "
                      "pooling_param { pool: STOCHASTIC kernel_size: 2 } }",
       "with pool: STOCHASTIC"},
      {INPUT CONV("") "layer { name: \"p\" type: \"Pooling\" bottom: \"c\" top: \"p\" "
                      "pooling_param { kernel_size: 1 stride: 5 } }",
       "do not fit into its bottom of 3x4"},
      {INPUT CONV("") "layer { name: \"p\" type: \"Pooling\" bottom: \"c\" top: \"p\" "
                      "pooling_param { kernel_size: 2 pad: 2 } }",
       "do not fit into its bottom of 3x4"},
      {INPUT CONV("") "layer { name: \"p\" type: \"Pooling\" bottom: \"x\" top: \"p\" }",
       "its bottom \"x\" is computed by no layer"},
      {INPUT CONV("") "layer { name: \"r\" type: \"ReLU\" bottom: \"data\" top: \"c\" }",
       "its top \"c\" is that of another layer"},
      {INPUT CONV("") "layer { name: \"r\" type: \"ReLU\" bottom: \"c\" top: \"a\" top: \"b\" }",
       "2 tops"},
      {INPUT CONV("") "layer { name: \"r\" type: \"ReLU\" bottom: \"c\" top: \"a\" include { "
                      "phase: TEST } }",
       "with the field \"include\""},
      {INPUT CONV("") "layer { name: \"j\" type: \"Concat\" bottom: \"c\" bottom: \"data\" top: "
                      "\"j\" }",
       "do not go together"}};
  (void)state;
  net_file net;
  make_net(&net);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    pk_lowered_graph graph;
    pk_error error;
    assert_int_not_equal(import(&graph, &error, rows[i].text, &net), PK_OK);
    if (!strstr(error.message, rows[i].words)) {
      fail_msg("\"%s\" gives \"%s\" without \"%s\"", rows[i].text, error.message, rows[i].words);
    }
  }
}

// All layers that are not known stand in one error.
static void test_unknown_layers_listed_together(void **state) {
  (void)state;
  net_file net;
  make_net(&net);
  const char text[] = INPUT CONV(
      "") "layer { name: \"n\" type: \"LRN\" bottom: \"c\" top: \"n\" }\n"
          "layer { name: \"f\" type: \"InnerProduct\" bottom: \"n\" top: \"f\" }\n";
  expect_refusal(text, &net, PK_UNSUPPORTED, "Caffe's layer LRN, 1 use: layer 1 \"n\"");
  expect_refusal(text, &net, PK_UNSUPPORTED, "Caffe's layer InnerProduct, 1 use: layer 2 \"f\"");
}

// The newer spelling of inputs; comments, quotes of both kinds, separators.
static void test_spellings(void **state) {
  (void)state;
  static const char text[] =
      "# a comment\nname: 'n'; layer { name: \"in\", type: \"Input\" top: \"data\"\n"
      "input_param: { shape { dim: 10 dim: 3 dim: 4 dim: 5 } } } # another\n" CONV(
          "weight_filler { type: \"xavier\" } engine: CAFFE");
  net_file net;
  pk_lowered_graph graph;
  pk_error error;
  make_net(&net);
  if (import(&graph, &error, text, &net) != PK_OK) fail_msg("%s", error.message);
  const pk_lowered_tensor *out = &graph.tensors[graph.outputs[0]];
  assert_int_equal(graph.tensors[graph.inputs[0]].dims[0], 1);
  assert_int_equal(out->dims[1], 3);
  assert_int_equal(out->dims[2], 4);
  assert_int_equal(out->dims[3], 2);
  pk_lowered_graph_free(&graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_weights_are_exact),
      cmocka_unit_test(test_fillers),
      cmocka_unit_test(test_hostile_weights),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_refused_by_name),
      cmocka_unit_test(test_unknown_layers_listed_together),
      cmocka_unit_test(test_spellings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
