#include "manifest_frontend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rules) (sizeof(rules) / sizeof *(rules))

enum { MAX_DIM = 1 << 24, MAX_TOKEN = INT32_MAX, MAX_CLASSES = 65536, MAX_LIST = 32 };
static const double any = 1e30;

static const char *const fit_names[] = {"crop", "letterbox", "stretch", NULL};
static const char *const layout_names[] = {"nhwc", "nchw", NULL};
static const char *const order_names[] = {"rgb", "bgr", NULL};

typedef struct image_words {
  uint32_t fit, is_planar, is_bgr, pad;
} image_words;

static const pk_field_rule image_rules[] = {
    {"fit", PK_FIELD_NAME, false, offsetof(image_words, fit), 0, 0, fit_names},
    {"layout", PK_FIELD_NAME, false, offsetof(image_words, is_planar), 0, 0, layout_names},
    {"order", PK_FIELD_NAME, false, offsetof(image_words, is_bgr), 0, 0, order_names},
    {"pad", PK_FIELD_INTEGER, false, offsetof(image_words, pad), 0, 255, NULL},
};
static const char *const image_others[] = {"width", "height", "channels", "crop",
                                           "scale", "offset", NULL};

static const char *const feature_names[] = {"waveform", "spectrogram", "log-mel", "mfcc", NULL};
static const char *const window_names[] = {
    "none", "hann", "hann-periodic", "hamming", "hamming-periodic", NULL};
static const char *const mel_names[] = {"htk", "slaney", NULL};
static const char *const log_names[] = {"none", "ln", "log10", "db", NULL};
static const char *const normalize_names[] = {"none", "standard", "peak", NULL};

#define AUDIO(name, kind, member, minimum, maximum, names) \
  { name, kind, false, offsetof(mnw_audio_options, member), minimum, maximum, names }
static const pk_field_rule audio_rules[] = {
    {"sampleRate", PK_FIELD_INTEGER, true, offsetof(mnw_audio_options, sample_rate), 1000, 192000,
     NULL},
    {"features", PK_FIELD_NAME, true, offsetof(mnw_audio_options, features), 0, 0, feature_names},
    {"frames", PK_FIELD_INTEGER, true, offsetof(mnw_audio_options, frames), 1, MAX_DIM, NULL},
    AUDIO("hopSamples", PK_FIELD_INTEGER, hop_samples, 1, MAX_DIM, NULL),
    AUDIO("frameLength", PK_FIELD_INTEGER, frame_length, 1, 4096, NULL),
    AUDIO("frameStep", PK_FIELD_INTEGER, frame_step, 1, MAX_DIM, NULL),
    AUDIO("fftLength", PK_FIELD_INTEGER, fft_length, 16, 4096, NULL),
    AUDIO("window", PK_FIELD_NAME, window, 0, 0, window_names),
    AUDIO("center", PK_FIELD_BOOLEAN, is_centered, 0, 1, NULL),
    AUDIO("power", PK_FIELD_INTEGER, power, 1, 2, NULL),
    AUDIO("melBins", PK_FIELD_INTEGER, mel_bins, 1, 4096, NULL),
    AUDIO("mel", PK_FIELD_NAME, mel_scale, 0, 0, mel_names),
    AUDIO("melIsLinear", PK_FIELD_BOOLEAN, mel_is_linear, 0, 1, NULL),
    AUDIO("melHasArea", PK_FIELD_BOOLEAN, mel_has_area, 0, 1, NULL),
    AUDIO("lowerHz", PK_FIELD_NUMBER, lower_hz, 0, 96000, NULL),
    AUDIO("upperHz", PK_FIELD_NUMBER, upper_hz, 0, 96000, NULL),
    AUDIO("log", PK_FIELD_NAME, log, 0, 0, log_names),
    AUDIO("logOffset", PK_FIELD_NUMBER, log_offset, 0, any, NULL),
    AUDIO("logFloor", PK_FIELD_NUMBER, log_floor, 0, any, NULL),
    AUDIO("logRange", PK_FIELD_NUMBER, log_range, 0, any, NULL),
    AUDIO("coefficients", PK_FIELD_INTEGER, coefficients, 1, 4096, NULL),
    AUDIO("dctIsOrtho", PK_FIELD_BOOLEAN, dct_is_ortho, 0, 1, NULL),
    AUDIO("normalize", PK_FIELD_NAME, normalize, 0, 0, normalize_names),
    AUDIO("transposed", PK_FIELD_BOOLEAN, is_transposed, 0, 1, NULL),
    AUDIO("gain", PK_FIELD_NUMBER, gain, -any, any, NULL),
    AUDIO("scale", PK_FIELD_NUMBER, scale, -any, any, NULL),
    AUDIO("offset", PK_FIELD_NUMBER, offset, -any, any, NULL),
};
#undef AUDIO

