#!/usr/bin/env bash
# Real models through pack, inspect, run and bench, and what is said when something is damaged.
source "$(dirname "$0")/cli_expect.sh"
models=$data/models
person=$models/person_detection
for file in "$person/person_detect.tflite" "$models/mlperf_tiny/kws_ref_model.tflite" "$data/photos/imagenet/n04562935_water_tower.JPEG"; do
  if [[ ! -e $file ]]; then
    echo "SKIPPED: $file is missing; set MINNOW_DATA to the folder of the test data"
    exit 77
  fi
done

# An image classifier: labels, several shards, the same bytes twice.
small=$models/coral/mobilenet_v1_0.25_128_quant.tflite
out=$work/v1
expect 0 'image-classification' pack "$small" -o "$out" --labels "$data/labels/imagenet_labels.txt" --shard-size 64k
expect 0 '"labels": true' pack "$small" -o "$work/v1b" --labels "$data/labels/imagenet_labels.txt" --shard-size 65536 --json
check 'packing is deterministic' diff -r "$out" "$work/v1b"
for shard in "$out"/*.mnw; do
  hash=$(sha256sum "$shard" | cut -c 1-16)
  check 'shards are named by their hash' test "$(basename "$shard")" = "$(basename "${shard%-*}")-$hash.mnw"
  check 'gzip gives the shard' cmp <(gunzip -c "$shard.gz") "$shard"
  ! command -v brotli >/dev/null || check 'brotli gives the shard' cmp <(brotli -dc "$shard.br") "$shard"
done

expect 0 'shards in total' inspect "$out"
expect 0 'DEPTHWISE_CONV_2D' inspect "$out" --json
check 'a layer has its entropy' json "$work/out" .layers[1].entropyBits
coded=$(json "$work/out" .total.codedBytes)
check 'the layers add up to about the shards' test "$coded" -gt $(($(cat "$out"/*.mnw | wc -c) * 9 / 10))
expect 0 'total' inspect "$person/person_detect.tflite"
expect 0 'CONV_2D' inspect "$person/person_detect.tflite" --json
check 'a model has its names' json "$work/out" .layers[0].name

# Pictures.
photo=$data/photos/imagenet/n04562935_water_tower.JPEG
expect 0 'water tower' run "$out" "$photo"
expect 0 '"top"' run "$out" "$photo" --json --top 3
check 'the tower is found' test "$(json "$work/out" .top[0].index)" = 901
check 'model is named' test "$(json "$work/out" .model)" = mobilenet_v1_0.25_128_quant
expect 0 '"water tower"' run "$out" "$photo" "$photo" --json --kernels scalar
check 'kernels agree, several pictures make an array' test "$(json "$work/out" .[1].top[0].score)" = "$(
  "$minnow" run "$out" "$photo" --json >"$work/one" && json "$work/one" .top[0].score)"
expect 64 'no kernels called "mmx"' run "$out" "$photo" --kernels mmx
expect 0 'tench, Tinca tinca' run "$out" "$photo" --top 1000
expect 0 'median' bench "$out" --runs 3
expect 0 '"p90Ms"' bench "$out" --runs 3 --json
expect 0 'GMAC/s' bench "$out" --runs 3 --profile
expect 0 '"gmacPerSecond"' bench "$out" --runs 3 --profile --json
check 'peak bytes' test "$(json "$work/out" .peakBytes)" -gt 400000
expect 75 'JPEG, PNG and BMP' run "$out" "$small"
expect 74 'photo.jpg' run "$out" "$work/photo.jpg"
head -c 5000 "$data/photos/grace_hopper.bmp" >"$work/cut.bmp"
head -c 20000 "$photo" >"$work/cut.jpg"
expect 75 'cut.jpg: the JPEG file ends early' run "$out" "$work/cut.jpg"
expect 75 'cut.bmp: the BMP file is damaged' run "$out" "$work/cut.bmp"

# Labels that the model file itself carries, left out where its archive is damaged.
expect 0 'with labels' pack "$small" -o "$work/v1own"
expect 0 'water tower' run "$work/v1own" "$photo" --top 1
check 'the same labels' cmp "$work"/v1own/labels-*.txt "$out"/labels-*.txt
head -c -30 "$small" >"$work/no_archive.tflite"
expect 0 '"labels": false' pack "$work/no_archive.tflite" -o "$work/v1none" --json
expect 0 'class 901' run "$work/v1none" "$photo" --top 1

# Labels found beside the model, and refused when they do not fit; grey pictures.
cp "$person/person_detect.tflite" "$work/person.tflite"
printf 'nobody\nsomebody\n' >"$work/person.labels.txt"
expect 0 'with labels' pack "$work/person.tflite" -o "$work/person" --name someone
expect 0 'nobody' run "$work/person" "$person/testdata/no_person.bmp" --top 1
expect 0 '"model": "someone"' run "$work/person" "$person/testdata/no_person.bmp" --json
printf 'only one\n' >"$work/person.labels.txt"
expect 64 '1 lines, but the model has 2 classes' pack "$work/person.tflite" -o "$work/person"
expect 0 'nobody' run "$work/person" "$person/testdata/no_person.bmp" --top 1

# Tensors.
kws=$work/kws
expect 0 'tensors' pack "$models/mlperf_tiny/kws_ref_model.tflite" -o "$kws"
expect 64 'give their bytes with --raw' run "$kws" "$photo"
head -c 980 /dev/zero >"$work/two.bin"
expect 0 '  class ' run "$kws" --raw "$work/two.bin" --output "$work/scores.bin"
check 'two runs of 12 scores' test "$(wc -c <"$work/scores.bin")" = 24
check 'the same input, the same scores' cmp -n 12 "$work/scores.bin" "$work/scores.bin" 0 12
head -c 979 /dev/zero >"$work/odd.bin"
expect 64 '490 bytes for each run' run "$kws" --raw "$work/odd.bin"

# An operator that is missing is named.
if [[ -e $models/micro_speech/audio_preprocessor_int8.tflite ]]; then
  expect 66 'SignalWindow' pack "$models/micro_speech/audio_preprocessor_int8.tflite" -o "$work/signal"
fi

# Weights without a graph: the only .prototxt beside them, or the one that is named.
squeezenet=$models/squeezenet_deep_compression
if [[ -e $squeezenet/compressed_SqueezeNet.net ]]; then
  mkdir "$work/caffe"
  cp "$squeezenet/compressed_SqueezeNet.net" "$work/caffe/net.net"
  expect 64 'no .prototxt stands beside it' pack "$work/caffe/net.net" -o "$work/squeezenet"
  expect 0 'image-classification' pack "$work/caffe/net.net" -o "$work/squeezenet" --prototxt "$squeezenet/SqueezeNet_deploy.prototxt"
  cp "$squeezenet/SqueezeNet_deploy.prototxt" "$work/caffe/one.prototxt"
  (cd "$work/caffe" && expect 0 'CONV_2D' inspect net.net && exit "$failures") || failures=$((failures + 1))
  sed 's/num_output: 1000/num_output: 1001/' "$work/caffe/one.prototxt" >"$work/caffe/two.prototxt"
  expect 64 'more than one .prototxt stands beside it' pack "$work/caffe/net.net" -o "$work/squeezenet"
  expect 65 "the graph is another model's" pack "$work/caffe/net.net" -o "$work/squeezenet" --prototxt "$work/caffe/two.prototxt"
  expect 64 '--shape, --dim and --const are for ONNX models' pack "$squeezenet/compressed_SqueezeNet.net" -o "$work/squeezenet" --dim batch=1
  expect 74 'none.prototxt' pack "$work/caffe/net.net" -o "$work/squeezenet" --prototxt "$work/none.prototxt"
fi

# A picture as float32: the range goes into the manifest.
if [[ -e $models/mlperf_tiny/vww_96_float.tflite ]]; then
  expect 0 'image-classification' pack "$models/mlperf_tiny/vww_96_float.tflite" -o "$work/vww" --image-range 0,1
  check 'the picture has its scale' grep -q '"scale": 0.0039215686' "$work/vww/manifest.json"
fi

# Somebody's folder is not written to; an older package is replaced.
mkdir "$work/thesis"
echo 'years of work' >"$work/thesis/chapter1.tex"
expect 74 'chapter1.tex' pack "$person/person_detect.tflite" -o "$work/thesis"
check 'the folder is as it was' test "$(ls "$work/thesis")" = chapter1.tex
expect 0 'tensors' pack "$models/mlperf_tiny/kws_ref_model.tflite" -o "$work/v1b"
check 'nothing is left of the older package' diff -r "$kws" "$work/v1b"

# Damage.
shard=$(ls "$out"/001-*.mnw)
cp "$shard" "$work/kept"
rm "$shard"
expect 76 "$(basename "$shard") is missing" run "$out" "$photo"
head -c 3000 "$work/kept" >"$shard"
expect 76 "$(basename "$shard") has 3000 bytes" run "$out" "$photo"
{ head -c 2999 "$work/kept" && printf '\377\376' && tail -c +3002 "$work/kept"; } >"$shard"
expect 76 "$(basename "$shard") is damaged" bench "$out"
cp "$work/kept" "$shard"
expect 0 'water tower' run "$out" "$photo"
cp "$out/manifest.json" "$work/manifest"
sed 's/"version": 2/"version": 9/' "$work/manifest" >"$out/manifest.json"
expect 76 'versions up to 2' inspect "$out"
sed 's/"sha256"/"sha257"/' "$work/manifest" >"$out/manifest.json"
expect 76 'sha256 must be' inspect "$out"
head -c 700 "$work/manifest" >"$out/manifest.json"
expect 76 'not valid JSON' inspect "$out"
rm "$out/manifest.json"
expect 76 'manifest.json is missing' run "$out" "$photo"
finish
