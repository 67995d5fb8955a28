#!/usr/bin/env bash
# minnow eval: folders, descriptions, texts, reports, and what is refused.
source "$(dirname "$0")/cli_expect.sh"
keywords=$data/models/mlperf_tiny/kws_ref_model.tflite
clips=$data/train/speech_negatives
mobilenet=$data/models/coral/mobilenet_v1_0.25_128_quant.tflite
photos=$data/photos/imagenet_eval
for file in "$keywords" "$clips/labels.csv" "$mobilenet" "$photos"; do
  if [[ ! -e $file ]]; then
    echo "SKIPPED: $file is missing; set MINNOW_DATA to the folder of the test data"
    exit 77
  fi
done

# Sounds in sub-folders, with the features that the model was trained on.
cat >"$work/frontend.json" <<'JSON'
{"task": "audio-classification", "inputs": [{"audio": {"sampleRate": 16000, "features": "mfcc", "frames": 49,
  "hopSamples": 8000, "frameLength": 480, "frameStep": 320, "fftLength": 512, "window": "hann-periodic", "power": 1,
  "melBins": 40, "mel": "htk", "lowerHz": 20, "upperHz": 4000, "log": "ln", "logOffset": 1e-6, "coefficients": 10}}]}
JSON
out=$work/keywords
expect 0 'audio-classification' pack "$keywords" -o "$out" --labels "$data/labels/kws12_labels.txt" --frontend "$work/frontend.json"
while IFS=, read -r file _ name; do
  [[ $file == *.wav ]] && mkdir -p "$work/words/$name" && ln -s "$clips/$file" "$work/words/$name/$file"
done < <(head -n 121 "$clips/labels.csv")
expect 0 'macro F1' eval "$out" --data "$work/words"
expect 0 '"accuracy"' eval "$out" --data "$work/words" --json --report "$work/words.html"
check 'every clip is judged' test "$(json "$work/out" .examples)" = 120
check 'most words are known' python3 - "$work/out" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
low, high = r["interval"]
assert 0.75 < r["accuracy"] <= 1 and low < r["accuracy"] < high, r["accuracy"]
matrix = r["confusion"]
assert sum(map(sum, matrix)) == 120 and sum(matrix[i][i] for i in range(12)) == r["right"]
assert len(r["mistakes"]) == 120 - r["right"]
for i, c in enumerate(r["classes"]):
    assert c["examples"] == sum(matrix[i]) and c["answers"] == sum(row[i] for row in matrix)
assert all(m["example"].endswith(".wav") and m["example"][0] != "." and m["label"] != m["answer"] for m in r["mistakes"])
PY
wrong=$(($(json "$work/out" .examples) - $(json "$work/out" .right)))
check 'the page shows the mistakes as spectra' test "$(grep -o 'data:image/jpeg' "$work/words.html" | wc -l)" = "$wrong"
"$minnow" eval "$out" --data "$work/words" --json >"$work/again"
check 'two threads give the same figures again' cmp "$work/out" "$work/again"
first=$(json "$work/out" .mistakes[0].example)
"$minnow" run "$out" "$work/words/$first" --json >"$work/one"
check 'run gives the same answer' test "$(json "$work/one" .top[0].label)" = "$(json "$work/out" .mistakes[0].answer)"

# Pictures, by a description with labels of its own: of each name the first synonym.
small=$work/mobilenet
expect 0 'image-classification' pack "$mobilenet" -o "$small" --labels "$data/labels/imagenet_labels.txt"
cut -d, -f1 "$data/labels/imagenet_labels.txt" | awk '{ print n[$0]++ ? $0 " " n[$0] : $0 }' >"$work/short.txt"
count=0
for photo in "$photos"/*; do
  name=$(basename "${photo%.*}")
  name=${name#*_}
  grep -qix "${name//_/ }" "$work/short.txt" || continue
  mkdir -p "$work/pictures/$name" && ln -s "$photo" "$work/pictures/$name/photo.jpg"
  ((++count == 30)) && break
done
python3 - "$work" <<'PY'
import json, sys
labels = open(sys.argv[1] + "/short.txt").read().split("\n")[:-1]
data = {"format": "pictures", "sources": [{"folder": "pictures", "classes": "folders", "part": "validation"}]}
json.dump({"labels": labels, "data": data}, open(sys.argv[1] + "/model.json", "w"))
PY
expect 0 '"accuracy"' eval "$small" --data "$work/model.json" --part validation --json --report "$work/photos.html"
cp "$work/out" "$work/photos.json"
check 'photos are judged' test "$(json "$work/out" .examples)" = 30
check 'more than a quarter is recognised by the smallest network' test "$(json "$work/out" .right)" -gt 8
check 'many classes give no matrix' sh -c "! grep -q '\"confusion\"' '$work/out'"
check 'the page names the most frequent mistakes' grep -q 'most frequent mistakes' "$work/photos.html"
expect 0 'right:' eval "$small" --data "$work/pictures" --labels "$work/short.txt" --kernels scalar

# The model.json of a training, with labels in a file and data elsewhere.
echo '{"inputs": []}' >"$work/none.json"
mkdir -p "$work/recipe"
cat >"$work/recipe/model.json" <<'JSON'
{"name": "photos", "labels": "../short.txt", "frontend": "../none.json", "network": {}, "training": {"epochs": 1},
 "data": {"root": "..", "format": "pictures", "sources": [{"folder": "pictures", "classes": "folders", "part": "test"}]}}
JSON
right=$(json "$work/photos.json" .right)
expect 0 '"accuracy"' eval "$small" --data "$work/recipe/model.json" --json
check 'the same data by a recipe' test "$(json "$work/out" .right)" = "$right"
expect 0 '"accuracy"' eval "$small" --data "$work/recipe/model.json" --root "$work" --json
check 'and from a root of its own' test "$(json "$work/out" .right)" = "$right"
expect 74 'elsewhere' eval "$small" --data "$work/recipe/model.json" --root "$work/elsewhere"

# What is refused.
expect 64 'no examples' eval "$small" --data "$work/model.json"
expect 64 '--part dev' eval "$small" --data "$work/model.json" --part dev
expect 64 'none of the labels' eval "$small" --data "$work/words"
expect 64 'class names' eval "$small" --data "$work/pictures" --labels "$data/labels/kws12_labels.txt"
printf '{"data": 7' >"$work/broken.json"
expect 64 'is no JSON' eval "$small" --data "$work/broken.json"
expect 74 'nowhere' eval "$small" --data "$work/nowhere"
expect 76 'minnow pack' eval "$work/nowhere" --data "$work/pictures"
expect 0 'face_detection' pack "$data/models/mediapipe/face_detection_short_range_f32.tflite" -o "$work/faces"
expect 64 'only classifiers are judged' eval "$work/faces" --data "$work/pictures"
finish