static const char *const tokenizer_names[] = {"wordpiece", "bpe", "hash", NULL};
static const char *const role_names[] = {"ids", "mask", "types", "counts", NULL};
#define TEXT(name, kind, member, minimum, maximum) \
  { name, kind, false, offsetof(pk_text_input, options.member), minimum, maximum, NULL }
static const pk_field_rule text_rules[] = {
    {"tokenizer", PK_FIELD_NAME, true, offsetof(pk_text_input, options.tokenizer), 0, 0,
     tokenizer_names},
    {"role", PK_FIELD_NAME, true, offsetof(pk_text_input, role), 0, 0, role_names},
    {"maxTokens", PK_FIELD_INTEGER, true, offsetof(pk_text_input, options.max_tokens), 1, 65536,
     NULL},
    TEXT("lowercase", PK_FIELD_BOOLEAN, is_lowercase, 0, 1),
    TEXT("stripAccents", PK_FIELD_BOOLEAN, strips_accents, 0, 1),
    TEXT("cls", PK_FIELD_INTEGER, cls_id, 0, MAX_TOKEN),
    TEXT("sep", PK_FIELD_INTEGER, sep_id, 0, MAX_TOKEN),
    TEXT("pad", PK_FIELD_INTEGER, pad_id, 0, MAX_TOKEN),
    TEXT("unk", PK_FIELD_INTEGER, unk_id, 0, MAX_TOKEN),
    TEXT("buckets", PK_FIELD_INTEGER, buckets, 1, MAX_DIM),
};
#undef TEXT
static const char *const text_others[] = {"ngrams", NULL};
static const pk_text_input text_defaults = {.options = {.cls_id = MNW_TEXT_NO_TOKEN,
                                                        .sep_id = MNW_TEXT_NO_TOKEN,
                                                        .unk_id = MNW_TEXT_NO_TOKEN}};

// A number for all channels, or a list of one for each.
static bool read_channels(double *values, const pk_field_reader *r, const json_t *object,
                          const char *where, const char *field, int32_t channels) {
  const json_t *json = json_object_get(object, field);
  if (!json && r->refuses_unknown) return true;
  const bool is_list = json_is_array(json) && json_array_size(json) == (size_t)channels;
  for (int32_t c = 0; c < 3; c++) {
    const json_t *value = is_list ? json_array_get(json, c < channels ? (size_t)c : 0) : json;
    values[c] = json_number_value(value);
    if (!json_is_number(value) || fabs(values[c]) > any) {
      return pk_field_bad(r, where, field, "a number, or a list of one for each channel");
    }
  }
  return true;
}

// A manifest says the extents again; they must be the tensor's.
static bool check_extents(const pk_manifest_tensor *tensor, const pk_field_reader *r,
                          const json_t *image, const char *where, const int32_t *extents) {
  static const char *const fields[3] = {"height", "width", "channels"};
  for (int i = 0; i < 3; i++) {
    int64_t extent;
    if (r->refuses_unknown && !json_object_get(image, fields[i])) continue;
    if (!pk_field_integer(&extent, r, image, where, fields[i], 1, MAX_DIM)) return false;
    if (extent != extents[i]) return pk_field_bad(r, where, fields[i], "that of the tensor");
  }
  const bool is_pixels = tensor->dtype == MNW_DTYPE_F32 || tensor->dtype == MNW_DTYPE_U8 ||
                         tensor->dtype == MNW_DTYPE_S8;
  if (is_pixels && (extents[2] == 1 || extents[2] == 3)) return true;
  return pk_field_bad(r, where, "",
                      "left out, unless the tensor is [1, height, width, 1 or 3] (layout nchw: [1, "
                      "1 or 3, height, width]) of uint8, int8 or float32");
}

