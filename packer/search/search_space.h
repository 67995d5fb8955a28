// What an architecture search may change: places in model.json and the values they can take.
//
// "search": {"genes": [{"at": "network.layers.2.conv", "values": [16, 24, 32]}, …], …}. A place is
// a path of fields and list positions; a layer's width, a kernel, how often a block is repeated,
// the bits that packing may spend: whatever the recipe says. A candidate is one value for each
// gene.
#ifndef MINNOW_PACKER_SEARCH_SEARCH_SPACE_H_
#define MINNOW_PACKER_SEARCH_SEARCH_SPACE_H_

#include <jansson.h>

#include "../pk_error.h"
#include "../pk_random.h"

enum { PK_MAX_GENES = 64 };

typedef struct pk_search_space {
  const json_t *genes;  // the recipe's list
  size_t count;
  const char *source;  // names the file in messages
} pk_search_space;

typedef struct pk_candidate {
  uint8_t choices[PK_MAX_GENES];  // by gene: number of the value
} pk_candidate;

// Checks that every gene has a place in the recipe and at least two values. Errors: USAGE.
bool pk_search_space_read(pk_search_space *space, const json_t *recipe, const char *source,
                          pk_error *error);

// A copy of the recipe with the candidate's values. Errors: OUT_OF_MEMORY.
json_t *pk_search_space_apply(const pk_search_space *space, const json_t *recipe,
                              const pk_candidate *candidate, pk_error *error);

// The candidate that the recipe itself is, as near as the values allow.
pk_candidate pk_search_space_original(const pk_search_space *space, const json_t *recipe);

// A child of two parents: each gene from either; then at least one gene drawn anew.
pk_candidate pk_search_space_cross(const pk_search_space *space, const pk_candidate *a,
                                   const pk_candidate *b, pk_random *random);

bool pk_candidate_equal(const pk_search_space *space, const pk_candidate *a, const pk_candidate *b);

#endif  // MINNOW_PACKER_SEARCH_SEARCH_SPACE_H_
