#!/usr/bin/env bash
# Keys, signatures and their refusals from outside, on a package of this repository: needs no data.
source "$(dirname "$0")/cli_expect.sh"
source=$2/models/sign_digits/package
out=$work/out.package
key=$work/mine.key
cp -r "$source" "$out"

# A pair of keys.
expect 64 'name the keys with --output' keygen
expect 64 'nothing to do with more' keygen -o "$work/mine" more
expect 0 'minnow sign PACKAGE --key' keygen --output "$work/mine"
check 'the secret key is for its owner alone' test "$(stat -c %a "$key")" = 600
check 'the page is told the key' grep -qF "publicKey: '$(cat "$work/mine.pub")'" "$work/out"
check 'no secret is printed' test -z "$(grep -F "$(cat "$key")" "$work/out" "$work/err")"
expect 74 'mine.key is there already' keygen --output "$work/mine"
expect 0 '"publicKey"' keygen --output "$work/other" --json
check 'JSON tells the key that was written' test "$(json "$work/out" .publicKey)" = "$(cat "$work/other.pub")"
cp "$work/other.key" "$work/old.key"
expect 0 'other.pub' keygen --output "$work/other" --force
check 'forced keys are new' test "$(cat "$work/old.key")" != "$(cat "$work/other.key")"

# Signed and verified.
expect 81 'is not signed' verify "$out" --public-key "$work/mine.pub"
expect 0 'not signed' inspect "$out"
expect 0 'manifest.sig written' sign "$out" --key "$key"
check 'without --release the manifest stays' cmp "$source/manifest.json" "$out/manifest.json"
expect 0 'the signature holds' verify "$out" --public-key "$work/mine.pub"
expect 0 'the signature holds' verify "$out" --public-key "$(cat "$work/mine.pub")"
expect 0 '"release": 7' sign "$out" --key "$key" --release 7 --json
check 'one field came, nothing else changed' test "$(diff "$source/manifest.json" "$out/manifest.json" | grep -c '^[<>]')" = 3
expect 0 'release 7' verify "$out" --public-key "$work/mine.pub" --min-release 7
expect 0 '"verified": true' verify "$out" --public-key "$work/mine.pub" --json
check 'JSON has the release' test "$(json "$work/out" .release)" = 7
check 'JSON counts files' test "$(json "$work/out" .files)" = 2
expect 0 'release 7, signed' inspect "$out"
expect 0 '"signed": true' inspect "$out" --json
check 'JSON has the release' test "$(json "$work/out" .release)" = 7
expect 0 'release went back from 7 to 6' sign "$out" --key "$key" --release 6
expect 0 'release 6' verify "$out" --public-key "$work/mine.pub"
expect 0 'holds' verify "$out" --public-key "$work/other.pub" --public-key "$work/mine.pub"
check 'the key that signed is named' grep -qF "$(cat "$work/mine.pub")" "$work/out"
cp "$key" "$work/open.key"
chmod 644 "$work/open.key"
expect 0 'chmod 600' sign "$out" --key "$work/open.key" --release 8
expect 0 'signed' sign "$out" --key /dev/stdin --release 9 <"$key"
expect 0 'release 9' verify "$out" --public-key "$work/mine.pub"
# The package is still one.
expect 0 '1.jpg' run "$out" "$2/models/sign_digits/samples/1.jpg"

# What is refused, and as JSON.
expect 64 'one package folder is needed' sign --key "$key"
expect 64 '--key NAME.key is needed' sign "$out"
expect 64 '--release 1k' sign "$out" --key "$key" --release 1k
expect 64 '--release -1' sign "$out" --key "$key" --release -1
expect 64 'from 0 to 9007199254740991' sign "$out" --key "$key" --release 9007199254740992
expect 64 '--public-key NAME.pub is needed' verify "$out"
expect 64 '--min-release x' verify "$out" --public-key "$work/mine.pub" --min-release x
expect 74 'nokey.key' sign "$out" --key "$work/nokey.key"
expect 80 'is the file of a public key' sign "$out" --key "$work/mine.pub"
expect 80 'is the file of a secret key' verify "$out" --public-key "$key"
expect 81 'another key signed it' verify "$out" --public-key "$work/other.pub"
expect 82 'at least 10 is needed' verify "$out" --public-key "$work/mine.pub" --min-release 10
expect 76 'is no Minnow package' sign "$work" --key "$key"
expect 76 'is no Minnow package' verify "$work" --public-key "$work/mine.pub"
expect 81 '"code": "BAD_SIGNATURE"' verify "$out" --public-key "$work/other.pub" --json
sed -i 's/"sign_digits"/"sign_digitz"/' "$out/manifest.json"
expect 81 'the manifest was changed' verify "$out" --public-key "$work/mine.pub"
sed -i 's/"sign_digitz"/"sign_digits"/' "$out/manifest.json"
shard=$(basename "$out"/000-*.mnw)
printf 'X' | dd of="$out/$shard" bs=1 seek=500 conv=notrunc status=none
expect 76 "$shard is damaged" verify "$out" --public-key "$work/mine.pub"
expect 76 "$shard is damaged" sign "$out" --key "$key" --release 10
expect 82 'release 9' verify "$out" --public-key "$work/mine.pub" --min-release 10
cp "$source/$shard" "$out/$shard"
expect 0 'release 9' verify "$out" --public-key "$work/mine.pub"

# What is packed into the folder takes the signature away, and says so.
sample=$2/tests/fuzz/corpus/tflite/sample_int8.tflite
packed=$work/packed
expect 0 'packed in' pack "$sample" -o "$packed"
check 'nothing is said of signatures without one' test -z "$(grep -F 'manifest.sig' "$work/out" "$work/err")"
expect 0 'signed' sign "$packed" --key "$key" --release 3
expect 0 'manifest.sig was removed' pack "$sample" -o "$packed"
check 'and it is gone' test ! -e "$packed/manifest.sig"
expect 81 'is not signed' verify "$packed" --public-key "$work/mine.pub"
expect 0 'in 2 parts' pack "$sample" -o "$packed" --split 2
expect 0 'signed' sign "$packed" --key "$key" --release 4
expect 0 'release 4, signed' inspect "$packed"
expect 0 'release 4' verify "$packed" --public-key "$work/mine.pub"
expect 64 'sign the whole' sign "$packed/part-0" --key "$key" --release 5
expect 0 'manifest.sig was removed' pack "$sample" -o "$packed" --split 2

finish
