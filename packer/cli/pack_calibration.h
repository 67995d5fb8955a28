// The part of `minnow pack` that makes models smaller: calibrates and compresses with samples, or
// rounds without.
#ifndef MINNOW_PACKER_PACK_CALIBRATION_H_
#define MINNOW_PACKER_PACK_CALIBRATION_H_

#include <jansson.h>

#include "../compress/compress_model.h"
#include "../import/model_options.h"
#include "../lowered_graph.h"
#include "../train/refine_folder.h"
#include "weight_arguments.h"

typedef struct pk_calibration {
  pk_model_options inputs;          // what is told about the model's inputs, calibrated or not
  pk_compress_options options;      // folder NULL: nothing is calibrated
  pk_compress_report report;        // filled by pk_calibration_read()
  pk_folder_refinement refinement;  // steps 0: none
  const char *report_file;          // HTML to write; NULL: none
  pk_weight_choice weights;
  pk_plain_report plain;  // filled by pk_calibration_read() where weights are rounded without
                          // samples
} pk_calibration;

// Whether the options go together; fills those that follow from others.
bool pk_calibration_check(pk_calibration *calibration, pk_error *error);

// Reads the model, compressed as the options say.
bool pk_calibration_read(pk_lowered_graph *graph, const char *model, pk_calibration *calibration,
                         const pk_pack_options *pack, pk_error *error);

// Writes the report where one is asked for, about the model `name`. `manifest` tells the compressed
// bytes, NULL: they are not known; `pack` the class names.
bool pk_calibration_write_report(const pk_calibration *calibration, const char *name,
                                 const pk_manifest *manifest, const pk_pack_options *pack,
                                 pk_error *error);

// What came of it, for people and for machines; nothing and NULL without calibration.
void pk_calibration_print(const pk_calibration *calibration);
json_t *pk_calibration_json(const pk_calibration *calibration);

#endif  // MINNOW_PACKER_PACK_CALIBRATION_H_
