// Pictures, sound and text on their way into input tensors. Included by minnow.h.
//
// Every front end works like a model: options are a plain struct, mnw_*_bytes() tells how much
// memory they need (0: the options are not usable), mnw_*_init() lays the front end out in the
// caller's memory, and dropping that memory ends it. Nothing is allocated and the bits that come
// out are the same on every platform. One front end must not be used by two threads at a time.
#ifndef MINNOW_FRONTEND_H_
#define MINNOW_FRONTEND_H_

#include "minnow.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Pictures -----------------------------------------------------------------------------------

typedef enum mnw_image_fit {
  MNW_IMAGE_CROP = 0,  // the largest centred rectangle of the tensor's aspect, or a share of it
  MNW_IMAGE_LETTERBOX = 1,  // the whole picture at its own aspect, bars around it
  MNW_IMAGE_STRETCH = 2,    // the whole picture at the tensor's aspect
} mnw_image_fit;

// A picture on its way into an input tensor: rows of RGBA bytes in, [1, height, width, channels]
// or planar [1, channels, height, width] out (channels 3, or 1 for grey by ITU-R BT.601 luma).
// Crops, then resizes into the box (exact area average when shrinking, bilinear when growing), rows
// pushed a few at a time so that no full-size copy of a photo is needed. Values are 0..255, stored
// as uint8, or as int8 after subtracting 128, or as float32 (value * scale + offset of the tensor's
// channel, in the tensor's channel order).
typedef struct mnw_image_options {
  uint32_t source_width, source_height;              // pixels
  uint32_t crop_x, crop_y, crop_width, crop_height;  // pixels; all 0: the whole picture
  uint32_t width, height, channels;                  // of the tensor
  uint32_t box_x, box_y, box_width, box_height;      // of the tensor, what the picture fills;
                                                     // all 0: all of it
  mnw_dtype dtype;                                   // S8, U8 or F32
  float scale[3], offset[3];                         // F32 only
  uint8_t pad;                                       // grey value 0..255 around the box
  bool is_planar;                                    // NCHW instead of NHWC
  bool is_bgr;                                       // blue first instead of red
} mnw_image_options;

typedef struct mnw_image mnw_image;

// Fills crop_* and box_* from the source's and the tensor's extents. CROP takes `crop` (in (0, 1])
// times the largest centred rectangle, each side rounded half up to whole pixels and at least 1,
// left and top edge rounded down; LETTERBOX does the same to the box in the tensor and takes no
// crop.
void mnw_image_fit_to(mnw_image_options *options, mnw_image_fit fit, double crop);

size_t mnw_image_bytes(const mnw_image_options *options);  // 0: the options are not usable
// Errors: INVALID_ARGUMENT, OUT_OF_MEMORY.
mnw_status mnw_image_init(mnw_image **image, void *memory, size_t memory_bytes,
                          const mnw_image_options *options, void *tensor, mnw_error *error);
// `rgba`: row_count * source_width * 4 bytes, the next rows from the top. Errors: INVALID_ARGUMENT
// (too many rows).
mnw_status mnw_image_push_rows(mnw_image *image, const uint8_t *rgba, uint32_t row_count,
                               mnw_error *error);
bool mnw_image_is_complete(const mnw_image *image);

// ---- Sound --------------------------------------------------------------------------------------

typedef enum mnw_audio_features {
  MNW_AUDIO_WAVEFORM = 0,     // frames samples
  MNW_AUDIO_SPECTROGRAM = 1,  // frames x (fft_length / 2 + 1)
  MNW_AUDIO_LOG_MEL = 2,      // frames x mel_bins
  MNW_AUDIO_MFCC = 3,         // frames x coefficients
} mnw_audio_features;

// w(n), n = 0 … N - 1, N = frame_length.
typedef enum mnw_audio_window {
  MNW_WINDOW_NONE = 0,
  MNW_WINDOW_HANN = 1,           // 0.5 - 0.5 cos(2 pi n / (N - 1))
  MNW_WINDOW_HANN_PERIODIC = 2,  // 0.5 - 0.5 cos(2 pi n / N); the default of TensorFlow and librosa
  MNW_WINDOW_HAMMING = 3,        // 0.54 - 0.46 cos(2 pi n / (N - 1))
  MNW_WINDOW_HAMMING_PERIODIC = 4,
} mnw_audio_window;

