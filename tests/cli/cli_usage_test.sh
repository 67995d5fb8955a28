#!/usr/bin/env bash
# Help, versions, wrong options and files that are no models: needs no data.
source "$(dirname "$0")/cli_expect.sh"

expect 0 'minnow pack' --help
expect 0 'package format 2' --version
expect 64 'minnow COMMAND' # no arguments
expect 64 'no command "frobnicate"' frobnicate
for command in pack inspect run bench eval keygen sign verify; do
  expect 0 'examples:' $command --help
  expect 0 'usage: minnow' $command -h
  expect 64 'unknown option --frobnicate' $command --frobnicate
  expect 64 'unknown option -z' $command -z
  expect 64 "minnow $command --help" $command
  expect 64 'takes no value' $command --json=yes
done
expect 64 'option --shard-size needs a value' pack model.tflite --shard-size
expect 64 '--shard-size 12x: a whole number' pack model.tflite -o out --shard-size 12x
expect 64 '--shard-size 1: a whole number' pack model.tflite -o out --shard-size 1
expect 64 '--crop 1.5: a number above 0' pack model.tflite -o out --crop 1.5
expect 64 '--image-range 0: two different numbers' pack model.tflite -o out --image-range 0
expect 64 '--image-range 1,1: two different numbers' pack model.tflite -o out --image-range 1,1
expect 64 '-o FOLDER is needed' pack model.tflite
expect 64 'need samples' pack model.tflite -o out --max-drop 1
expect 64 'exclude each other' pack model.tflite -o out --calibrate photos --max-drop 1 --target-size 1M
expect 64 '--max-drop: "none"' pack model.tflite -o out --calibrate photos --max-drop none
expect 64 '--target-size 1.2G: bytes' pack model.tflite -o out --calibrate photos --target-size 1.2G
expect 64 'need samples' pack model.tflite -o out --prune 50%
expect 64 'a share above 0' pack model.tflite -o out --calibrate photos --prune 100%
expect 64 'a share above 0' pack model.tflite -o out --calibrate photos --prune-channels half
expect 64 'no number of milliseconds' pack model.tflite -o out --calibrate photos --target-latency -5
expect 64 'need samples' pack model.tflite -o out --target-latency 5
expect 64 'give one' pack model.tflite -o out --calibrate photos --prune-channels 10% --target-latency 5
expect 64 'say how much with --prune' pack model.tflite -o out --calibrate photos --prune-block 4
expect 64 '--prune-block' pack model.tflite -o out --calibrate photos --prune 0.5 --prune-block 17
expect 64 '--prune-by size' pack model.tflite -o out --calibrate photos --prune 0.5 --prune-by size
expect 64 'float16, int8 or int4 is needed' pack model.tflite -o out --weights float12
expect 64 'leave --calibrate out' pack model.tflite -o out --calibrate photos --weights float16
expect 64 'or --weights float16' pack model.tflite -o out --weights shared
expect 64 '--activations int4' pack model.tflite -o out --calibrate photos --activations int4
expect 64 '--runs 0' bench out --runs 0
expect 64 '--top -3' run out a.jpg --top -3
expect 64 'one model file' pack a b -o out
expect 64 'name their folder or file with --data' eval out
expect 64 '--text and files exclude' run out a.wav --text fish

expect 74 'nowhere.tflite' pack "$work/nowhere.tflite" -o "$work/out1"
expect 76 'minnow pack' run "$work/nowhere" photo.jpg
expect 76 'is missing' bench "$work/nowhere"
expect 76 'is missing' inspect "$work/nowhere"
printf 'this is no model at all, only a text' >"$work/text.tflite"
expect 65 'text.tflite' pack "$work/text.tflite" -o "$work/out1"
expect 65 'text.tflite' inspect "$work/text.tflite"
expect 76 'is a file' run "$work/text.tflite" photo.jpg
mkdir "$work/empty"
expect 74 'is a folder' pack "$work/empty" -o "$work/out1"
check 'nothing is written for a bad model' test ! -e "$work/out1"

expect 76 '"code": "BAD_PACKAGE"' bench "$work/nowhere" --json
check 'errors are JSON on stdout where machines read' json "$work/out" .error.message
finish
