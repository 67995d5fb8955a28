// The exports of the picture front end: rows of pixels into the session's inputs. The region behind
// the session is used anew for each picture.
#include <string.h>

#include "minnow_wasm.h"

static struct {
  mnw_image *image;
  uint8_t *rows;  // where JavaScript puts the next rows of the picture
  uint32_t max_rows;
} front;

void mnw_wasm_image_drop(void) {
  memset(&front, 0, sizeof front);
}

// The options of a picture as JavaScript writes them into the transfer buffer, words of 4 bytes:
// where in the source the tensor's box_* comes from, and what becomes of the bytes.
typedef struct image_words {
  uint32_t source_width, source_height;
  uint32_t crop_x, crop_y, crop_width, crop_height;
  uint32_t box_x, box_y, box_width, box_height;
  uint32_t pad, is_planar, is_bgr;
  float scale[3], offset[3];
} image_words;
_Static_assert(sizeof(image_words) == 19 * 4, "19 words without gaps");

static mnw_status open_image(uint32_t input, const mnw_image_options *options, uint32_t max_rows) {
  const size_t image_bytes = mnw_image_bytes(options);
  const uint64_t rows_bytes = (uint64_t)max_rows * options->source_width * 4;
  void *memory, *rows;
  if (image_bytes == 0 || rows_bytes == 0 || rows_bytes > INT32_MAX) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "a picture of %0 x %1 pixels cannot be read",
                         options->source_width, options->source_height);
  }
  front.image = NULL;
  mnw_wasm_heap.free_memory = mnw_wasm.picture_memory;
  mnw_status status = mnw_wasm_take_memory(&memory, image_bytes);
  if (status == MNW_STATUS_OK) status = mnw_wasm_take_memory(&rows, (size_t)rows_bytes);
  if (status != MNW_STATUS_OK) return status;
  front.rows = rows;
  front.max_rows = max_rows;
  return mnw_image_init(&front.image, memory, image_bytes, options,
                        mnw_session_input(mnw_wasm.session, input), &mnw_wasm_error);
}

// Fills extents and dtype of the tensor.
static mnw_status image_target(mnw_image_options *options, uint32_t input) {
  mnw_tensor_info info;
  const mnw_status status = mnw_wasm_input_info(&info, input);
  if (status != MNW_STATUS_OK) return status;
  if (info.rank != 4 || info.dims[0] != 1) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT,
                         "input %0 is no picture: its shape is not [1,h,w,c] or [1,c,h,w]", input,
                         0);
  }
  const uint32_t first = options->is_planar ? 2 : 1;
  options->height = (uint32_t)info.dims[first];
  options->width = (uint32_t)info.dims[first + 1];
  options->channels = (uint32_t)info.dims[options->is_planar ? 1 : 3];
  options->dtype = info.dtype;
  return MNW_STATUS_OK;
}

// Begins a picture that fills input `input` as the image_words in the transfer buffer say, and
// makes room for `max_rows` rows at a time at image_buffer(). A picture that was not ended is
// dropped.
MNW_WASM_EXPORT(mnw_status, image_open, uint32_t input, uint32_t max_rows) {
  image_words words;
  memcpy(&words, mnw_wasm_io_buffer, sizeof words);
  mnw_image_options options = {.source_width = words.source_width,
                               .source_height = words.source_height,
                               .crop_x = words.crop_x,
                               .crop_y = words.crop_y,
                               .crop_width = words.crop_width,
                               .crop_height = words.crop_height,
                               .box_x = words.box_x,
                               .box_y = words.box_y,
                               .box_width = words.box_width,
                               .box_height = words.box_height,
                               .pad = (uint8_t)words.pad,
                               .is_planar = words.is_planar != 0,
                               .is_bgr = words.is_bgr != 0};
  memcpy(options.scale, words.scale, sizeof words.scale);
  memcpy(options.offset, words.offset, sizeof words.offset);
  const mnw_status status = image_target(&options, input);
  return status == MNW_STATUS_OK ? open_image(input, &options, max_rows) : status;
}

// Where to put the next rows of RGBA bytes.
MNW_WASM_EXPORT(void *, image_buffer, void) {
  return front.image ? front.rows : NULL;
}

MNW_WASM_EXPORT(mnw_status, image_rows, uint32_t row_count) {
  if (!front.image) return mnw_wasm_fail(MNW_STATUS_NOT_READY, "no picture was begun", 0, 0);
  if (row_count > front.max_rows) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "%0 rows at once; room was made for %1",
                         row_count, front.max_rows);
  }
  return mnw_image_push_rows(front.image, front.rows, row_count, &mnw_wasm_error);
}

MNW_WASM_EXPORT(mnw_status, image_end, void) {
  const bool is_complete = front.image && mnw_image_is_complete(front.image);
  front.image = NULL;
  return is_complete ? MNW_STATUS_OK
                     : mnw_wasm_fail(MNW_STATUS_TRUNCATED, "rows are missing", 0, 0);
}