typedef enum mnw_mel_scale {
  MNW_MEL_HTK = 0,     // 2595 log10(1 + f / 700)
  MNW_MEL_SLANEY = 1,  // linear below 1000 Hz, logarithmic above (Auditory Toolbox)
} mnw_mel_scale;

typedef enum mnw_audio_log {
  MNW_LOG_NONE = 0,
  MNW_LOG_LN = 1,
  MNW_LOG_LOG10 = 2,
  MNW_LOG_DB = 3,  // 10 log10 of a power, 20 log10 of a magnitude
} mnw_audio_log;

typedef enum mnw_audio_normalize {
  MNW_NORMALIZE_NONE = 0,
  MNW_NORMALIZE_STANDARD = 1,  // the window less its mean, over its standard deviation
  MNW_NORMALIZE_PEAK = 2,      // the window over its largest magnitude
} mnw_audio_normalize;

// From sound of any rate to the newest window of features. The steps, in order: channels are
// averaged; resampled to sample_rate (windowed sinc, 80 dB); times gain; cut into frames of
// frame_length samples every frame_step; times the window; padded with zeros to fft_length; |FFT|
// to the power 1 or 2; mel filters; log(max(x + log_offset, log_floor)); DCT-II. Definitions:
// tf.signal (stft, linear_to_mel_weight_matrix, mfccs_from_log_mel_spectrograms) and librosa
// (filters.mel, power_to_db, feature.mfcc).
//
// Every field takes 4 bytes; zero is the default that its comment names.
typedef struct mnw_audio_options {
  uint32_t source_rate;  // of what is pushed, 1000 … 768000 Hz; 0: sample_rate
  uint32_t channels;     // of what is pushed, interleaved, 1 … 32; 0: 1
  uint32_t sample_rate;  // of the model, 1000 … 192000 Hz
  mnw_audio_features features;
  uint32_t frames;        // rows of the tensor (WAVEFORM: samples), at least 1
  uint32_t hop_samples;   // new samples (at sample_rate) from one window to the next, rounded up to
                          // whole frames; 0: half the window
  uint32_t frame_length;  // samples; not for WAVEFORM, nor are the fields below up to coefficients
  uint32_t frame_step;    // samples
  uint32_t fft_length;    // a power of two, 16 … 4096, at least frame_length
  mnw_audio_window window;
  uint32_t is_centered;  // 0 or 1: the first frame is centred on the first sample, as in librosa
  uint32_t power;        // 1 magnitude, 2 power; 0: 1
  uint32_t mel_bins;     // LOG_MEL, MFCC
  mnw_mel_scale mel_scale;
  uint32_t mel_is_linear;    // 0: triangles over mel, as TensorFlow; 1: over Hz, as librosa
  uint32_t mel_has_area;     // 1: each filter times 2 / (its width in Hz): librosa's norm="slaney"
  float lower_hz, upper_hz;  // of the mel filters; upper 0: sample_rate / 2
  mnw_audio_log log;
  float log_offset, log_floor;
  float log_range;        // above 0: what lies that far below the window's largest value is raised
                          // to there (librosa's top_db; not for MFCC)
  uint32_t coefficients;  // MFCC: how many of the mel_bins
  uint32_t dct_is_ortho;  // 0: scaled by sqrt(2 / mel_bins), as TensorFlow; 1: orthonormal, librosa
  mnw_audio_normalize normalize;
  uint32_t is_transposed;  // 1: bins x frames instead of frames x bins
  float gain;              // of samples in -1 … 1; 0: 1
  float scale, offset;     // of the features, before quantisation; scale 0: 1
} mnw_audio_options;

typedef struct mnw_audio mnw_audio;

size_t mnw_audio_bytes(const mnw_audio_options *options);  // 0: the options are not usable
// Errors: INVALID_ARGUMENT (names the first unusable option), OUT_OF_MEMORY.
mnw_status mnw_audio_init(mnw_audio **audio, void *memory, size_t memory_bytes,
                          const mnw_audio_options *options, mnw_error *error);

// Takes sample frames (`channels` float32 each, -1 … 1) until they are used up or a window is due:
// the first when `frames` rows are in, then one every hop_samples. `*taken` of `count` frames were
// used; push the rest after mnw_audio_write(). The cuts between pushes change no bit.
// Returns whether a window is due. NaN counts as 0.
bool mnw_audio_push(mnw_audio *audio, size_t *taken, const float *samples, size_t count);

