// From a trained file to the package that ships: compressed with the recipe's own examples, judged
// by the runtime itself.
#ifndef MINNOW_PACKER_TRAIN_PACK_TRAINED_H_
#define MINNOW_PACKER_TRAIN_PACK_TRAINED_H_

#include "../compress/compress_model.h"
#include "train_session.h"

typedef struct pk_packed_model {
  pk_package package;
  pk_compress_report report;
  double float_accuracy, accuracy;  // %, of the judged part: before compression, and as packed
  double agreement;                 // %, of the judged part
  size_t test_count;                // its examples
} pk_packed_model;                  // all zero: empty

// Compresses `file` (trained_model.h) as the recipe's "pack" says and judges it on a part. Errors
// as compression's; USAGE for a field.
bool pk_pack_trained(pk_packed_model *packed, const char *file, const pk_recipe *recipe,
                     const pk_data_set *data, pk_data_part judged, pk_progress_fn *progress,
                     pk_error *error);
void pk_packed_model_free(pk_packed_model *packed);

// Writes the package into FOLDER/package and what is known of it into FOLDER/card.json.
bool pk_packed_model_store(const pk_packed_model *packed, const pk_recipe *recipe,
                           const char *folder, pk_error *error);

#endif  // MINNOW_PACKER_TRAIN_PACK_TRAINED_H_
