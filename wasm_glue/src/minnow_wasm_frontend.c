// The exports of the front ends: pictures, sound and text into the session's inputs.
//
// Sound and text keep their state between runs, so they stand between the session and the region
// of the picture, which is used anew for each picture. Beginning one of them drops a picture that
// was not ended.
#include <string.h>

#include "minnow_wasm.h"

// Memory that is taken once and used again where it is large enough.
typedef struct region {
  void *memory;
  size_t size_bytes;
} region;

static struct {
  mnw_image *image;
  uint8_t *rows;  // where JavaScript puts the next rows of the picture
  uint32_t max_rows;
  mnw_audio *audio;
  region audio_memory, samples;
  uint32_t audio_input, max_samples, channels;
  mnw_text *text;
  region text_memory, vocabulary;
  uint32_t vocabulary_bytes;
} front;

void mnw_wasm_frontend_drop(void) {
  memset(&front, 0, sizeof front);
}

static mnw_status region_take(region *region, size_t size_bytes) {
  if (region->memory && region->size_bytes >= size_bytes) return MNW_STATUS_OK;
  front.image = NULL;
  mnw_wasm.free_memory = mnw_wasm.picture_memory;
  *region = (struct region){NULL, 0};
  const mnw_status status = mnw_wasm_take_memory(&region->memory, size_bytes);
  if (status != MNW_STATUS_OK) return status;
  region->size_bytes = size_bytes;
  mnw_wasm.picture_memory = mnw_wasm.free_memory;
  return MNW_STATUS_OK;
}

// The options of a picture as JavaScript writes them into the transfer buffer: words of 4 bytes
// behind the crop. fit: 0 … 2 as mnw_image_fit, which fills crop_* and box_* by `crop`; 3: they are
// given.
typedef struct image_words {
  double crop;
  uint32_t fit, source_width, source_height;
  uint32_t crop_x, crop_y, crop_width, crop_height;
  uint32_t box_x, box_y, box_width, box_height;
  uint32_t pad, is_planar, is_bgr;
  float scale[3], offset[3];
} image_words;
_Static_assert(sizeof(image_words) == 22 * 4, "22 words without gaps");

enum { FIT_IS_GIVEN = 3 };

static mnw_status open_image(uint32_t input, const mnw_image_options *options, uint32_t max_rows) {
  const size_t image_bytes = mnw_image_bytes(options);
  const uint64_t rows_bytes = (uint64_t)max_rows * options->source_width * 4;
  void *memory, *rows;
  if (image_bytes == 0 || rows_bytes == 0 || rows_bytes > INT32_MAX) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "a picture of %0 x %1 pixels cannot be read",
                         options->source_width, options->source_height);
  }
  front.image = NULL;
  mnw_wasm.free_memory = mnw_wasm.picture_memory;
  mnw_status status = mnw_wasm_take_memory(&memory, image_bytes);
  if (status == MNW_STATUS_OK) status = mnw_wasm_take_memory(&rows, (size_t)rows_bytes);
  if (status != MNW_STATUS_OK) return status;
  front.rows = rows;
  front.max_rows = max_rows;
  return mnw_image_init(&front.image, memory, image_bytes, options,
                        mnw_session_input(mnw_wasm.session, input), &mnw_wasm.error);
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

// Begins a picture of source_width x source_height pixels that fills input `input` ([1,h,w,c]), and
// makes room for `max_rows` rows at a time at image_buffer(). A float32 input gets 0 … 255 times
// `scale` plus `offset`. A picture that was not ended is dropped.
MNW_WASM_EXPORT(mnw_status, image_begin, uint32_t input, uint32_t source_width,
                uint32_t source_height, uint32_t max_rows, float scale, float offset) {
  mnw_image_options options = {.source_width = source_width,
                               .source_height = source_height,
                               .scale = {scale, scale, scale},
                               .offset = {offset, offset, offset}};
  const mnw_status status = image_target(&options, input);
  return status == MNW_STATUS_OK ? open_image(input, &options, max_rows) : status;
}