static bool read_image(pk_manifest_tensor *tensor, const pk_field_reader *r, const json_t *image,
                       const char *where) {
  image_words words = {0};
  if (!pk_field_read_rules(&words, image_rules, COUNT(image_rules), image_others, r, image,
                           where)) {
    return false;
  }
  const uint32_t first = words.is_planar ? 2 : 1;
  const bool has_area = tensor->rank == 4 && tensor->dims[0] == 1;
  const int32_t extents[3] = {has_area ? tensor->dims[first] : 0,
                              has_area ? tensor->dims[first + 1] : 0,
                              has_area ? tensor->dims[words.is_planar ? 1 : 3] : 0};
  if (!check_extents(tensor, r, image, where, extents)) return false;
  const json_t *crop = json_object_get(image, "crop");
  if (!crop && r->refuses_unknown) {
    if (!tensor->is_image) tensor->crop = 1.0;
  } else {
    tensor->crop = json_number_value(crop);
    if (!(tensor->crop > 0.0 && tensor->crop <= 1.0)) {
      return pk_field_bad(r, where, "crop", "above 0, at most 1");
    }
  }
  if (tensor->dtype == MNW_DTYPE_F32) {
    if (!tensor->is_image) {
      for (int c = 0; c < 3; c++) tensor->image_scale[c] = 1.0 / 255.0;
    }
    if (!read_channels(tensor->image_scale, r, image, where, "scale", extents[2]) ||
        !read_channels(tensor->image_offset, r, image, where, "offset", extents[2])) {
      return false;
    }
    for (int32_t c = 0; c < extents[2]; c++) {
      if (tensor->image_scale[c] == 0.0) return pk_field_bad(r, where, "scale", "other than 0");
    }
  }
  tensor->is_image = true;
  tensor->fit = (mnw_image_fit)words.fit;
  tensor->is_planar = words.is_planar != 0;
  tensor->is_bgr = words.is_bgr != 0;
  tensor->pad = (uint8_t)words.pad;
  return true;
}

static bool read_audio(pk_manifest_tensor *tensor, const pk_field_reader *r, const json_t *audio,
                       const char *where) {
  mnw_audio_options options = {0};
  mnw_audio *unused;
  mnw_error error = {0};
  char message[MNW_ERROR_MESSAGE_BYTES];
  if (!pk_field_read_rules(&options, audio_rules, COUNT(audio_rules), NULL, r, audio, where)) {
    return false;
  }
  if (mnw_audio_bytes(&options) == 0) {
    mnw_audio_init(&unused, NULL, 0, &options, &error);
    mnw_error_message(&error, message, sizeof message);
    return pk_fail(r->error, r->code, "%s: %s: %s; %s", r->source, where, message, r->remedy);
  }
  const uint64_t bins = options.features == MNW_AUDIO_WAVEFORM      ? 1
                        : options.features == MNW_AUDIO_SPECTROGRAM ? options.fft_length / 2 + 1
                        : options.features == MNW_AUDIO_LOG_MEL     ? options.mel_bins
                                                                    : options.coefficients;
  const bool is_byte = tensor->dtype == MNW_DTYPE_S8 || tensor->dtype == MNW_DTYPE_U8;
  if (pk_manifest_tensor_elements(tensor) != options.frames * bins ||
      !(tensor->dtype == MNW_DTYPE_F32 || (is_byte && tensor->scale > 0.0f))) {
    return pk_field_bad(r, where, "",
                        "as large as the tensor: frames x bins elements of float32 or quantised "
                        "int8 or uint8");
  }
  tensor->is_audio = true;
  tensor->audio = options;
  return true;
}

static bool read_ngrams(mnw_text_options *options, const pk_field_reader *r, const json_t *text,
                        const char *where) {
  const json_t *ngrams = json_object_get(text, "ngrams");
  const json_int_t low = json_integer_value(json_array_get(ngrams, 0));
  const json_int_t high = json_integer_value(json_array_get(ngrams, 1));
  if (!ngrams && options->tokenizer != MNW_TEXT_HASH) return true;
  if (json_array_size(ngrams) != 2 || low < 1 || low > high || high > 16) {
    return pk_field_bad(r, where, "ngrams", "two lengths in bytes, 1 to 16, the shorter first");
  }
  options->ngram_min = (uint32_t)low;
  options->ngram_max = (uint32_t)high;
  return true;
}

