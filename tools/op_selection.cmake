# Which operators a build of the runtime has: MINNOW_OPS.
#
#   all                      every operator (the default)
#   CONV_2D;ADD;SOFTMAX      these, by their names in core/ops/op_table.inc
#   auto:out;other.tflite    what these packages or models need, as the native tool (MINNOW_TOOL) tells;
#                            relative paths start at the repository's root
#
# The table goes to generated/op_selection.inc in the build's folder, with a row MNW_OP_LEFT_OUT(code, NAME)
# for each operator that is left out: nothing refers to its code then, and the linker drops it.
# By itself: cmake '-DMINNOW_OPS=auto:out' -P tools/op_selection.cmake writes the table below the current folder.

cmake_minimum_required(VERSION 3.22)

set(MINNOW_OPS "all" CACHE STRING "Operators of the runtime: all, a list of names, or auto:PACKAGE;PACKAGE…")
get_filename_component(_minnow_root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(MINNOW_TOOL "${_minnow_root}/build/native/minnow" CACHE FILEPATH "The native tool that MINNOW_OPS=auto asks")

# Sets `result` to the names of the operators in a package or model.
function(minnow_ops_of result package)
  get_filename_component(path "${package}" ABSOLUTE BASE_DIR "${_minnow_root}")
  if(NOT EXISTS "${MINNOW_TOOL}")
    message(FATAL_ERROR "MINNOW_OPS=auto asks the native tool, and there is none at ${MINNOW_TOOL}: "
      "run tools/build.sh native, or set MINNOW_TOOL")
  endif()
  execute_process(COMMAND "${MINNOW_TOOL}" inspect "${path}" --json
    OUTPUT_VARIABLE report ERROR_VARIABLE complaint RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "MINNOW_OPS=auto: ${path} tells no operators: ${complaint}")
  endif()
  # The names of operators are the only values in capitals; a quote within a layer's name is escaped.
  string(REGEX MATCHALL "\"operator\": \"[A-Z0-9_]+\"" found "${report}")
  list(REMOVE_DUPLICATES found)
  list(TRANSFORM found REPLACE "^.*\"([A-Z0-9_]+)\"$" "\\1")
  set(${result} ${found} PARENT_SCOPE)
  # A package that is packed anew may need others.
  if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(watched "${path}")
    if(IS_DIRECTORY "${path}")
      set(watched "${path}/manifest.json")
    endif()
    set_property(DIRECTORY "${_minnow_root}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${watched}")
  endif()
endfunction()

# Sets `result` to the selection's names, from MINNOW_OPS.
function(minnow_ops_selected result)
  set(entries ${MINNOW_OPS})
  if(MINNOW_OPS MATCHES "^auto:")
    list(TRANSFORM entries REPLACE "^auto:" "")
    set(names "")
    foreach(package IN LISTS entries)
      minnow_ops_of(found "${package}")
      list(APPEND names ${found})
    endforeach()
    list(REMOVE_DUPLICATES names)
  else()
    set(names ${entries})
  endif()
  set(${result} ${names} PARENT_SCOPE)
endfunction()

# Writes the table; called where MINNOW_OPS is not all.
function(minnow_write_op_selection file)
  minnow_ops_selected(selected)
  file(STRINGS "${_minnow_root}/core/ops/op_table.inc" rows REGEX "^MNW_OP\\(")
  set(table "")
  set(known "")
  set(left_out 0)
  foreach(row IN LISTS rows)
    if(NOT row MATCHES "^MNW_OP\\(([0-9]+), ([A-Z0-9_]+), ")
      message(FATAL_ERROR "core/ops/op_table.inc has a row that is none: ${row}")
    endif()
    list(APPEND known ${CMAKE_MATCH_2})
    if(CMAKE_MATCH_2 IN_LIST selected)
      string(APPEND table "${row}\n")
    else()
      string(APPEND table "MNW_OP_LEFT_OUT(${CMAKE_MATCH_1}, ${CMAKE_MATCH_2})\n")
      math(EXPR left_out "${left_out} + 1")
    endif()
  endforeach()
  foreach(name IN LISTS selected)
    if(NOT name IN_LIST known)
      string(REPLACE ";" " " known "${known}")
      message(FATAL_ERROR "MINNOW_OPS names ${name}, which is no operator. There are: ${known}")
    endif()
  endforeach()
  if(NOT selected)
    message(FATAL_ERROR "MINNOW_OPS is '${MINNOW_OPS}' and selects no operator: give all, names, or auto:PACKAGE;…")
  endif()
  # Left as it is where nothing changed, so that nothing is compiled again.
  set(before "")
  if(EXISTS "${file}")
    file(READ "${file}" before)
  endif()
  if(NOT before STREQUAL table)
    file(WRITE "${file}" "${table}")
  endif()
  string(REPLACE ";" " " selected "${selected}")
  message(STATUS "Operators: ${selected}; ${left_out} left out")
endfunction()

set(MINNOW_OP_SELECTION_DIR "")
if(NOT MINNOW_OPS STREQUAL "all")
  set(MINNOW_OP_SELECTION_DIR "${CMAKE_BINARY_DIR}/generated")
  minnow_write_op_selection("${MINNOW_OP_SELECTION_DIR}/op_selection.inc")
endif()
