#!/bin/sh
# Fuzzes the front end: tests/fuzz/run.sh [SECONDS]. First SECONDS of libFuzzer from the plans and modules there are, then
# ten thousand files of random bytes and ten thousand mutated plans (MANY=0 leaves them out). All under ASan and UBSan.
# What fails is kept in build/fuzz/found.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
out=build/fuzz
flags='-DCUTC_SANITIZED -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined'
mkdir -p "$out/corpus" "$out/seeds" "$out/found"

make -s BUILD="$out" CC=clang CFLAGS="$flags -fsanitize=fuzzer-no-link" PACKAGES=no "$out/cutc"
libs="$(sed -n 's/^LINKED := //p' Makefile | sed 's/[^ ][^ ]*/-l&/g') -ldl"
objects=$(find "$out" -name '*.o' ! -path '*/compiler/main.o' ! -path '*/tests/*')
for target in front shell import many; do
  case $target in front | shell | import) kind=,fuzzer ;; *) kind= ;; esac
  # shellcheck disable=SC2086 # lists of words
  clang -std=c17 -D_POSIX_C_SOURCE=200809L -Icompiler -I"$out" -I/usr/include/libxml2 $flags -fsanitize=address,undefined$kind \
    -o "$out/$target" "tests/fuzz/$target.c" $objects $libs
done

n=0
for file in stdlib/std/*.cut examples/*/*.cut tests/golden/*.cut; do
  [ -f "$file" ] || continue
  n=$((n + 1))
  cp "$file" "$out/seeds/$n.cut"
done

# An answer's first byte says whose it is.
mkdir -p "$out/corpus-import" "$out/seeds-import"
for file in tests/import/*; do
  case $file in
  *.py | *.cut) continue ;;
  */config.xml) whose=5 ;;
  *.zone) whose=4 ;;
  *) whose=0 ;;
  esac
  { printf '%b' "\\0$whose"; cat "$file"; } >"$out/seeds-import/$(basename "$file")"
done

export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
"$out/front" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=20000 -print_final_stats=0 -verbosity=0 \
  -dict=tests/fuzz/cut.dict -artifact_prefix="$out/found/" "$out/corpus" "$out/seeds"
"$out/import" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=20000 -print_final_stats=0 -verbosity=0 \
  -artifact_prefix="$out/found/" "$out/corpus-import" "$out/seeds-import"
[ "${MANY:-1}" = 0 ] || "$out/many" -s "${SEED:-1}" -d "$out/found" "$out"/seeds/*.cut
