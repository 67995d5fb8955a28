#!/usr/bin/env bash
# Sets up, builds and serves the demo, with the trained models of models/ in its tabs. The tab "Your model" begins with
# PACKAGE, or with a model that is packed here where its file exists.
# usage: tools/demo.sh [--port N] [PACKAGE]     PACKAGE: a folder that `minnow pack` wrote
set -euo pipefail
invoked_in=${INIT_CWD:-$PWD}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
source tools/console.sh

port=()
package=
while (($# > 0)); do
  case $1 in
    --port) port=(--port "${2:?--port needs a number}"); shift 2 ;;
    -*) fail "unknown option $1" "usage: npm run demo -- [--port N] [PACKAGE]" ;;
    *) package=$(cd "$invoked_in" && realpath -m "$1"); shift ;;
  esac
done
if [[ -n $package && ! -f $package/manifest.json ]]; then
  fail "$package is not a package: it has no manifest.json" \
    "Write one with  build/native/minnow pack model.tflite -o $package"
fi

bash tools/setup.sh
bash tools/build.sh
export PATH="$root/node_modules/.bin:$PATH"

model=../shared/data/models/coral/tf2_mobilenet_v2_1.0_224_ptq.tflite
if [[ -z $package && -f $model ]]; then
  package=$root/build/models/mobilenet_v2
  # An older package may have been written by an older packer.
  if [[ ! $package/manifest.json -nt build/native/minnow ]]; then
    echo "Packing $(basename "$model")"
    rm -rf "$package"
    mkdir -p "$(dirname "$package")"
    build/native/minnow pack "$model" -o "$package"
  fi
fi
exec node web_demo/serve.mjs "${port[@]}" ${package:+--package "$package"}
