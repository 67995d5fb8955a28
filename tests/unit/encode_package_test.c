// Shards, manifest and folder of a package, from lowered graphs made by hand.
#include <brotli/decode.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "core/base/bytes.h"
#include "core/ops/op_params.h"
#include "dense_graph.h"
#include "encode/compress.h"
#include "encode/manifest_build.h"
#include "encode/package_check.h"
#include "encode/package_writer.h"
#include "encode/tensor_order.h"
#include "test_folder.h"
#include "test_random.h"

static const dense_layer mixed_layers[] = {
    {700, DENSE_BELL}, {40, DENSE_UNIFORM}, {64, DENSE_CONSTANT}, {10, DENSE_BELL}};
enum { MIXED_LAYERS = sizeof mixed_layers / sizeof *mixed_layers };

static pk_package encode(const dense_layer *layers, size_t count, size_t shard_bytes) {
  pk_package package;
  pk_error error = {0};
  pk_lowered_graph graph = dense_graph(16, layers, count);
  const pk_pack_options options = {.shard_bytes = shard_bytes, .crop = 0.875};
  const bool ok = pk_package_encode(&package, &graph, &options, &error);
  if (!ok) fail_msg("%s", error.message);
  pk_lowered_graph_free(&graph);
  return package;
}

static size_t count_chunks(const pk_shards *shards, uint32_t type) {
  size_t count = 0;
  for (size_t i = 0; i < shards->count; i++) {
    const pk_bytes *shard = &shards->items[i];
    size_t at = MNW_SHARD_HEADER_BYTES;
    for (; at < shard->size; at += 8 + mnw_load_u32(shard->data + at + 4)) {
      count += mnw_load_u32(shard->data + at) == type;
    }
    assert_int_equal(at, shard->size);
  }
  return count;
}

static void packing_twice_gives_the_same_bytes(void **state) {
  (void)state;
  pk_package a = encode(mixed_layers, MIXED_LAYERS, 0), b = encode(mixed_layers, MIXED_LAYERS, 0);
  char *text_a = pk_manifest_write(&a.manifest), *text_b = pk_manifest_write(&b.manifest);
  assert_string_equal(text_a, text_b);
  assert_int_equal(a.shards.count, b.shards.count);
  for (size_t i = 0; i < a.shards.count; i++) {
    const pk_encodings *ea = &a.shard_encodings[i], *eb = &b.shard_encodings[i];
    assert_int_equal(ea->br.size, eb->br.size);
    assert_memory_equal(ea->br.data, eb->br.data, ea->br.size);
    assert_int_equal(ea->gzip.size, eb->gzip.size);
    assert_memory_equal(ea->gzip.data, eb->gzip.data, ea->gzip.size);
  }
  free(text_a);
  free(text_b);
  pk_package_free(&a);
  pk_package_free(&b);
}

// Codes of weights do not shrink; what lies between them does, though brotli stores the whole.
static void what_hardly_shrinks_is_compressed_by_pieces(void **state) {
  enum { SIZE = 240000, SOFT_AT = 100000, SOFT = 12000 };
  static uint8_t data[SIZE], decoded[SIZE];
  (void)state;
  uint32_t seed = 9;
  random_bytes(&seed, data, SIZE);
  for (size_t i = 0; i < SOFT; i++) data[SOFT_AT + i] &= 31;
  pk_bytes br = {0};
  pk_bytes gzip = {0};
  assert_true(pk_compress_gzip(&gzip, data, SIZE));
  assert_true(pk_compress_brotli(&br, data, SIZE, gzip.size));
  pk_bytes_free(&gzip);
  assert_true(br.size < SIZE - SOFT / 8);
  size_t size = sizeof decoded;
  assert_int_equal(BrotliDecoderDecompress(br.size, br.data, &size, decoded),
                   BROTLI_DECODER_RESULT_SUCCESS);
  assert_int_equal(size, SIZE);
  assert_memory_equal(decoded, data, SIZE);
  pk_bytes_free(&br);
  random_bytes(&seed, data, SIZE);  // nothing to gain at all
  assert_true(pk_compress_brotli(&br, data, SIZE, SIZE));
  assert_true(br.size <= SIZE + 16);
  pk_bytes_free(&br);
}

