// The kernel sets of this build. MNW_HAVE_<SET> comes from CMakeLists.txt: one in a wasm module,
// all of them natively.
#include "kernels.h"

#include "../base/platform.h"
#include "minnow/minnow.h"

extern const mnw_kernels mnw_kernels__scalar;
extern const mnw_kernels mnw_kernels__simd128;
extern const mnw_kernels mnw_kernels__relaxed;

static const mnw_kernels *const kSets[] = {
#ifdef MNW_HAVE_RELAXED
    &mnw_kernels__relaxed,
#endif
#ifdef MNW_HAVE_SIMD128
    &mnw_kernels__simd128,
#endif
#ifdef MNW_HAVE_SCALAR
    &mnw_kernels__scalar,
#endif
};

enum { SET_COUNT = sizeof kSets / sizeof kSets[0] };

// A wasm engine has already refused a module whose instructions it lacks; elsewhere a CPU that
// lacks them is left with the last set, scalar.
static size_t first_usable_set(void) {
  return MNW_CPU_RUNS_SIMD() ? 0 : SET_COUNT - 1;
}

const mnw_kernels *mnw_kernels_get(size_t index) {
  const size_t first = first_usable_set();
  return index < SET_COUNT - first ? kSets[first + index] : NULL;
}

const char *mnw_kernels_name(const mnw_kernels *kernels) {
  return kernels->name;
}
