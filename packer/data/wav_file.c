#include "wav_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/base/bytes.h"

enum {
  HEADER_BYTES = 12,
  CHUNK_BYTES = 8,
  FORMAT_BYTES = 16,
  FORMAT_PCM = 1,
  FORMAT_FLOAT = 3,
  FORMAT_EXTENSIBLE = 0xfffe,
  MAX_CHANNELS = 32,
  MAX_SAMPLES = 1 << 28,
  ZERO_CROSSINGS = 16
};

typedef struct wav_format {
  uint32_t code, channels, rate, bits;
} wav_format;

static uint32_t load_u16(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static bool bad(pk_error *error, const char *file, const char *what) {
  return pk_fail(error, PK_BAD_SOUND, "%s: %s; a WAV file with PCM or float32 samples is needed",
                 file, what);
}

// The chunk with this id; false: there is none.
static bool find_chunk(const uint8_t **data, size_t *data_bytes, const uint8_t *bytes,
                       size_t size_bytes, const char *id) {
  size_t at = HEADER_BYTES;
  while (size_bytes - at >= CHUNK_BYTES) {
    const size_t length = mnw_load_u32(bytes + at + 4), rest = size_bytes - at - CHUNK_BYTES;
    if (memcmp(bytes + at, id, 4) == 0) {
      *data = bytes + at + CHUNK_BYTES;
      // A recorder that was cut off leaves a length beyond the end.
      *data_bytes = length < rest ? length : rest;
      return true;
    }
    if (length > rest) return false;
    at += CHUNK_BYTES + length;
    if (length % 2 == 1 && at < size_bytes) at++;
  }
  return false;
}

static bool read_format(wav_format *format, const uint8_t *bytes, size_t size_bytes,
                        const char *file, pk_error *error) {
  const uint8_t *data;
  size_t data_bytes;
  if (size_bytes < HEADER_BYTES || memcmp(bytes, "RIFF", 4) != 0 ||
      memcmp(bytes + 8, "WAVE", 4) != 0) {
    return bad(error, file, "it is no WAV file");
  }
  if (!find_chunk(&data, &data_bytes, bytes, size_bytes, "fmt ") || data_bytes < FORMAT_BYTES) {
    return bad(error, file, "it does not say what its samples are");
  }
  *format =
      (wav_format){load_u16(data), load_u16(data + 2), mnw_load_u32(data + 4), load_u16(data + 14)};
  if (format->code == FORMAT_EXTENSIBLE && data_bytes >= 26) format->code = load_u16(data + 24);
  const bool is_pcm = format->code == FORMAT_PCM && format->bits >= 8 && format->bits <= 32 &&
                      format->bits % 8 == 0;
  if (!is_pcm && !(format->code == FORMAT_FLOAT && format->bits == 32)) {
    return bad(error, file, "its samples are compressed, or of a width that is not known");
  }
  if (format->channels < 1 || format->channels > MAX_CHANNELS || format->rate < 1000 ||
      format->rate > 768000) {
    return bad(error, file, "its channels or its sample rate make no sense");
  }
  return true;
}

static float sample_at(const uint8_t *p, const wav_format *format) {
  uint32_t word = 0;
  float value;
  if (format->code == FORMAT_FLOAT) {
    word = mnw_load_u32(p);
    memcpy(&value, &word, sizeof value);
    return isfinite(value) ? fmaxf(fminf(value, 1.0f), -1.0f) : 0.0f;
  }
  if (format->bits == 8) return (float)(p[0] - 128) / 128.0f;
  for (uint32_t i = 0; i < format->bits / 8; i++) {
    word |= (uint32_t)p[i] << (32 - format->bits + 8 * i);
  }
  return (float)(int32_t)word * 0x1p-31f;
}

bool pk_wav_read(pk_sound *sound, const uint8_t *bytes, size_t size_bytes, const char *file,
                 pk_error *error) {
  wav_format format = {0};
  const uint8_t *data;
  size_t data_bytes;
  *sound = (pk_sound){0};
  if (!read_format(&format, bytes, size_bytes, file, error)) return false;
  if (!find_chunk(&data, &data_bytes, bytes, size_bytes, "data")) {
    return bad(error, file, "it has no samples");
  }
  const size_t width = format.bits / 8, frame = width * format.channels;
  const size_t count = data_bytes / frame;
  if (count == 0 || count > MAX_SAMPLES) return bad(error, file, "it has no or too many samples");
  sound->samples = malloc(count * sizeof *sound->samples);
  if (!sound->samples) return pk_fail(error, PK_OUT_OF_MEMORY, "%s: no memory for it", file);
  sound->count = count;
  sound->rate = format.rate;
  for (size_t i = 0; i < count; i++) {
    float sum = 0.0f;
    for (size_t c = 0; c < format.channels; c++)
      sum += sample_at(data + i * frame + c * width, &format);
    sound->samples[i] = sum / (float)format.channels;
  }
  return true;
}

void pk_sound_free(pk_sound *sound) {
  free(sound->samples);
  *sound = (pk_sound){0};
}

// sin(pi x) / (pi x) under a Hann window that ends at ZERO_CROSSINGS.
static double windowed_sinc(double x) {
  const double pi = 3.14159265358979323846;
  if (fabs(x) < 1e-9) return 1.0;
  if (fabs(x) >= ZERO_CROSSINGS) return 0.0;
  return sin(pi * x) / (pi * x) * 0.5 * (1.0 + cos(pi * x / ZERO_CROSSINGS));
}

enum { TABLE_STEPS = 512 };  // of the kernel between two zero crossings

float *pk_sound_resample(size_t *count, const float *samples, size_t source_count,
                         double source_rate, double rate, pk_error *error) {
  const double ratio = rate / source_rate, cut = ratio < 1.0 ? ratio : 1.0;
  const size_t wanted = (size_t)((double)source_count * ratio);
  float *out = malloc((wanted + 1) * sizeof *out);
  float *table = malloc((ZERO_CROSSINGS * TABLE_STEPS + 2) * sizeof *table);
  if (!out || !table) {
    free(out);
    free(table);
    pk_fail(error, PK_OUT_OF_MEMORY, "no memory to resample a sound");
    return NULL;
  }
  for (size_t i = 0; i < ZERO_CROSSINGS * TABLE_STEPS + 2; i++) {
    table[i] = (float)windowed_sinc((double)i / TABLE_STEPS);
  }
  const double reach = ZERO_CROSSINGS / cut;
  for (size_t i = 0; i < wanted; i++) {
    const double centre = (double)i / ratio;
    const double low = ceil(centre - reach), high = floor(centre + reach);
    const size_t first = low > 0.0 ? (size_t)low : 0;
    const size_t last = high < (double)(source_count - 1) ? (size_t)high : source_count - 1;
    double sum = 0.0;
    for (size_t j = first; j <= last; j++) {
      sum += (double)samples[j] *
             (double)table[(size_t)(fabs(((double)j - centre) * cut) * TABLE_STEPS + 0.5)];
    }
    out[i] = (float)(cut * sum);
  }
  free(table);
  *count = wanted;
  return out;
}