static void encodings_decode_to_the_shard(void **state) {
  static uint8_t decoded[PK_SHARD_BYTES_DEFAULT];
  (void)state;
  pk_package package = encode(mixed_layers, MIXED_LAYERS, 0);
  for (size_t i = 0; i < package.shards.count; i++) {
    const pk_bytes *plain = &package.shards.items[i], *br = &package.shard_encodings[i].br;
    const pk_bytes *gzip = &package.shard_encodings[i].gzip;
    size_t size = sizeof decoded;
    assert_int_equal(BrotliDecoderDecompress(br->size, br->data, &size, decoded),
                     BROTLI_DECODER_RESULT_SUCCESS);
    assert_int_equal(size, plain->size);
    assert_memory_equal(decoded, plain->data, size);
    z_stream stream = {.next_in = gzip->data,
                       .avail_in = (uInt)gzip->size,
                       .next_out = decoded,
                       .avail_out = sizeof decoded};
    assert_int_equal(mnw_load_u32(gzip->data + 4), 0);  // time
    assert_int_equal(inflateInit2(&stream, 31), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, plain->size);
    assert_memory_equal(decoded, plain->data, plain->size);
    inflateEnd(&stream);
  }
  pk_package_free(&package);
}

static void shards_keep_to_their_size(void **state) {
  static const size_t sizes[] = {PK_SHARD_BYTES_MIN, 10000, 65536, 100000, PK_SHARD_BYTES_DEFAULT};
  (void)state;
  pk_lowered_graph graph = dense_graph(16, mixed_layers, MIXED_LAYERS);
  pk_error error = {0};
  assert_true(pk_order_tensors(&graph, &error));
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    pk_shards shards;
    pk_manifest manifest = {0};
    size_t total = 0;
    assert_true(pk_encode_shards(&shards, &graph, sizes[s], &error));
    for (size_t i = 0; i < shards.count; i++) {
      const pk_bytes *shard = &shards.items[i];
      assert_true(shard->size <= sizes[s]);
      assert_int_equal(mnw_load_u32(shard->data + 8), shard->size);
      assert_int_equal(mnw_load_u32(shard->data + 4) >> 16, i);
      total += shard->size;
    }
    assert_true(shards.count >= total / sizes[s]);
    if (!pk_package_check(&manifest, &shards, &graph, &error)) fail_msg("%s", error.message);
    pk_shards_free(&shards);
  }
  pk_lowered_graph_free(&graph);
}

static size_t count_tables(const pk_shards *shards) {
  return count_chunks(shards, MNW_CHUNK_HUFFMAN_TABLE) + count_chunks(shards, MNW_CHUNK_ANS_TABLE);
}

static void each_constant_gets_the_smallest_coding(void **state) {
  static const dense_layer alike[] = {{64, DENSE_BELL}, {64, DENSE_BELL}};
  static const dense_layer noise[] = {{64, DENSE_UNIFORM}};
  (void)state;
  pk_package package = encode(alike, 2, 0);
  // The second layer's 4096 weights are coded with the first one's table.
  assert_int_equal(package.shards.count, 1);
  const size_t weights = 64 * 768 + 64 * 64;
  assert_true(package.shards.items[0].size < weights * 6 / 8);
  const size_t tables = count_tables(&package.shards);
  assert_int_equal(count_chunks(&package.shards, MNW_CHUNK_BLOCK), 6);
  pk_package_free(&package);
  static const dense_layer one[] = {{64, DENSE_BELL}};
  package = encode(one, 1, 0);
  // Only bias and multiplier may add tables, never the second layer's weights.
  assert_true(tables <= 2 * count_tables(&package.shards) - 1);
  pk_package_free(&package);
  package = encode(noise, 1, 0);
  assert_true(package.shards.items[0].size > 64 * 768);
  assert_true(package.shards.items[0].size < 64 * 768 + 1200);
  pk_package_free(&package);
}

