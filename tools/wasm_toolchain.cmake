# CMake toolchain file of the wasm presets: the compiler that tools/setup.sh chose, on PATH or in
# .toolchain/, with the flags this pairing of emscripten and LLVM needs. Works without any environment.

get_filename_component(_toolchain_dir "${CMAKE_CURRENT_LIST_DIR}/../.toolchain" ABSOLUTE)
if(NOT EXISTS "${_toolchain_dir}/emscripten.cmake")
  message(FATAL_ERROR "No wasm compiler is set up yet: run tools/setup.sh first")
endif()
include("${_toolchain_dir}/emscripten.cmake")  # sets MINNOW_EMSCRIPTEN_ROOT

set(CMAKE_C_FLAGS_INIT "-Wno-version-check")
# LLVM 22 puts the stack first by default and emscripten 6.0.5 assumes otherwise; said outright, both agree.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--stack-first")
include("${MINNOW_EMSCRIPTEN_ROOT}/cmake/Modules/Platform/Emscripten.cmake")

# CMake's trial programs need no link; linking one would compile emscripten's C++ library first.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
