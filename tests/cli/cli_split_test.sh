#!/usr/bin/env bash
# Real models cut into parts: the same output bytes as the whole, memory, what is told and what is refused.
source "$(dirname "$0")/cli_expect.sh"
models=$data/models
mobilenet=$models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite
if [[ ! -e $mobilenet ]]; then
  echo "SKIPPED: $mobilenet is missing; set MINNOW_DATA to the folder of the test data"
  exit 77
fi

# make_input FOLDER FILE: two runs of pseudo-random input for the package, floats in 0 … 1.
make_input() {
  python3 - "$1/manifest.json" "$2" <<'PYTHON'
import json, math, random, struct, sys
manifest = json.load(open(sys.argv[1]))
random.seed(5)
with open(sys.argv[2], 'wb') as file:
    for run in range(2):
        for tensor in manifest['inputs']:
            count = math.prod(tensor['shape'])
            if tensor['dtype'] == 'float32':
                file.write(struct.pack(f'<{count}f', *(random.random() for _ in range(count))))
            else:
                size = {'int8': 1, 'uint8': 1, 'bool': 1, 'int16': 2, 'int32': 4, 'int64': 8}[tensor['dtype']]
                file.write(random.randbytes(count * size))
PYTHON
}

# compare MODEL [PACK OPTION...]: 2, 3 and 5 parts against the whole.
compare() {
  local name
  name=$(basename "${1%.*}")
  expect 0 'checked by reading back' pack "$@" -o "$work/$name"
  make_input "$work/$name" "$work/$name.in"
  check 'runs' "$minnow" run "$work/$name" --raw "$work/$name.in" --output "$work/$name.out"
  check "$name: the runs differ" test "$(sha256sum < <(head -c $(($(wc -c <"$work/$name.out") / 2)) "$work/$name.out"))" \
    != "$(sha256sum < <(tail -c $(($(wc -c <"$work/$name.out") / 2)) "$work/$name.out"))"
  for parts in 2 3 5; do
    # The same folder each time: a split package replaces one with other parts.
    expect 0 "in $parts parts" pack "$@" -o "$work/$name.split" --split "$parts"
    check "$name: $parts parts and the manifest" test "$(find "$work/$name.split" -mindepth 1 -maxdepth 1 -type d | wc -l)" = "$parts"
    check 'runs' "$minnow" run "$work/$name.split" --raw "$work/$name.in" --output "$work/$name.parts"
    check "$name: the bytes of the whole from $parts parts" cmp "$work/$name.out" "$work/$name.parts"
  done
}

compare "$mobilenet" --labels "$data/labels/imagenet_labels.txt"
compare "$models/mlperf_tiny/kws_ref_model.tflite"
compare "$models/mediapipe/face_landmark_f32.tflite"
compare "$models/ultra_light_face/version-RFB-320.onnx"
compare "$models/dtln/model_1.onnx"
compare "$models/dtln/model_1.onnx" --weights int8
compare "$models/mlperf_tiny/kws_ref_model_float32.tflite" --weights int4

# The pairs of a convolution and its depthwise convolution, which run together, may be cut apart. 60 parts of 68
# operators cut nearly all of them.
expect 0 'in 60 parts' pack "$mobilenet" -o "$work/many" --split 60
check 'runs' "$minnow" run "$work/many" --raw "$work/tf2_mobilenet_v2_1.0_224_ptq.in" --output "$work/many.out"
check 'the same bytes from 60 parts' cmp "$work/many.out" "$work/tf2_mobilenet_v2_1.0_224_ptq.out"

# Parts are about as large as each other, and with one at a time less memory is needed: of 4 parts the largest takes
# less than half of the whole's weights and activations.
photo=$data/photos/imagenet/n04562935_water_tower.JPEG
whole=$work/tf2_mobilenet_v2_1.0_224_ptq
four=$work/four
expect 0 '"parts"' pack "$mobilenet" -o "$four" --split 4 --labels "$data/labels/imagenet_labels.txt" --json
check 'packing is deterministic' "$minnow" pack "$mobilenet" -o "$four.again" --split 4 --labels "$data/labels/imagenet_labels.txt"
check 'packing is deterministic' diff -r "$four" "$four.again"
peak=0
for part in 0 1 2 3; do
  taken=$(($(json "$four/part-$part/manifest.json" .memory.weights) + $(json "$four/part-$part/manifest.json" .memory.activations)))
  ((taken > peak)) && peak=$taken
  expect 0 'shards in total' inspect "$four/part-$part"
done
all=$(($(json "$whole/manifest.json" .memory.weights) + $(json "$whole/manifest.json" .memory.activations)))
echo "MobileNetV2 in 4 parts: weights and activations $peak bytes at most, the whole $all"
check 'less than half' test $((2 * peak)) -lt "$all"
check 'the manifest of the whole tells the peak' test "$peak" = $(($(json "$four/manifest.json" .memory.weights) + $(json "$four/manifest.json" .memory.activations)))

# A picture, classes, and the parts as they are listed.
"$minnow" run "$whole" "$photo" --json | grep -v '"ms"' >"$work/whole.json"
check 'a picture gives the same classes' diff "$work/whole.json" <("$minnow" run "$four" "$photo" --json | grep -v '"ms"')
expect 0 'water tower' run "$four" "$photo" --top 1 --threads 2
expect 0 'takes from others' inspect "$four"
expect 0 '"folder": "part-3"' inspect "$four" --json
check 'bytes between parts' test "$(json "$work/out" .figures[1].taken)" = 7840
check 'runs' "$minnow" run "$four/part-0" "$photo" --output "$work/cut.bin"
check 'a part gives stored bytes' test "$(wc -c <"$work/cut.bin")" = 7840

# Compressed first, then cut.
mkdir "$work/samples"
ls "$data"/photos/imagenet/*.JPEG | head -n 6 | while read -r file; do cp "$file" "$work/samples"; done
small=$models/coral/mobilenet_v1_0.25_128_quant.tflite
expect 0 'drop' pack "$small" -o "$work/calibrated" --calibrate "$work/samples" --target-size 350k
expect 0 'in 3 parts' pack "$small" -o "$work/calibrated.split" --calibrate "$work/samples" --target-size 350k --split 3
check 'what calibration did is told' grep -q 'samples' "$work/out"
make_input "$work/calibrated" "$work/calibrated.in"
for kind in calibrated calibrated.split; do
  check 'runs' "$minnow" run "$work/$kind" --raw "$work/calibrated.in" --output "$work/$kind.out"
done
check 'the same bytes as from the compressed whole' cmp "$work/calibrated.out" "$work/calibrated.split.out"

# Refusals.
expect 64 '--split 1: a whole number from 2 to 64' pack "$mobilenet" -o "$work/no" --split 1
expect 64 'give at most that many with --split' pack "$models/mlperf_tiny/ad01_int8.tflite" -o "$work/no" --split 64
check 'nothing was written' test ! -e "$work/no/manifest.json"
expect 76 'is split into 4 parts' bench "$four"
mv "$four/part-2" "$work/part-2"
expect 76 'part-2/manifest.json is missing' run "$four" "$photo"
cp -r "$work/many/part-2" "$four/part-2"
expect 76 'part-2/manifest.json is not the file' run "$four" "$photo"

finish