// The sound has ended: silence is taken until a window is due. Returns false, and does nothing,
// where a window was due before and less than half a hop came behind it.
bool mnw_audio_finish(mnw_audio *audio);

// Writes the newest `frames` rows, real = feature * scale + offset, as float32 or by the tensor's
// quantisation. Errors: INVALID_ARGUMENT (dtype or extents: the elements must be rows x bins),
// NOT_READY (too little sound yet).
mnw_status mnw_audio_write(const mnw_audio *audio, void *tensor, const mnw_tensor_info *info,
                           mnw_error *error);

// Forgets all sound, as after mnw_audio_init().
void mnw_audio_reset(mnw_audio *audio);

// ---- Text ---------------------------------------------------------------------------------------

typedef enum mnw_text_tokenizer {
  MNW_TEXT_WORDPIECE = 0,  // BERT: basic tokenizer, then greedy longest match, "##" inside words
  MNW_TEXT_BPE = 1,        // byte-level byte pair encoding: GPT-2
  MNW_TEXT_HASH = 2,       // n-grams of bytes, hashed into buckets
} mnw_text_tokenizer;

typedef enum mnw_text_role {
  MNW_TEXT_IDS = 0,     // token numbers, then pad_id
  MNW_TEXT_MASK = 1,    // 1 for each token, then 0
  MNW_TEXT_TYPES = 2,   // 0: all text is one segment
  MNW_TEXT_COUNTS = 3,  // HASH: how often each bucket was hit, [buckets]
} mnw_text_role;

enum { MNW_TEXT_NO_TOKEN = -1 };

// Every field takes 4 bytes.
typedef struct mnw_text_options {
  mnw_text_tokenizer tokenizer;
  uint32_t max_tokens;            // with cls and sep; what is longer is cut; 1 … 65536
  uint32_t is_lowercase;          // 1: letters are made small first
  uint32_t strips_accents;        // 1: canonical decomposition, then without combining marks
  int32_t cls_id, sep_id;         // put before and behind the text; MNW_TEXT_NO_TOKEN: none
  int32_t pad_id;                 // fills up the tensor
  int32_t unk_id;                 // WORDPIECE: for words that cannot be spelt; NO_TOKEN: left out
  uint32_t buckets;               // HASH: 1 … 2^24
  uint32_t ngram_min, ngram_max;  // HASH: bytes, 1 … 16
} mnw_text_options;

typedef struct mnw_text mnw_text;

// `vocabulary`: UTF-8, one token a line, its number being the line's from 0 (a last line without
// newline counts; "\r\n" is accepted). For BPE, tokens in GPT-2's printable spelling of bytes, then
// an empty line, then one merge "left right" a line, best first. HASH takes none (NULL, 0). The
// bytes are used as long as the front end. Returns 0 where options or vocabulary are not usable.
size_t mnw_text_bytes(const mnw_text_options *options, const void *vocabulary,
                      size_t vocabulary_bytes);
// Errors: INVALID_ARGUMENT (names the option or the line), OUT_OF_MEMORY.
mnw_status mnw_text_init(mnw_text **text, void *memory, size_t memory_bytes,
                         const mnw_text_options *options, const void *vocabulary,
                         size_t vocabulary_bytes, mnw_error *error);

// Tokenizes UTF-8 bytes of any length; invalid bytes are read as U+FFFD (WORDPIECE and HASH drop
// it, as BERT does; BPE takes bytes as they are). Returns the number of tokens, at most max_tokens
// with cls and sep.
// The result stands until the next call.
size_t mnw_text_encode(mnw_text *text, const void *utf8, size_t size_bytes);
const int32_t *mnw_text_ids(const mnw_text *text);  // of the last call

// Writes the last result as int32, int64, float32, uint8 or int8 (COUNTS: by the tensor's
// quantisation). Errors: INVALID_ARGUMENT (dtype, or the elements are not max_tokens or buckets).
mnw_status mnw_text_write(const mnw_text *text, mnw_text_role role, void *tensor,
                          const mnw_tensor_info *info, mnw_error *error);

#ifdef __cplusplus
}
#endif

#endif  // MINNOW_FRONTEND_H_
