// Sounds that are no words.
#ifndef MINNOW_PACKER_GENERATE_SOUND_H_
#define MINNOW_PACKER_GENERATE_SOUND_H_

#include "data_random.h"
#include "sound_window.h"

typedef enum pk_noise_kind {
  PK_NOISE_WHITE,
  PK_NOISE_PINK,
  PK_NOISE_BROWN,
  PK_NOISE_HUM,     // 50 or 60 Hz and its harmonics
  PK_NOISE_CLICKS,  // single decaying clicks
  PK_NOISE_BABBLE,  // noise through formants that come and go at the pace of syllables
  PK_NOISE_SILENCE
} pk_noise_kind;
enum { PK_STEADY_NOISES = PK_NOISE_CLICKS, PK_NOISES = PK_NOISE_SILENCE + 1 };

// Fills `samples` with noise of root mean square 1; SILENCE is zeros.
void pk_noise_make(float *samples, size_t count, uint32_t rate, pk_noise_kind kind,
                   pk_random *random);

// A clip of any kind of noise, at 0.003 to 0.3 of full scale.
void pk_sound_generate(float *samples, size_t count, uint32_t rate, pk_random *random);

// What is no longer the words of `a` and `b`: a half of a, in place; a backwards; the beginning of
// a and the end of b; the beginning of a over the end of b. All of `count` samples, and so is
// `out`, which is neither of them; cuts fade within 5 ms.
void pk_sound_cut(float *out, const float *a, const float *b, size_t count, uint32_t rate,
                  pk_random *random);

#endif  // MINNOW_PACKER_GENERATE_SOUND_H_
