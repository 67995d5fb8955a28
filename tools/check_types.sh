#!/usr/bin/env bash
# Checks the JSDoc types of every JavaScript part with tsc: tools and tests, the package, the demo, the Cordova plugin.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in . wasm_glue web_demo cordova_plugin; do
  node_modules/.bin/tsc --noEmit -p "$project"
done
