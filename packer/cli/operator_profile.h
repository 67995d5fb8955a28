// The time each operator of a session takes: minnow bench --profile.
#ifndef MINNOW_PACKER_OPERATOR_PROFILE_H_
#define MINNOW_PACKER_OPERATOR_PROFILE_H_

#include <jansson.h>

#include "../package/core_model.h"

typedef struct pk_operator_profile {
  mnw_operator_info info;
  double min_ms, sum_ms;  // over the runs that were added
} pk_operator_profile;

// One row per operator, to be freed by the caller; NULL where there is no memory.
pk_operator_profile *pk_operator_profile_make(const mnw_model *model);

// Runs the session once, operator by operator, and adds the times. It stops at an error.
mnw_status pk_operator_profile_run(pk_operator_profile *rows, mnw_session *session,
                                   const mnw_model *model, mnw_error *error);

void pk_operator_profile_print(const pk_operator_profile *rows, size_t count, size_t runs);
json_t *pk_operator_profile_json(const pk_operator_profile *rows, size_t count, size_t runs);

#endif  // MINNOW_PACKER_OPERATOR_PROFILE_H_
