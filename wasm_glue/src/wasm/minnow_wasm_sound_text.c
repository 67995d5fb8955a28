// The exports of minnow-sound-text.wasm: sound and text become tensors, which JavaScript copies
// into the inputs of a model. A module of its own, so that pages with pictures never fetch it; one
// for all instruction sets.
#include <string.h>

#include "minnow_wasm_base.h"

enum { MAX_TENSORS = 8 };

// Memory that is taken once and used again where it is large enough.
typedef struct region {
  void *memory;
  size_t size_bytes;
} region;

typedef struct target {
  mnw_tensor_info info;
  region data;
} target;

static struct {
  target targets[MAX_TENSORS];
  mnw_audio *audio;
  region audio_memory, samples;
  uint32_t audio_tensor, max_samples, channels;
  mnw_text *text;
  region text_memory, vocabulary;
  uint32_t vocabulary_bytes;
} front;

static mnw_status region_take(region *region, size_t size_bytes) {
  if (region->memory && region->size_bytes >= size_bytes) return MNW_STATUS_OK;
  mnw_wasm_begin_memory(0);
  *region = (struct region){NULL, 0};
  const mnw_status status = mnw_wasm_take_memory(&region->memory, size_bytes);
  if (status == MNW_STATUS_OK) region->size_bytes = size_bytes;
  return status;
}

// Makes tensor `tensor` of the mnw_wasm_tensor_words in the transfer buffer, whose address is not
// read. Returns where its bytes stand from the next write on; NULL after a failure, whose message
// error_message() tells.
MNW_WASM_EXPORT(void *, tensor_begin, uint32_t tensor) {
  mnw_wasm_tensor_words words;
  memcpy(&words, mnw_wasm_io_buffer, sizeof words);
  if (tensor >= MAX_TENSORS || words.rank > MNW_MAX_RANK || words.size_bytes == 0) {
    mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "tensor %0 of rank %1: at most 7, and 6", tensor,
                  words.rank);
    return NULL;
  }
  target *to = &front.targets[tensor];
  to->info = (mnw_tensor_info){.dtype = (mnw_dtype)words.dtype,
                               .rank = words.rank,
                               .scale = words.scale,
                               .zero_point = words.zero_point,
                               .size_bytes = words.size_bytes};
  memcpy(to->info.dims, words.dims, sizeof words.dims);
  return region_take(&to->data, words.size_bytes) == MNW_STATUS_OK ? to->data.memory : NULL;
}

static mnw_status need_tensor(uint32_t tensor) {
  if (tensor < MAX_TENSORS && front.targets[tensor].data.memory) return MNW_STATUS_OK;
  return mnw_wasm_fail(MNW_STATUS_NOT_READY, "tensor %0 was not begun", tensor, 0);
}

// Begins sound for tensor `tensor` with the mnw_audio_options that stand in the transfer buffer,
// and makes room for `max_samples` sample frames at a time at audio_buffer(). Sound that was begun
// before is dropped.
_Static_assert(sizeof(mnw_audio_options) == 29 * 4, "29 words without gaps");
MNW_WASM_EXPORT(mnw_status, audio_begin, uint32_t tensor, uint32_t max_samples) {
  mnw_audio_options options;
  memcpy(&options, mnw_wasm_io_buffer, sizeof options);
  mnw_status status = need_tensor(tensor);
  if (status != MNW_STATUS_OK) return status;
  const size_t audio_bytes = mnw_audio_bytes(&options);
  const uint32_t channels = options.channels ? options.channels : 1;
  const uint64_t sample_bytes = (uint64_t)max_samples * channels * sizeof(float);
  front.audio = NULL;
  // Without memory the initialisation tells which option is wrong.
  if (audio_bytes == 0) {
    return mnw_audio_init(&front.audio, NULL, 0, &options, &mnw_wasm_error);
  }
  if (sample_bytes == 0 || sample_bytes > INT32_MAX) {
    return mnw_wasm_fail(MNW_STATUS_INVALID_ARGUMENT, "%0 samples at once are none or too many",
                         max_samples, 0);
  }
  status = region_take(&front.audio_memory, audio_bytes);
  if (status == MNW_STATUS_OK) status = region_take(&front.samples, (size_t)sample_bytes);
  if (status != MNW_STATUS_OK) return status;
  front.audio_tensor = tensor;
  front.max_samples = max_samples;
  front.channels = channels;
  return mnw_audio_init(&front.audio, front.audio_memory.memory, audio_bytes, &options,
                        &mnw_wasm_error);
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

// Writes the newest window into the tensor.
MNW_WASM_EXPORT(mnw_status, audio_write, void) {
  const mnw_status status = need_audio();
  if (status != MNW_STATUS_OK) return status;
  target *to = &front.targets[front.audio_tensor];
  return mnw_audio_write(front.audio, to->data.memory, &to->info, &mnw_wasm_error);
}

// Makes room for a vocabulary: where to put its bytes, NULL after a failure, whose message
// error_message() tells.
MNW_WASM_EXPORT(void *, text_vocabulary, uint32_t size_bytes) {
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
  mnw_status status = MNW_STATUS_OK;
  const void *vocabulary = front.vocabulary_bytes > 0 ? front.vocabulary.memory : NULL;
  const size_t text_bytes = mnw_text_bytes(&options, vocabulary, front.vocabulary_bytes);
  front.text = NULL;
  if (text_bytes > 0) status = region_take(&front.text_memory, text_bytes);
  if (status != MNW_STATUS_OK) return status;
  return mnw_text_init(&front.text, front.text_memory.memory, front.text_memory.size_bytes,
                       &options, vocabulary, front.vocabulary_bytes, &mnw_wasm_error);
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

// Writes the last text into tensor `tensor` in its role (mnw_text_role).
MNW_WASM_EXPORT(mnw_status, text_write, uint32_t tensor, uint32_t role) {
  mnw_status status = need_text();
  if (status == MNW_STATUS_OK) status = need_tensor(tensor);
  if (status != MNW_STATUS_OK) return status;
  target *to = &front.targets[tensor];
  return mnw_text_write(front.text, (mnw_text_role)role, to->data.memory, &to->info,
                        &mnw_wasm_error);
}
