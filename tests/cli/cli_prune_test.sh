#!/usr/bin/env bash
# Pruning from outside: as many zeros as asked for, fewer channels, the same bytes twice, and what it refuses.
source "$(dirname "$0")/cli_expect.sh"
model=$data/models/mlperf_tiny/pretrainedResnet.tflite
quantized=$data/models/mlperf_tiny/pretrainedResnet_quant.tflite
if [[ ! -e $model || ! -d $data/photos/imagenet ]]; then
  echo "SKIPPED: $model is missing; set MINNOW_DATA to the folder of the test data"
  exit 77
fi
mkdir "$work/samples"
find "$data/photos/imagenet" -name '*.JPEG' | sort | awk 'NR % 8 == 0' | while read -r photo; do ln -s "$photo" "$work/samples/"; done

packing=(--image-range 0,255 --calibrate "$work/samples" --target-size 45k)
expect 0 '"zeros"' pack "$model" -o "$work/plain" "${packing[@]}" --json
zeros=$(json "$work/out" .calibration.zeros)
weights=$(json "$work/out" .calibration.weights)
expect 0 'pruned   60.0 % of ' pack "$model" -o "$work/pruned" "${packing[@]}" --prune 60%
expect 0 '"prunableWeights"' pack "$model" -o "$work/again" "${packing[@]}" --prune 0.6 --json
check 'pruning is deterministic' diff -r "$work/pruned" "$work/again"
pruned=$(json "$work/out" .calibration.pruned.weights)
prunable=$(json "$work/out" .calibration.pruned.prunableWeights)
check 'the share is reached' test "$pruned" -eq $(((prunable * 6 + 5) / 10))
check 'what is pruned is zero' test "$(json "$work/out" .calibration.zeros)" -ge "$pruned"
check 'which is more than without' test "$pruned" -gt "$zeros"

expect 0 '"channels"' pack "$model" -o "$work/narrow" "${packing[@]}" --prune-channels 25% --json
gone=$(json "$work/out" .calibration.pruned.channels)
all=$(json "$work/out" .calibration.pruned.prunableChannels)
check 'a quarter of the channels is gone' test "$gone" -gt 0 -a $((4 * gone)) -le $((all + 2))
few=$(json "$work/out" .calibration.weights)
expect 0 'shards in total' inspect "$work/narrow"
check 'fewer weights are left' test "$few" -lt "$weights"
expect 0 '' run "$work/narrow" "$work/samples"/*.JPEG

# Speed: the time depends on the machine, not which side of such targets it is on.
expect 0 '"msBefore"' pack "$model" -o "$work/fast" "${packing[@]}" --target-latency 100000 --json
check 'no channel goes without need' test "$(json "$work/out" .calibration.pruned.channels)" -eq 0
check 'all weights are left' test "$(json "$work/out" .calibration.weights)" -eq "$weights"
expect 64 'no more can go; give a --target-latency above that' pack "$model" -o "$work/none" "${packing[@]}" --target-latency 0.000001
expect 0 'ms a run on this machine' pack "$quantized" -o "$work/quantized" --calibrate "$work/samples" --target-size 60k --target-latency 100000
expect 66 'give --target-latency its float32 version' pack "$quantized" -o "$work/none" --calibrate "$work/samples" --target-size 60k --target-latency 0.000001

expect 64 'Prune less' pack "$model" -o "$work/none" --image-range 0,255 --calibrate "$work/samples" --max-drop 1 --prune 95%
expect 66 'float32 models only' pack "$quantized" -o "$work/none" --calibrate "$work/samples" --target-size 60k --prune-channels 10%
check 'nothing is written where it fails' test ! -e "$work/none"
finish
