#include "wav_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../package/file_io.h"

enum {
  CHUNK_HEAD_BYTES = 8,
  RIFF_HEAD_BYTES = 12,
  FORMAT_BYTES = 16,
  EXTENSIBLE_BYTES = 40,
  SUBFORMAT_AT = 24,
  FORMAT_PCM = 1,
  FORMAT_FLOAT = 3,
  FORMAT_EXTENSIBLE = 0xfffe
};
static const uint32_t size_unknown = 0xffffffffU;  // written by recorders that cannot seek

typedef struct wave_layout {
  uint32_t format, channels, rate, bits;
  size_t frame_bytes;  // of one sample of each channel; 0: the format is not known yet
  const uint8_t *data;
  size_t data_bytes;
} wave_layout;

static uint32_t get_u16(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get_u32(const uint8_t *p) {
  return get_u16(p) | get_u16(p + 2) << 16;
}

static bool read_format(wave_layout *layout, const uint8_t *chunk, size_t size, const char *path,
                        pk_error *error) {
  if (size < FORMAT_BYTES) {
    return pk_fail(error, PK_BAD_SOUND, "%s: its format chunk has %zu bytes instead of 16", path,
                   size);
  }
  layout->format = get_u16(chunk);
  layout->channels = get_u16(chunk + 2);
  layout->rate = get_u32(chunk + 4);
  layout->bits = get_u16(chunk + 14);
  if (layout->format == FORMAT_EXTENSIBLE && size >= EXTENSIBLE_BYTES) {
    layout->format = get_u16(chunk + SUBFORMAT_AT);
  }
  const uint32_t bits = layout->bits;
  const bool is_pcm =
      layout->format == FORMAT_PCM && (bits == 8 || bits == 16 || bits == 24 || bits == 32);
  if (!is_pcm && !(layout->format == FORMAT_FLOAT && bits == 32)) {
    return pk_fail(error, PK_BAD_SOUND,
                   "%s: samples of format %u with %u bits are not read; convert it to PCM of 16 "
                   "bits",
                   path, layout->format, bits);
  }
  if (layout->channels < 1 || layout->channels > PK_MAX_SOUND_CHANNELS) {
    return pk_fail(error, PK_BAD_SOUND, "%s: %u channels; 1 to %d work", path, layout->channels,
                   PK_MAX_SOUND_CHANNELS);
  }
  if (layout->rate < 1000 || layout->rate > 768000) {
    return pk_fail(error, PK_BAD_SOUND, "%s: a rate of %u Hz; 1000 to 768000 work", path,
                   layout->rate);
  }
  layout->frame_bytes = (size_t)bits / 8 * layout->channels;
  return true;
}

// Leaves `layout` without data, or without format, where a chunk is missing.
static bool find_chunks(wave_layout *layout, const uint8_t *bytes, size_t size, const char *path,
                        pk_error *error) {
  size_t at = RIFF_HEAD_BYTES;
  while (!layout->data && size - at >= CHUNK_HEAD_BYTES) {
    const uint8_t *head = bytes + at;
    const size_t left = size - at - CHUNK_HEAD_BYTES;
    const bool is_data = memcmp(head, "data", 4) == 0;
    size_t chunk = get_u32(head + 4);
    if (is_data && chunk == size_unknown) chunk = left;
    if (chunk > left) {
      return pk_fail(error, PK_BAD_SOUND,
                     "%s ends early: a chunk of %zu bytes at %zu does not fit into its %zu; copy "
                     "the file again",
                     path, chunk, at, size);
    }
    if (memcmp(head, "fmt ", 4) == 0 &&
        !read_format(layout, head + CHUNK_HEAD_BYTES, chunk, path, error)) {
      return false;
    }
    if (is_data) {
      layout->data = head + CHUNK_HEAD_BYTES;
      layout->data_bytes = chunk;
    }
    const size_t padded = chunk + (chunk & 1);
    at += CHUNK_HEAD_BYTES + (padded < left ? padded : left);
  }
  return true;
}

static float sample_at(const uint8_t *p, const wave_layout *layout) {
  uint32_t word = 0;  // the sample in the upper bits
  if (layout->bits == 8) return (float)((int32_t)p[0] - 128) * 0x1p-7f;
  if (layout->bits == 16) word = get_u16(p) << 16;
  if (layout->bits == 24) word = get_u16(p) << 8 | (uint32_t)p[2] << 24;
  if (layout->bits == 32) word = get_u32(p);
  if (layout->format == FORMAT_FLOAT) {
    float value;
    memcpy(&value, &word, sizeof value);
    return isfinite(value) ? fminf(fmaxf(value, -1.0f), 1.0f) : 0.0f;
  }
  return (float)(int32_t)word * 0x1p-31f;
}

bool pk_wav_parse(pk_sound *sound, const void *bytes, size_t size_bytes, const char *path,
                  pk_error *error) {
  const uint8_t *file = bytes;
  wave_layout layout = {0};
  *sound = (pk_sound){0};
  if (size_bytes < RIFF_HEAD_BYTES || memcmp(file, "RIFF", 4) != 0 ||
      memcmp(file + 8, "WAVE", 4) != 0) {
    return pk_fail(error, PK_BAD_SOUND, "%s is no WAV file; convert it to one", path);
  }
  if (!find_chunks(&layout, file, size_bytes, path, error)) return false;
  if (layout.frame_bytes == 0 || !layout.data) {
    return pk_fail(error, PK_BAD_SOUND, "%s has no %s chunk where one is due; convert it again",
                   path, layout.frame_bytes == 0 ? "format" : "data");
  }
  const size_t count = layout.data_bytes / layout.frame_bytes;
  if (count == 0) return pk_fail(error, PK_BAD_SOUND, "%s has no samples; remove it", path);
  float *samples = malloc(count * sizeof *samples);
  if (!samples) return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for its samples", path);
  for (size_t i = 0; i < count; i++) {
    const uint8_t *frame = layout.data + i * layout.frame_bytes;
    float sum = 0.0f;
    for (uint32_t c = 0; c < layout.channels; c++) {
      sum += sample_at(frame + (size_t)c * layout.bits / 8, &layout);
    }
    samples[i] = sum / (float)layout.channels;
  }
  *sound = (pk_sound){samples, count, layout.rate};
  return true;
}

bool pk_wav_read(pk_sound *sound, const char *path, pk_error *error) {
  pk_bytes file = {0};
  *sound = (pk_sound){0};
  const bool ok = pk_file_read(&file, path, PK_MAX_SOUND_FILE_BYTES, error) &&
                  pk_wav_parse(sound, file.data, file.size, path, error);
  pk_bytes_free(&file);
  return ok;
}

void pk_sound_free(pk_sound *sound) {
  free(sound->samples);
  *sound = (pk_sound){0};
}