static void tensors_are_numbered_by_first_use(void **state) {
  pk_error error = {0};
  (void)state;
  pk_lowered_graph graph = dense_graph(16, mixed_layers, MIXED_LAYERS);
  const size_t before = graph.tensor_count;
  assert_true(pk_order_tensors(&graph, &error));
  assert_int_equal(graph.tensor_count, before - 1);
  assert_int_equal(graph.inputs[0], 0);
  int32_t last_constant = -1;
  size_t scaled = 0;
  for (size_t i = 0; i < graph.op_count; i++) {
    enum { WEIGHTS = 1, BIAS, MULTIPLIERS };
    const int32_t *inputs = graph.ops[i].inputs;
    if (!graph.tensors[inputs[WEIGHTS]].data) continue;
    assert_true(inputs[WEIGHTS] > last_constant);
    last_constant = inputs[BIAS];
    if (graph.ops[i].input_count <= MULTIPLIERS) {
      assert_true(inputs[BIAS] > inputs[WEIGHTS]);
      continue;
    }
    // A bias stands behind the multipliers that tell its units.
    assert_true(inputs[MULTIPLIERS] > inputs[WEIGHTS]);
    assert_int_equal(inputs[BIAS], inputs[MULTIPLIERS] + 1);
    scaled++;
  }
  assert_true(scaled > 0);
  graph.ops[0].inputs[1] = 99;
  assert_false(pk_order_tensors(&graph, &error));
  assert_int_equal(error.code, PK_BAD_MODEL);
  assert_non_null(strstr(error.message, "tensor 99"));
  pk_lowered_graph_free(&graph);
}

static void the_check_notices_a_wrong_byte(void **state) {
  pk_error error = {0};
  pk_shards shards;
  pk_manifest manifest = {0};
  (void)state;
  pk_lowered_graph graph = dense_graph(16, mixed_layers, MIXED_LAYERS);
  assert_true(pk_order_tensors(&graph, &error));
  assert_true(pk_encode_shards(&shards, &graph, PK_SHARD_BYTES_DEFAULT, &error));
  assert_true(pk_package_check(&manifest, &shards, &graph, &error));
  assert_true(manifest.weight_bytes > 700 * 768);
  assert_true(manifest.activation_bytes > 0);
  assert_true(manifest.staging_bytes >= MNW_BLOCK_HEADER_BYTES);
  graph.tensors[1].data[1234] ^= 1;
  assert_false(pk_package_check(&manifest, &shards, &graph, &error));
  assert_int_equal(error.code, PK_BAD_PACKAGE);
  assert_non_null(strstr(error.message, "does not decode"));
  pk_shards_free(&shards);
  pk_lowered_graph_free(&graph);
}

static void the_manifest_describes_the_model(void **state) {
  pk_manifest read;
  pk_error error = {0};
  (void)state;
  pk_package package = encode(mixed_layers, MIXED_LAYERS, 0);
  char *text = pk_manifest_write(&package.manifest);
  if (!pk_manifest_read(&read, text, strlen(text), "manifest", &error))
    fail_msg("%s", error.message);
  assert_string_equal(read.name, "dense");
  assert_int_equal(read.task, PK_TASK_IMAGE_CLASSIFICATION);
  assert_int_equal(read.input_count, 1);
  assert_true(read.inputs[0].is_image);
  assert_true(read.inputs[0].crop == 0.875);
  assert_true(read.inputs[0].scale == 0.05f);
  assert_int_equal(read.inputs[0].dims[1], 16);
  assert_int_equal(read.outputs[0].zero_point, -128);
  assert_int_equal(read.weight_bytes, package.manifest.weight_bytes);
  assert_int_equal(read.shard_count, package.shards.count);
  assert_string_equal(read.shards[0].sha256, package.manifest.shards[0].sha256);
  assert_int_equal(strncmp(read.shards[0].file, "000-", 4), 0);
  assert_int_equal(strncmp(read.shards[0].file + 4, read.shards[0].sha256, 16), 0);
  pk_manifest_free(&read);
  pk_package_free(&package);
  free(text);
}

