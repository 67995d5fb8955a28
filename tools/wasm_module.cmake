# How Minnow's wasm modules are compiled and linked. A target that links `minnow_wasm_module` becomes a
# pure module: no imports, no start-up code, exports only what the C source marks with export_name.

set(_variant_flags_scalar "")
set(_variant_flags_simd128 -msimd128)
set(_variant_flags_relaxed -msimd128 -mrelaxed-simd)
if(NOT DEFINED _variant_flags_${MINNOW_WASM_VARIANT})
  message(FATAL_ERROR "MINNOW_WASM_VARIANT is '${MINNOW_WASM_VARIANT}'; use scalar, simd128 or relaxed")
endif()
add_compile_options(${_variant_flags_${MINNOW_WASM_VARIANT}} -fvisibility=hidden)
if(MINNOW_WASM_THREADS)
  add_compile_options(-matomics -mbulk-memory)
endif()

add_library(minnow_wasm_module INTERFACE)
# The stack lies first in memory (tools/wasm_toolchain.cmake), so that its overflow traps instead of
# overwriting data. Growth uses __builtin_wasm_memory_grow. iOS refuses a large maximum, hence 512 MiB.
target_link_options(minnow_wasm_module INTERFACE
  ${_variant_flags_${MINNOW_WASM_VARIANT}}
  --no-entry -sSTANDALONE_WASM=1 -sALLOW_MEMORY_GROWTH=1
  -sINITIAL_MEMORY=1048576 -sMAXIMUM_MEMORY=536870912 -sTOTAL_STACK=131072)
if(EMSCRIPTEN_VERSION VERSION_GREATER_EQUAL 4)
  # Leaves out start-up code, the C++ library and JavaScript shims, which no part of the module calls.
  # Older releases name these libraries differently and drop them only at the end of the link.
  target_link_options(minnow_wasm_module INTERFACE -nostdlib -Wl,--no-entry)
  if(MINNOW_WASM_THREADS)
    target_link_libraries(minnow_wasm_module INTERFACE -lclang_rt.builtins)
  else()
    target_link_libraries(minnow_wasm_module INTERFACE -lc -lclang_rt.builtins)
  endif()
endif()
if(MINNOW_WASM_THREADS)
  # Threads are instances of the module over one memory, which JavaScript makes and hands to each; it also
  # gives each its own stack through the exported stack pointer. The compiler copies by instructions, and
  # what else of libc the core calls stands in minnow_wasm_threads.c: emscripten would compile its
  # whole libc once more for shared memory.
  target_link_options(minnow_wasm_module INTERFACE
    -matomics -mbulk-memory -sSHARED_MEMORY=1 -sIMPORTED_MEMORY=1 -Wl,--export=__stack_pointer)
endif()
