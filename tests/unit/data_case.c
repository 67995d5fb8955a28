#include "data_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <png.h>

#include "../../core/format/graph.h"
#include "encode/byte_buffer.h"
#include "package/manifest_frontend.h"
#include "test_folder.h"

static char *with_quotes(const char *text) {
  char *copy = malloc(strlen(text) + 1);
  assert_non_null(copy);
  strcpy(copy, text);
  for (char *p = copy; *p; p++) {
    if (*p == '\'') *p = '"';
  }
  return copy;
}

static json_t *parse(const char *text) {
  json_error_t problem;
  char *json_text = with_quotes(text);
  json_t *json = json_loads(json_text, 0, &problem);
  if (!json) fail_msg("%s: %s", json_text, problem.text);
  free(json_text);
  return json;
}

bool data_case_try_open(data_case *c, const char *description, const char *root,
                        const char *const *labels, pk_error *error) {
  json_t *json = parse(description);
  pk_data_options options = {.description = json, .root = root, .labels = labels};
  while (labels[options.label_count]) options.label_count++;
  *c = (data_case){0};
  *error = (pk_error){0};
  const bool ok = pk_data_set_open(&c->set, &options, error);
  assert_true(ok == (error->code == PK_OK));
  assert_true(ok == (c->set != NULL));
  json_decref(json);
  return ok;
}

void data_case_open(data_case *c, const char *description, const char *root,
                    const char *const *labels) {
  pk_error error;
  if (!data_case_try_open(c, description, root, labels, &error)) fail_msg("%s", error.message);
}

static void close_reader(data_case *c) {
  pk_data_reader_close(c->reader);
  free(c->inputs.inputs);
  free(c->inputs.outputs);
  c->reader = NULL;
  c->inputs = (pk_manifest){0};
}

void data_case_close(data_case *c) {
  close_reader(c);
  pk_data_set_close(c->set);
  *c = (data_case){0};
}

bool data_case_try_read(data_case *c, const pk_manifest_tensor *inputs, size_t count,
                        const char *front, const char *augment, pk_error *error) {
  char *front_text = with_quotes(front);
  json_t *json = augment ? parse(augment) : NULL;
  close_reader(c);
  *error = (pk_error){0};
  c->inputs.inputs = malloc(count * sizeof *inputs);
  c->inputs.outputs = calloc(1, sizeof *c->inputs.outputs);
  assert_non_null(c->inputs.inputs);
  assert_non_null(c->inputs.outputs);
  memcpy(c->inputs.inputs, inputs, count * sizeof *inputs);
  c->inputs.outputs[0] = (pk_manifest_tensor){.dtype = MNW_DTYPE_F32, .rank = 2, .dims = {1, 3}};
  c->inputs.input_count = count;
  c->inputs.output_count = 1;
  if (!pk_frontend_apply(&c->inputs, front_text, strlen(front_text), "front", error)) {
    fail_msg("%s", error->message);
  }
  c->input_bytes = 0;
  for (size_t i = 0; i < count; i++) {
    c->input_bytes +=
        (size_t)pk_manifest_tensor_elements(&inputs[i]) * mnw_dtype_bytes(inputs[i].dtype);
  }
  const bool ok = pk_data_reader_open(&c->reader, c->set, &c->inputs, json, error);
  assert_true(ok == (error->code == PK_OK));
  assert_true(ok == (c->reader != NULL));
  json_decref(json);
  free(front_text);
  return ok;
}

void data_case_read(data_case *c, const pk_manifest_tensor *inputs, size_t count, const char *front,
                    const char *augment) {
  pk_error error;
  if (!data_case_try_read(c, inputs, count, front, augment, &error)) fail_msg("%s", error.message);
}

void data_case_fill(data_case *c, pk_data_part part, size_t index, uint64_t seed, void *bytes) {
  pk_error error = {0};
  if (!pk_data_reader_fill(c->reader, part, index, seed, bytes, &error)) {
    fail_msg("%s", error.message);
  }
}

void data_case_make_folder(const char *path) {
  if (mkdir(path, 0700) != 0) fail_msg("%s cannot be made", path);
}

void data_case_write_wav(const char *path, const int16_t *samples, size_t frames, uint32_t rate,
                         uint32_t channels) {
  const uint32_t bytes = (uint32_t)(frames * channels * 2);
  pk_bytes wav = {0};
  pk_bytes_append(&wav, "RIFF", 4);
  pk_bytes_append_u32(&wav, 36 + bytes);
  pk_bytes_append(&wav, "WAVEfmt ", 8);
  pk_bytes_append_u32(&wav, 16);
  pk_bytes_append_u32(&wav, 1 | channels << 16);
  pk_bytes_append_u32(&wav, rate);
  pk_bytes_append_u32(&wav, rate * channels * 2);
  pk_bytes_append_u32(&wav, channels * 2 | 16u << 16);
  pk_bytes_append(&wav, "data", 4);
  pk_bytes_append_u32(&wav, bytes);
  for (size_t i = 0; i < frames * channels; i++) {
    const uint8_t pair[2] = {(uint8_t)samples[i], (uint8_t)((uint16_t)samples[i] >> 8)};
    pk_bytes_append(&wav, pair, 2);
  }
  test_file_write(path, wav.data, wav.size);
  pk_bytes_free(&wav);
}

void data_case_write_png(const char *path, const uint8_t *pixels, uint32_t width, uint32_t height,
                         uint32_t channels) {
  png_image image = {.version = PNG_IMAGE_VERSION,
                     .width = width,
                     .height = height,
                     .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
  assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

void data_case_write_npy(const char *path, const uint8_t *pixels, size_t count, uint32_t side) {
  char header[118];
  pk_bytes npy = {0};
  memset(header, ' ', sizeof header);
  const int length = snprintf(header, sizeof header,
                              "{'descr': '|u1', 'fortran_order': False, 'shape': (%zu, %u, %u), }",
                              count, side, side);
  header[length] = ' ';
  header[117] = '\n';
  pk_bytes_append(&npy, "\x93NUMPY\x01\x00\x76\x00", 10);
  pk_bytes_append(&npy, header, sizeof header);
  pk_bytes_append(&npy, pixels, count * side * side);
  test_file_write(path, npy.data, npy.size);
  pk_bytes_free(&npy);
}

void data_case_write_text(const char *path, const char *text) {
  test_file_write(path, text, strlen(text));
}
