#!/usr/bin/env bash
# Training from outside: the same bits twice and after a kill, what is learnt is right, teachers, pruning, refining, search,
# and what is refused. Examples are made here: sentences about fruit, tools or animals.
source "$(dirname "$0")/cli_expect.sh"

folder=$work/words
mkdir "$folder"
python3 - "$folder" <<'PY'
import json, random, sys
folder = sys.argv[1]
random.seed(7)
things = {
    'fruit': 'apple pear plum cherry grape melon lemon fig quince peach'.split(),
    'tool': 'hammer saw drill wrench chisel plane ruler clamp file pliers'.split(),
    'animal': 'horse cat otter falcon beetle salmon rabbit badger wolf heron'.split(),
}
frames = ['where is the {}', 'i saw a {} today', 'please bring my {}', 'a {} and another {}', 'is that your old {}', '{}']
with open(f'{folder}/lines.jsonl', 'w') as out:
    for i in range(720):
        label = random.choice(list(things))
        text = random.choice(frames)
        while '{}' in text:
            text = text.replace('{}', random.choice(things[label]), 1)
        out.write(json.dumps({'text': text, 'label': label, 'talk': str(i // 6)}) + '\n')
open(f'{folder}/labels.txt', 'w').write('fruit\ntool\nanimal\n')
json.dump({'task': 'text-classification', 'inputs': [{'text': {
    'tokenizer': 'hash', 'role': 'counts', 'maxTokens': 256, 'lowercase': True, 'buckets': 512, 'ngrams': [3, 5]}}]},
    open(f'{folder}/frontend.json', 'w'))
recipe = {
    'name': 'words', 'labels': 'labels.txt', 'frontend': 'frontend.json',
    'network': {'input': [512], 'layers': [{'bag': 12, 'dropout': 0.1}, {'dense': 16, 'norm': True, 'activation': 'relu'}, {'dense': 3}]},
    'data': {'format': 'texts', 'sources': [
        {'file': 'lines.jsonl', 'split': {'by': 'group', 'field': 'talk', 'validation': 0.15, 'test': 0.2}}]},
    'augment': {'dropout': 0.05, 'typos': 0.01},
    'training': {'epochs': 14, 'batch': 32, 'rate': 0.02, 'average': 0.95},
    'pack': {'maxDrop': 1, 'samples': 64},
}
json.dump(recipe, open(f'{folder}/model.json', 'w'))
PY

# change NAME PYTHON: another folder whose recipe `r` the statement changed.
change() {
  cp -r "$folder" "$work/$1"
  rm -rf "$work/$1/.training" "$work/$1/package"
  python3 - "$work/$1/model.json" "$2" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(r, open(sys.argv[1], 'w'))
PY
}

expect 0 '"packed"' train "$folder" --json
accuracy=$(json "$work/out" .packed.accuracy)
check "what is learnt is right: $accuracy %" python3 -c "assert $accuracy >= 95"
check 'a card tells it' grep -q '"accuracy"' "$folder/card.json"
check 'the log has all epochs' test "$(wc -l <"$folder/.training/training.jsonl")" -eq 14
cp "$folder/.training/model.safetensors" "$work/first"
expect 0 'shards in total' inspect "$folder/package"
expect 0 '' keygen -o "$work/key"
expect 0 'signed' sign "$folder/package" --key "$work/key.key"
expect 0 'manifest.sig was removed' train "$folder"
check 'a package that is trained anew is not signed' test ! -e "$folder/package/manifest.sig"

expect 0 '' train "$folder" --restart --work "$work/again" -o "$work/elsewhere"
check 'the same weights twice' cmp "$work/first" "$work/again/model.safetensors"
check 'the same package twice' diff -r "$folder/package" "$work/elsewhere/package"

# Killed at some moment, several times, then to the end.
mkdir "$work/killed"
for pause in 0.15 0.3 0.2; do
  "$minnow" train "$folder" --work "$work/killed" --no-pack >/dev/null 2>&1 &
  victim=$!
  sleep "$pause"
  kill -9 "$victim" 2>/dev/null
  wait "$victim" 2>/dev/null
done
expect 0 'not complete yet' train "$folder" --work "$work/steps" --no-pack --epochs 3
expect 0 '"epochs": 5' train "$folder" --work "$work/steps" --no-pack --epochs 2 --json
expect 0 '' train "$folder" --work "$work/steps" --no-pack
expect 0 '' train "$folder" --work "$work/killed" --no-pack
check 'in steps the same weights' cmp "$work/first" "$work/steps/model.safetensors"
check 'after kills the same weights' cmp "$work/first" "$work/killed/model.safetensors"

change other "r['training']['seed'] = 2"
expect 0 '' train "$work/other" --no-pack
check 'another seed, other weights' test -n "$(cmp "$work/first" "$work/other/.training/model.safetensors" 2>&1)"

# A student of four numbers a word learns from the model above.
change student "r['network']['layers'][0]['bag'] = 4; r['training']['epochs'] = 10"
expect 0 '' distill "$work/student" --teacher "$folder/.training/model.safetensors"
expect 64 'no teacher' distill "$work/student" --restart
expect 64 'belongs to minnow distill' train "$work/student" --teacher x
change blind "r['distill'] = {'features': {'0': '0'}}"
expect 64 'distill.features.0' distill "$work/blind" --teacher "$folder/.training/model.safetensors"
change hot "r['distill'] = {'temperature': 1000}"
expect 64 'distill.temperature' distill "$work/hot" --teacher "$folder/.training/model.safetensors"

change sparse "r['training']['prune'] = {'share': 0.8}; r['network']['layers'].insert(1, {'dense': 24, 'norm': True, 'activation': 'relu'})"
expect 0 '' train "$work/sparse"
check 'four of five weights of inner layers are 0' python3 - "$work/sparse/.training/model.safetensors" <<'PY'
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
size = struct.unpack('<Q', data[:8])[0]
header = json.loads(data[8:8 + size])
begin, end = header['1.weights']['data_offsets']
values = struct.unpack(f'<{(end - begin) // 4}f', data[8 + size + begin:8 + size + end])
assert abs(values.count(0.0) / len(values) - 0.8) < 0.01, values.count(0.0) / len(values)
PY

# Of 24 + 16 channels half go for good, and file and package have fewer weights for it.
change wide "r['network']['layers'].insert(1, {'dense': 24, 'norm': True, 'activation': 'relu'})"
expect 0 '"packed"' train "$work/wide" --json
check 'no word of channels where none are pruned' test -z "$(grep channels "$work/out")"
wide=$(json "$work/out" .packed.weights)
change thin "r['network']['layers'].insert(1, {'dense': 24, 'norm': True, 'activation': 'relu'}); r['training']['pruneChannels'] = {'share': 0.5, 'to': 0.5}"
expect 0 '"channels"' train "$work/thin" --json
check 'half of the channels is gone' test "$(json "$work/out" .channels.gone) of $(json "$work/out" .channels.all)" = '20 of 40'
check 'the package has fewer weights' test "$(json "$work/out" .packed.weights)" -lt "$wide"
check 'the file is smaller' test "$(stat -c %s "$work/thin/.training/model.safetensors")" -lt "$(stat -c %s "$work/wide/.training/model.safetensors")"
accuracy=$(json "$work/out" .packed.accuracy)
check "what is left is right: $accuracy %" python3 -c "assert $accuracy >= 95"
check 'the log tells how many went' grep -q '"channelsGone": 20' "$work/thin/.training/training.jsonl"
check 'the trained file has the channels that are left' python3 - "$work/thin/.training/model.safetensors" <<'PY'
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
header = json.loads(data[8:8 + struct.unpack('<Q', data[:8])[0]])
shapes = {name: header[name]['shape'] for name in header if name != '__metadata__'}
first, second = shapes['1.weights'][0], shapes['2.weights'][0]
assert first + second == 20, shapes
assert shapes['2.weights'][1] == first and shapes['3.weights'] == [3, second] and shapes['1.bias'] == [first], shapes
PY
expect 0 'pruned   ' train "$work/thin" --work "$work/thin_steps" --no-pack --epochs 5
expect 0 'pruned   20 of 40 channels' train "$work/thin" --work "$work/thin_steps" --no-pack
check 'in steps the same weights without channels' cmp "$work/thin/.training/model.safetensors" "$work/thin_steps/model.safetensors"

change refined "r['pack'] = {'targetSize': 3600, 'samples': 64, 'refine': {'steps': 60, 'batch': 16}}"
expect 0 '"agreement"' train "$work/refined" --json

change searched "r['search'] = {'candidates': 3, 'population': 2, 'epochs': 2, 'bytes': 9000, 'genes': [{'at': 'network.layers.0.bag', 'values': [4, 8, 12]}, {'at': 'network.layers.1.dense', 'values': [8, 16]}]}"
expect 0 'front' search "$work/searched" --report "$work/search.html" --best "$work/best.json"
check 'its page has a chart' grep -q '<svg' "$work/search.html"
check 'the best recipe is one' python3 -c "import json; r = json.load(open('$work/best.json')); assert 'search' not in r and r['network']['layers'][0]['bag'] in (4, 8, 12)"
cp "$work/searched/search.jsonl" "$work/journal"
expect 0 '"best"' search "$work/searched" --json
check 'a search that is done tries nothing again' cmp "$work/journal" "$work/searched/search.jsonl"
expect 0 '' search "$work/searched" --candidates 4
check 'a longer one goes on' test "$(wc -l <"$work/searched/search.jsonl")" -eq 4

change narrow "r['network']['layers'][-1]['dense'] = 2"
expect 64 "3 classes" train "$work/narrow"
change unknown "r['training']['epoch'] = 3"
expect 64 'training.epoch' train "$work/unknown"
change greedy "r['training']['pruneChannels'] = {'share': 1}"
expect 64 'training.pruneChannels.share' train "$work/greedy"
change missing "r['data']['sources'][0]['file'] = 'nowhere.jsonl'"
expect 74 'nowhere.jsonl' train "$work/missing"
change unprepared "r['data']['sources'][0]['file'] = './made.jsonl'; r['prepare'] = 'node make.mjs'"
expect 74 'needs first: node make.mjs' train "$work/unprepared"
change later "r['training']['rate'] = 0.01"
mkdir "$work/later/.training"
cp "$folder/.training/checkpoint.safetensors" "$work/later/.training/"
expect 64 '--restart' train "$work/later"
head -c 300 "$folder/.training/checkpoint.safetensors" >"$work/later/.training/checkpoint.safetensors"
expect 65 'safetensors' train "$work/later"
expect 64 'one folder' train
expect 74 'model.json' train "$work/nothing"
finish