static bool read_text(pk_manifest_tensor *tensor, const pk_field_reader *r, const json_t *json,
                      const char *where) {
  pk_text_input text = text_defaults;
  if (!pk_field_read_rules(&text, text_rules, COUNT(text_rules), text_others, r, json, where) ||
      !read_ngrams(&text.options, r, json, where)) {
    return false;
  }
  const bool is_hash = text.options.tokenizer == MNW_TEXT_HASH;
  if (is_hash && text.options.buckets == 0) {
    return pk_field_bad(r, where, "buckets", "the number of buckets");
  }
  if (text.role == MNW_TEXT_COUNTS && !is_hash) {
    return pk_field_bad(r, where, "role", "ids, mask or types, unless tokenizer is hash");
  }
  const uint64_t elements =
      text.role == MNW_TEXT_COUNTS ? text.options.buckets : text.options.max_tokens;
  if (pk_manifest_tensor_elements(tensor) != elements) {
    return pk_field_bad(r, where, text.role == MNW_TEXT_COUNTS ? "buckets" : "maxTokens",
                        "the number of the tensor's elements");
  }
  tensor->is_text = true;
  tensor->text = text;
  return true;
}

bool pk_frontend_read_input(pk_manifest_tensor *tensor, const pk_field_reader *r,
                            const json_t *object, const char *where) {
  static const char *const fields[] = {"image", "audio", "text"};
  bool (*const readers[])(pk_manifest_tensor *, const pk_field_reader *, const json_t *,
                          const char *) = {read_image, read_audio, read_text};
  char inner[80];
  int found = 0;
  for (size_t i = 0; i < COUNT(fields); i++) {
    const json_t *json = json_object_get(object, fields[i]);
    if (!json) continue;
    snprintf(inner, sizeof inner, "%s.%s", where, fields[i]);
    if (found++ > 0) return pk_field_bad(r, inner, "", "the input's only front end");
    if (!json_is_object(json)) return pk_field_bad(r, inner, "", "an object");
    if (!readers[i](tensor, r, json, inner)) return false;
    tensor->is_image = i == 0;
  }
  return true;
}

static json_t *channels_json(const double *values, int32_t channels) {
  if (channels == 1 || (values[0] == values[1] && values[0] == values[2])) {
    return json_real(values[0]);
  }
  return json_pack("[f, f, f]", values[0], values[1], values[2]);
}

static json_t *image_json(const pk_manifest_tensor *tensor) {
  const image_words words = {(uint32_t)tensor->fit, tensor->is_planar, tensor->is_bgr, tensor->pad};
  const image_words defaults = {0};
  const uint32_t first = tensor->is_planar ? 2 : 1;
  const int32_t channels = tensor->dims[tensor->is_planar ? 1 : 3];
  json_t *image = json_pack("{s:i, s:i, s:i, s:f}", "width", tensor->dims[first + 1], "height",
                            tensor->dims[first], "channels", channels, "crop", tensor->crop);
  json_t *more = pk_field_write_rules(&words, &defaults, image_rules, COUNT(image_rules));
  json_object_update(image, more);
  json_decref(more);
  if (tensor->dtype == MNW_DTYPE_F32) {
    json_object_set_new(image, "scale", channels_json(tensor->image_scale, channels));
    json_object_set_new(image, "offset", channels_json(tensor->image_offset, channels));
  }
  return image;
}

void pk_frontend_write_input(json_t *object, const pk_manifest_tensor *tensor) {
  const mnw_audio_options no_audio = {0};
  if (tensor->is_image) json_object_set_new(object, "image", image_json(tensor));
  if (tensor->is_audio) {
    json_object_set_new(
        object, "audio",
        pk_field_write_rules(&tensor->audio, &no_audio, audio_rules, COUNT(audio_rules)));
  }
  if (!tensor->is_text) return;
  const mnw_text_options *options = &tensor->text.options;
  json_t *text = pk_field_write_rules(&tensor->text, &text_defaults, text_rules, COUNT(text_rules));
  if (options->tokenizer == MNW_TEXT_HASH) {
    json_object_set_new(text, "ngrams",
                        json_pack("[i, i]", (int)options->ngram_min, (int)options->ngram_max));
  }
  json_object_set_new(object, "text", text);
}
