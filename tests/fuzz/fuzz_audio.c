// Any options of the sound front end, and any samples cut anywhere.
#include <minnow/minnow.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_target.h"

enum { MAX_MEMORY = 1 << 22 };  // larger front ends are only measured

static void push_and_write(mnw_audio *audio, const mnw_audio_options *options, uint32_t bins,
                           const float *samples, size_t count) {
  mnw_tensor_info info = {
      .dtype = MNW_DTYPE_U8, .rank = 1, .dims = {(int32_t)(options->frames * bins)}, .scale = 0.1f};
  uint8_t *tensor = malloc((size_t)info.dims[0]);
  const size_t channels = options->channels ? options->channels : 1;
  size_t taken, at = 0;
  for (size_t cut = 1; tensor && at < count; cut = cut * 3 % 61 + 1) {
    const size_t some = count - at < cut ? count - at : cut;
    const bool is_due = mnw_audio_push(audio, &taken, samples + at * channels, some);
    at += taken;
    if (is_due && mnw_audio_write(audio, tensor, &info, NULL) != MNW_STATUS_OK) abort();
  }
  if (tensor && mnw_audio_finish(audio) &&
      mnw_audio_write(audio, tensor, &info, NULL) != MNW_STATUS_OK) {
    abort();
  }
  free(tensor);
}

// mnw_audio_options, then samples.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
  mnw_audio_options options;
  mnw_audio *audio;
  if (size_bytes < sizeof options) return 0;
  memcpy(&options, bytes, sizeof options);
  const size_t audio_bytes = mnw_audio_bytes(&options);
  if (audio_bytes == 0 || audio_bytes > MAX_MEMORY) return 0;
  void *memory = aligned_alloc(MNW_ALIGNMENT, audio_bytes);
  if (memory && mnw_audio_init(&audio, memory, audio_bytes, &options, NULL) != MNW_STATUS_OK) {
    abort();  // what can be measured can be laid out
  }
  const uint32_t bins[] = {1, options.fft_length / 2 + 1, options.mel_bins, options.coefficients};
  const size_t frame_bytes = sizeof(float) * (options.channels ? options.channels : 1);
  const size_t count = (size_bytes - sizeof options) / frame_bytes;
  float *samples = malloc(count * frame_bytes + 1);
  if (memory && samples) {
    memcpy(samples, bytes + sizeof options, count * frame_bytes);
    push_and_write(audio, &options, bins[options.features], samples, count);
  }
  free(samples);
  free(memory);
  return 0;
}
