// Pictures of nothing: examples of a class for what is none of the others.
#ifndef MINNOW_PACKER_GENERATE_IMAGE_H_
#define MINNOW_PACKER_GENERATE_IMAGE_H_

#include "picture_canvas.h"

// Fills a canvas of its width and height with one of: noise of some grain, a gradient, soft blobs,
// stripes, a checkerboard, blurred shapes, scribbles. Colours are random; `is_drawing`: greys on
// black.
void pk_image_generate(pk_canvas *canvas, bool is_drawing, pk_random *random);

// Turns the picture into small parts of itself: a crop of 15 to 35 % of the sides, enlarged, or
// 9 to 25 tiles, shuffled.
void pk_image_cut(pk_canvas *canvas, pk_random *random);

#endif  // MINNOW_PACKER_GENERATE_IMAGE_H_
