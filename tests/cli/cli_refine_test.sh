#!/usr/bin/env bash
# Refinement from outside: less loss on samples that it did not learn from, within the size, the same bytes twice.
source "$(dirname "$0")/cli_expect.sh"
model=$data/models/mlperf_tiny/pretrainedResnet.tflite
if [[ ! -e $model || ! -d $data/photos/imagenet ]]; then
  echo "SKIPPED: $model is missing; set MINNOW_DATA to the folder of the test data"
  exit 77
fi
mkdir "$work/samples" "$work/few"
find "$data/photos/imagenet" -name '*.JPEG' | sort | awk 'NR % 4 == 0' | while read -r photo; do ln -s "$photo" "$work/samples/"; done
find "$data/photos/imagenet" -name '*.JPEG' | sort | head -n 1 | while read -r photo; do ln -s "$photo" "$work/few/"; done

is_less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }

packing=(--image-range 0,255 --activations float32 --target-size 26k)
expect 0 '"calibration"' pack "$model" -o "$work/plain" --calibrate "$work/samples" "${packing[@]}" --json
check 'without it nothing is said of it' bash -c '! grep -q heldLoss "$1"' _ "$work/out"
expect 0 '"kept": true' pack "$model" -o "$work/refined" --calibrate "$work/samples" "${packing[@]}" --refine 32 --json
check 'the loss of samples not learnt from falls' is_less "$(json "$work/out" .calibration.refined.heldLoss)" \
  "$(json "$work/out" .calibration.refined.heldLossBefore)"
check 'the size holds' test "$(json "$work/out" .bytes.plain)" -le 26000
expect 0 'refined  loss of samples not learnt from' pack "$model" -o "$work/again" --calibrate "$work/samples" "${packing[@]}" --refine 32 \
  --report "$work/page.html"
check 'the same bytes again' diff -r "$work/refined" "$work/again"
check 'the report tells it' grep -q 'Loss after refinement' "$work/page.html"
expect 0 '' run "$work/refined" "$work/samples"/*.JPEG

# Values that are shared learn as well, and stay as few.
sharing=("${packing[@]}" --weights shared --target-size 30k)
expect 0 '"calibration"' pack "$model" -o "$work/shared" --calibrate "$work/samples" "${sharing[@]}" --json
values=$(json "$work/out" .calibration.layers)
expect 0 '"kept": true' pack "$model" -o "$work/shared_refined" --calibrate "$work/samples" "${sharing[@]}" --refine 32 --json
check 'the loss with shared values falls' is_less "$(json "$work/out" .calibration.refined.heldLoss)" \
  "$(json "$work/out" .calibration.refined.heldLossBefore)"
check 'layers share a few values, no more than before' python3 - "$values" "$(json "$work/out" .calibration.layers)" <<'CHECK'
import ast, sys
before, after = map(ast.literal_eval, sys.argv[1:])
counts = [(b['sharedValues'], a['sharedValues']) for b, a in zip(before, after)]
sys.exit(not counts or any(not 1 < a <= b for b, a in counts) or not any(b <= 32 for b, a in counts))
CHECK
check 'the refined ones are others' bash -c '! diff -rq "$1" "$2" >/dev/null' _ "$work/shared" "$work/shared_refined"
expect 0 'refined  loss' pack "$model" -o "$work/shared_again" --calibrate "$work/samples" "${sharing[@]}" --refine 32 --report "$work/page.html"
check 'with shared values the same bytes again' diff -r "$work/shared_refined" "$work/shared_again"
check 'the report counts them' grep -q ' values</td>' "$work/page.html"

expect 64 'too few samples to refine with' pack "$model" -o "$work/none" --calibrate "$work/few" "${packing[@]}" --refine 4
expect 64 'give a folder of them with --calibrate' pack "$model" -o "$work/none" --refine 4
expect 64 'steps, shared, either, float16, int8 or int4 is needed' pack "$model" -o "$work/none" --calibrate "$work/few" --weights few
expect 64 'give a folder of them with --calibrate' pack "$model" -o "$work/none" --weights shared
expect 64 '--refine' pack "$model" -o "$work/none" --calibrate "$work/few" --refine 0
check 'nothing is written where it fails' test ! -e "$work/none"
finish
