// How pictures are altered at random.
#ifndef MINNOW_PACKER_AUGMENT_IMAGE_H_
#define MINNOW_PACKER_AUGMENT_IMAGE_H_

#include "augment_fields.h"
#include "picture_canvas.h"

typedef struct pk_image_augment {
  float shift;          // share of the side
  float rotate, shear;  // degrees
  uint32_t mirror;      // 0 or 1
  float brightness;     // share of white
  float contrast, saturation, gamma;
  float noise;   // standard deviation, share of white
  float blur;    // pixels
  float stroke;  // -1 … 1
  pk_range scale;
  float erase_share;
  pk_range erase_size;  // share of the side
  bool has_background;
  uint8_t background[4];
} pk_image_augment;

// Reads `augment` of pictures; NULL: nothing is altered. Errors: USAGE.
bool pk_image_augment_read(pk_image_augment *augment, const json_t *json, pk_error *error);

// One draw: everything that is random but the pixels of noise and patches.
typedef struct pk_image_change {
  double shift_x, shift_y;  // share of width and height
  double scale, rotate, shear;
  bool is_mirrored;
  double brightness, contrast, saturation, gamma, noise, blur, stroke;
  bool is_erased;
  double erase_x, erase_y, erase_width, erase_height;  // shares of the sides
} pk_image_change;

pk_image_change pk_image_change_draw(const pk_image_augment *augment, pk_random *random);
bool pk_image_change_is_none(const pk_image_change *change);
void pk_image_change_apply(pk_canvas *canvas, const pk_image_change *change,
                           const pk_image_augment *augment, pk_random *random);

#endif  // MINNOW_PACKER_AUGMENT_IMAGE_H_
