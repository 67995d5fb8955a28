#!/usr/bin/env bash
# Calibration from outside: smaller, alike in its answers, the same bytes twice, and what it refuses.
source "$(dirname "$0")/cli_expect.sh"
model=$data/models/coral/mobilenet_v1_0.25_128_quant.tflite
labels=$data/labels/imagenet_labels.txt
if [[ ! -e $model || ! -d $data/photos/imagenet ]]; then
  echo "SKIPPED: $model is missing; set MINNOW_DATA to the folder of the test data"
  exit 77
fi
mkdir "$work/samples" "$work/empty"
find "$data/photos/imagenet" -name '*.JPEG' | sort | awk 'NR % 8 == 0' | while read -r photo; do ln -s "$photo" "$work/samples/"; done

expect 0 'image-classification' pack "$model" -o "$work/plain" --labels "$labels"
expect 0 'samples  24 views of 12 files' pack "$model" -o "$work/small" --labels "$labels" --calibrate "$work/samples" --target-size 300k
expect 0 '"calibration"' pack "$model" -o "$work/again" --labels "$labels" --calibrate "$work/samples" --target-size 300000 --json
check 'compressing is deterministic' diff -r "$work/small" "$work/again"
check 'classes are read from file names' test "$(json "$work/out" .calibration.result.labelled)" -ge 20
check 'answers stay alike' python3 -c "import sys; sys.exit(float('$(json "$work/out" .calibration.result.agreement)') < 70)"
bytes=$(cat "$work/small"/*.mnw | wc -c)
check 'the size is reached' test "$bytes" -le 300000 -a "$bytes" -ge 280000
expect 0 'shards in total' inspect "$work/small"
expect 0 'shared shards: 0 of' inspect --compare "$work/plain" "$work/small"
expect 0 '; from A to B 0 B are fetched' inspect --compare "$work/small" "$work/again"
expect 0 '"shared"' inspect --compare "$model" "$work/small" --json
check 'each layer stands beside itself, and the bytes add up' python3 - "$work/out" "$work/small" <<'COMPARE'
import json, os, sys
both = json.load(open(sys.argv[1]))
assert all(row['a'] and row['b'] for row in both['layers']), both['layers']
assert sum(row['b']['codedBytes'] for row in both['layers']) < sum(row['a']['codedBytes'] for row in both['layers'])
shards = sum(os.path.getsize(os.path.join(sys.argv[2], name)) for name in os.listdir(sys.argv[2]) if name.endswith('.mnw'))
assert both['b']['bytes']['plain'] == shards, (both['b'], shards)
COMPARE
expect 64 'needs two package folders' inspect --compare "$work/small"

# Without samples: fewer bits, fewer bytes.
float_model=$data/models/mlperf_tiny/kws_ref_model_float32.tflite
before=$(stat -c %s "$float_model")
for type in float16 int8 int4; do
  expect 0 "rounded to $type, without samples" pack "$float_model" -o "$work/$type" --weights "$type"
  bytes=$(cat "$work/$type"/*.mnw | wc -c)
  check "$type takes less than $before bytes" test "$bytes" -lt "$before"
  before=$bytes
done
expect 0 '"rounded"' pack "$float_model" -o "$work/halves" --weights float16 --split 2 --json
expect 66 'would change nothing' pack "$model" -o "$work/none" --weights int8

# int8 weights of float32 operators: real once they are read, or at each run in less memory. The answers are the same.
detector=$data/models/mediapipe/palm_detection_f32.tflite
expect 0 'checked by reading back' pack "$detector" -o "$work/fast" --weights int8
expect 0 'checked by reading back' pack "$detector" -o "$work/lean" --weights int8 --weights-in-memory int8
for kind in fast lean; do
  expect 0 '"layers"' inspect "$work/$kind" --json
  cp "$work/out" "$work/$kind.json"
  expect 0 '"peakBytes"' bench "$work/$kind" --runs 3 --json
  cp "$work/out" "$work/$kind.bench"
done
check 'only in less memory weights have operators of their own' bash -c '! grep -q DEQUANTIZE "$1" && grep -q DEQUANTIZE "$2"' _ "$work/fast.json" "$work/lean.json"
check 'which saves a third of the memory' python3 - "$work/fast.bench" "$work/lean.bench" <<'MEMORY'
import json, sys
fast, lean = (json.load(open(name))['peakBytes'] for name in sys.argv[1:])
sys.exit(not 3 * lean < 2 * fast)
MEMORY
python3 -c 'import random, struct; random.seed(2); open("'"$work"'/detector.in", "wb").write(struct.pack("<49152f", *(random.random() for _ in range(49152))))'
for kind in fast lean; do check 'runs' "$minnow" run "$work/$kind" --raw "$work/detector.in" --output "$work/$kind.out"; done
check 'the same answers but for the order of sums' python3 - "$work/fast.out" "$work/lean.out" <<'ANSWERS'
import array, sys
a, b = (array.array('f', open(name, 'rb').read()) for name in sys.argv[1:])
sys.exit(not a or len(a) != len(b) or max(map(abs, a)) < 0.1 or max(abs(x - y) for x, y in zip(a, b)) > 1e-3 * max(map(abs, a)))
ANSWERS
expect 64 'float32 or int8 is needed' pack "$detector" -o "$work/none" --weights-in-memory int4

# A recurrent model, whose weights go with the others.
recurrent=$data/models/dtln/model_1.onnx
mkdir "$work/spectra"
python3 - "$work/spectra" <<'SPECTRA'
import random, struct, sys
draw = random.Random(1)
for index in range(24):
    values = [abs(draw.gauss(0, 1)) for _ in range(257)] + [draw.gauss(0, 0.3) for _ in range(512)]
    with open(f'{sys.argv[1]}/{index}.bin', 'wb') as file: file.write(struct.pack(f'<{len(values)}f', *values))
SPECTRA
expect 0 'samples  24 views of 24 files' pack "$recurrent" -o "$work/recurrent" --calibrate "$work/spectra" --activations float32 --max-drop 1
bytes=$(cat "$work/recurrent"/*.mnw | wc -c)
check 'less than a fourth is left of a recurrent model' test "$((4 * bytes))" -lt "$(stat -c %s "$recurrent")"

# The report is one well-formed page with every layer, the chart and the changed answers.
expect 0 'checked by reading back' pack "$model" -o "$work/told" --labels "$labels" --calibrate "$work/samples" --target-size 250k --report "$work/report.html"
check 'the report is a whole page' python3 - "$work/report.html" <<'PARSE'
import html.parser, sys
text = open(sys.argv[1], encoding='utf-8').read()
void = {'meta', 'br', 'img', 'path', 'circle'}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.rows, self.outside = [], 0, []
    def handle_starttag(self, tag, attrs):
        self.rows += tag == 'tr'
        self.outside += [value for name, value in attrs if name in ('src', 'href') and not value.startswith('data:image/jpeg')]
        if tag not in void: self.open.append(tag)
    def handle_endtag(self, tag):
        if tag not in void: assert self.open.pop() == tag, (tag, self.getpos())
page = Page()
page.feed(text)
assert page.open == [] and page.outside == [] and '<script' not in text, (page.open, page.outside)
assert page.rows > 25 and 'Changed answers' in text and '</svg>' in text and 'nan' not in text, page.rows
PARSE
expect 74 'cannot be written to' pack "$model" -o "$work/none" --labels "$labels" --calibrate "$work/samples" --report "$work/nowhere/report.html"
expect 64 'need samples' pack "$model" -o "$work/none" --report "$work/report.html"

# A search that was broken off goes on: the journal without its last trials gives the same package.
expect 0 '"trials"' pack "$model" -o "$work/resumed" --labels "$labels" --calibrate "$work/samples" --target-size 300k --resume "$work/journal" --json
check 'a journal changes nothing' diff -r "$work/small" "$work/resumed"
python3 - "$work/journal" <<'CUT'
import json, sys
journal = json.load(open(sys.argv[1]))
assert len(journal['trials']) >= 2, journal
journal['trials'] = journal['trials'][:1]
journal['trials'][0]['agreement'] = 12.5
json.dump(journal, open(sys.argv[1], 'w'))
CUT
expect 0 '"agreement": 12.5' pack "$model" -o "$work/resumed" --labels "$labels" --calibrate "$work/samples" --target-size 300k --resume "$work/journal" --json
check 'what is remembered is not tried again, and the rest is the same' diff -r "$work/small" "$work/resumed"
expect 64 'journal of another model' pack "$model" -o "$work/none" --labels "$labels" --calibrate "$work/samples" --seed 2 --target-size 300k --resume "$work/journal"
echo '{' >"$work/journal"
expect 64 'no journal of a search' pack "$model" -o "$work/none" --labels "$labels" --calibrate "$work/samples" --target-size 300k --resume "$work/journal"

# A float model whose activations mix: what stayed float32 is told, and the same bytes come twice.
floats=$data/models/mlperf_tiny/vww_96_float.tflite
expect 0 'operators with weights' pack "$floats" -o "$work/mixed" --image-range 0,1 --calibrate "$work/samples" --activations mixed --target-size 40k
expect 0 '"floatOperators"' pack "$floats" -o "$work/mixed_again" --image-range 0,1 --calibrate "$work/samples" --activations mixed --target-size 40k --json
check 'mixing is deterministic' diff -r "$work/mixed" "$work/mixed_again"
check 'rounded activations stay within the error' python3 -c "import sys; sys.exit(float('$(json "$work/out" .calibration.mixed.error)') > float('$(json "$work/out" .calibration.mixed.maxError)'))"
expect 64 'int8, float32 or mixed is needed' pack "$floats" -o "$work/none" --calibrate "$work/samples" --activations int4
expect 64 'as in mixed:3' pack "$floats" -o "$work/none" --calibrate "$work/samples" --activations mixed:0
expect 64 'give int8 or float32' pack "$floats" -o "$work/none" --calibrate "$work/samples" --activations mixed --target-latency 1

expect 64 'no picture' pack "$model" -o "$work/none" --calibrate "$work/empty"
expect 74 'cannot be read as a folder' pack "$model" -o "$work/none" --calibrate "$work/nowhere"
expect 64 'fulfil what is asked for' pack "$model" -o "$work/none" --calibrate "$work/samples" --target-size 8k
check 'nothing is written where it fails' test ! -e "$work/none"
finish