static void small_pictures_are_tensors(void **state) {
  static const dense_layer layers[] = {{10, DENSE_BELL}};
  pk_package package;
  pk_error error = {0};
  const pk_pack_options options = {.name = "spectrum"};
  (void)state;
  pk_lowered_graph graph = dense_graph(PK_IMAGE_SIDE_MIN - 1, layers, 1);
  assert_true(pk_package_encode(&package, &graph, &options, &error));
  assert_int_equal(package.manifest.task, PK_TASK_TENSORS);
  assert_false(package.manifest.inputs[0].is_image);
  assert_string_equal(package.manifest.name, "spectrum");
  pk_package_free(&package);
  pk_lowered_graph_free(&graph);
}

static void labels_are_normalized_and_counted(void **state) {
  static const char given[] =
      "\xef\xbb\xbf"
      "cat\r\ndog\r\nh\xc3\xa9risson";
  static const char expected[] = "cat\ndog\nh\xc3\xa9risson\n";
  static const dense_layer layers[] = {{3, DENSE_BELL}};
  pk_package package;
  pk_error error = {0};
  char path[TEST_PATH_BYTES];
  (void)state;
  test_folder_path(path, "labels.txt");
  test_file_write(path, given, sizeof given - 1);
  pk_lowered_graph graph = dense_graph(16, layers, 1);
  const pk_pack_options options = {.labels_file = path};
  if (!pk_package_encode(&package, &graph, &options, &error)) fail_msg("%s", error.message);
  assert_int_equal(package.labels.size, sizeof expected - 1);
  assert_memory_equal(package.labels.data, expected, sizeof expected - 1);
  assert_true(package.manifest.has_labels);
  pk_package_free(&package);
  test_file_write(path, "cat\ndog\n", 8);
  assert_false(pk_package_encode(&package, &graph, &options, &error));
  assert_int_equal(error.code, PK_USAGE);
  assert_non_null(strstr(error.message, "2 lines"));
  assert_non_null(strstr(error.message, "3 classes"));
  test_file_write(path, "a\n\xff\xfe\nc\n", 7);
  error = (pk_error){0};
  assert_false(pk_package_encode(&package, &graph, &options, &error));
  assert_non_null(strstr(error.message, "UTF-8"));
  pk_lowered_graph_free(&graph);
}

static void options_out_of_range_are_refused(void **state) {
  pk_package package;
  pk_error error = {0};
  const pk_pack_options options = {.shard_bytes = 1000};
  (void)state;
  pk_lowered_graph graph = dense_graph(16, mixed_layers, 1);
  assert_false(pk_package_encode(&package, &graph, &options, &error));
  assert_int_equal(error.code, PK_USAGE);
  pk_lowered_graph_free(&graph);
}

// The reader refuses weights beyond the bits that their operator names, on which kernels rely.
static void weights_with_more_bits_than_said_are_refused(void **state) {
  pk_package package;
  pk_error error = {0};
  const dense_layer layers[] = {{20, DENSE_UNIFORM}};
  const pk_pack_options options = {.crop = 0.875};
  (void)state;
  pk_lowered_graph graph = dense_graph(16, layers, 1);
  graph.ops[0].params[MNW_FULLY_CONNECTED_WEIGHT_BITS] = 7;
  assert_false(pk_package_encode(&package, &graph, &options, &error));
  assert_non_null(strstr(error.message, "more than its operator allows"));
  pk_lowered_graph_free(&graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packing_twice_gives_the_same_bytes),
      cmocka_unit_test(encodings_decode_to_the_shard),
      cmocka_unit_test(what_hardly_shrinks_is_compressed_by_pieces),
      cmocka_unit_test(shards_keep_to_their_size),
      cmocka_unit_test(each_constant_gets_the_smallest_coding),
      cmocka_unit_test(tensors_are_numbered_by_first_use),
      cmocka_unit_test(the_check_notices_a_wrong_byte),
      cmocka_unit_test(the_manifest_describes_the_model),
      cmocka_unit_test(small_pictures_are_tensors),
      cmocka_unit_test(labels_are_normalized_and_counted),
      cmocka_unit_test(options_out_of_range_are_refused),
      cmocka_unit_test(weights_with_more_bits_than_said_are_refused),
  };
  return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