// The same with image_words from the transfer buffer, which then holds them with crop_* and box_*
// filled in: where in the source the tensor's box_* comes from.
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
  if (status != MNW_STATUS_OK) return status;
  if (words.fit > FIT_IS_GIVEN) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "unknown fit %0", words.fit, 0);
  }
  if (words.fit != FIT_IS_GIVEN) mnw_image_fit_to(&options, (mnw_image_fit)words.fit, words.crop);
  memcpy(&words.crop_x, &options.crop_x, 4 * sizeof(uint32_t));
  memcpy(&words.box_x, &options.box_x, 4 * sizeof(uint32_t));
  memcpy(mnw_wasm_io_buffer, &words, sizeof words);
  return open_image(input, &options, max_rows);
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
  return mnw_image_push_rows(front.image, front.rows, row_count, &mnw_wasm.error);
}

MNW_WASM_EXPORT(mnw_status, image_end, void) {
  const bool is_complete = front.image && mnw_image_is_complete(front.image);
  front.image = NULL;
  return is_complete ? MNW_STATUS_OK
                     : mnw_wasm_fail(MNW_STATUS_TRUNCATED, "rows are missing", 0, 0);
}

// Begins sound for input `input` with the mnw_audio_options that stand in the transfer buffer, and
// makes room for `max_samples` sample frames at a time at audio_buffer(). Sound that was begun
// before is dropped.
_Static_assert(sizeof(mnw_audio_options) == 29 * 4, "29 words without gaps");
MNW_WASM_EXPORT(mnw_status, audio_begin, uint32_t input, uint32_t max_samples) {
  mnw_audio_options options;
  mnw_tensor_info info;
  memcpy(&options, mnw_wasm_io_buffer, sizeof options);
  mnw_status status = mnw_wasm_input_info(&info, input);
  if (status != MNW_STATUS_OK) return status;
  const size_t audio_bytes = mnw_audio_bytes(&options);
  const uint32_t channels = options.channels ? options.channels : 1;
  const uint64_t sample_bytes = (uint64_t)max_samples * channels * sizeof(float);
  front.audio = NULL;
  // Without memory the initialisation tells which option is wrong.
  if (audio_bytes == 0) {
    return mnw_audio_init(&front.audio, NULL, 0, &options, &mnw_wasm.error);
  }
  if (sample_bytes == 0 || sample_bytes > INT32_MAX) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "%0 samples at once are none or too many",
                         max_samples, 0);
  }
  status = region_take(&front.audio_memory, audio_bytes);
  if (status == MNW_STATUS_OK) status = region_take(&front.samples, (size_t)sample_bytes);
  if (status != MNW_STATUS_OK) return status;
  front.audio_input = input;
  front.max_samples = max_samples;
  front.channels = channels;
  return mnw_audio_init(&front.audio, front.audio_memory.memory, audio_bytes, &options,
                        &mnw_wasm.error);
}

static mnw_status need_audio(void) {
  return front.audio ? MNW_STATUS_OK
                     : mnw_wasm_fail(MNW_STATUS_NOT_READY, "no sound was begun", 0, 0);
}

// Where to put the next samples, interleaved float32.
MNW_WASM_EXPORT(void *, audio_buffer, void) {
  return front.audio ? front.samples.memory : NULL;
}

// What the last audio_push() or audio_finish() came to, in the transfer buffer.
static void tell_audio(size_t taken, bool is_due) {
  const uint32_t words[2] = {(uint32_t)taken, is_due};
  memcpy(mnw_wasm_io_buffer, words, sizeof words);
}

// Takes `count` sample frames of the buffer from frame `first` on until a window is due. Then the
// transfer buffer holds two words: frames taken, and 1 where a window is due.
MNW_WASM_EXPORT(mnw_status, audio_push, uint32_t first, uint32_t count) {
  const mnw_status status = need_audio();
  size_t taken;
  if (status != MNW_STATUS_OK) return status;
  if (first > front.max_samples || count > front.max_samples - first) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "%0 samples at once; room was made for %1",
                         (int64_t)first + count, front.max_samples);
  }
  const float *samples = front.samples.memory;
  const bool is_due =
      mnw_audio_push(front.audio, &taken, samples + (size_t)first * front.channels, count);
  tell_audio(taken, is_due);
  return MNW_STATUS_OK;
}

// The sound has ended; two words as after audio_push().
MNW_WASM_EXPORT(mnw_status, audio_finish, void) {
  const mnw_status status = need_audio();
  if (status == MNW_STATUS_OK) tell_audio(0, mnw_audio_finish(front.audio));
  return status;
}

// Writes the newest window into the input; before each run, since inputs do not survive one.
MNW_WASM_EXPORT(mnw_status, audio_write, void) {
  mnw_tensor_info info;
  mnw_status status = need_audio();
  if (status == MNW_STATUS_OK) status = mnw_wasm_input_info(&info, front.audio_input);
  if (status != MNW_STATUS_OK) return status;
  return mnw_audio_write(front.audio, mnw_session_input(mnw_wasm.session, front.audio_input), &info,
                         &mnw_wasm.error);
}

// Forgets the sound so far.
MNW_WASM_EXPORT(mnw_status, audio_reset, void) {
  const mnw_status status = need_audio();
  if (status == MNW_STATUS_OK) mnw_audio_reset(front.audio);
  return status;
}

// Makes room for a vocabulary: where to put its bytes, NULL after a failure, whose message
// error_message() tells.
MNW_WASM_EXPORT(void *, text_vocabulary, uint32_t size_bytes) {
  if (mnw_wasm_need_session() != MNW_STATUS_OK) return NULL;
  front.text = NULL;
  front.vocabulary_bytes = 0;
  if (region_take(&front.vocabulary, size_bytes) != MNW_STATUS_OK) return NULL;
  front.vocabulary_bytes = size_bytes;
  return front.vocabulary.memory;
}

// Begins text with the mnw_text_options in the transfer buffer and the vocabulary that stands where
// text_vocabulary() told (none where it was not called).
_Static_assert(sizeof(mnw_text_options) == 11 * 4, "11 words without gaps");
MNW_WASM_EXPORT(mnw_status, text_begin, void) {
  mnw_text_options options;
  memcpy(&options, mnw_wasm_io_buffer, sizeof options);
  mnw_status status = mnw_wasm_need_session();
  if (status != MNW_STATUS_OK) return status;
  const void *vocabulary = front.vocabulary_bytes > 0 ? front.vocabulary.memory : NULL;
  const size_t text_bytes = mnw_text_bytes(&options, vocabulary, front.vocabulary_bytes);
  front.text = NULL;
  if (text_bytes > 0) status = region_take(&front.text_memory, text_bytes);
  if (status != MNW_STATUS_OK) return status;
  return mnw_text_init(&front.text, front.text_memory.memory, front.text_memory.size_bytes,
                       &options, vocabulary, front.vocabulary_bytes, &mnw_wasm.error);
}

static mnw_status need_text(void) {
  return front.text ? MNW_STATUS_OK
                    : mnw_wasm_fail(MNW_STATUS_NOT_READY, "no text was begun", 0, 0);
}

// Tokenizes the `size_bytes` bytes of UTF-8 in the transfer buffer. Then the transfer buffer holds
// two words: the number of tokens, and the address of their int32 numbers.
MNW_WASM_EXPORT(mnw_status, text_encode, uint32_t size_bytes) {
  const mnw_status status = need_text();
  if (status != MNW_STATUS_OK) return status;
  if (size_bytes > MNW_WASM_IO_BYTES) size_bytes = MNW_WASM_IO_BYTES;
  const uint32_t words[2] = {(uint32_t)mnw_text_encode(front.text, mnw_wasm_io_buffer, size_bytes),
                             (uint32_t)(uintptr_t)mnw_text_ids(front.text)};
  memcpy(mnw_wasm_io_buffer, words, sizeof words);
  return MNW_STATUS_OK;
}

// Writes the last text into input `input` in its role (mnw_text_role); before each run.
MNW_WASM_EXPORT(mnw_status, text_write, uint32_t input, uint32_t role) {
  mnw_tensor_info info;
  mnw_status status = need_text();
  if (status == MNW_STATUS_OK) status = mnw_wasm_input_info(&info, input);
  if (status != MNW_STATUS_OK) return status;
  return mnw_text_write(front.text, (mnw_text_role)role, mnw_session_input(mnw_wasm.session, input),
                        &info, &mnw_wasm.error);
}
