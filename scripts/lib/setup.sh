# Sourced by the scripts: sets this machine up for what the caller needs.
#
#   weir_setup PACKAGE...     Debian packages; those that are missing are installed
#
# Says what it installs.  Costs one dpkg query when nothing is missing.  Without
# root or sudo it says in one line what is missing and how to get it, status 2.

weir_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

weir_say() { printf '%s\n' "$*" >&2; }

weir_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

weir_setup() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null 2>&1; then
    weir_say "setup: this is no Debian system: install the counterparts of: $*"
    return 0
  fi
  for package in "$@"; do
    weir_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      sudo=(sudo)
    elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
      sudo=(sudo)
    else
      weir_say "setup: missing: ${missing[*]}; as root: apt-get install ${missing[*]}"
      return 2
    fi
  fi
  weir_say "setup: installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    weir_say "setup: apt-get could not install: ${missing[*]}"
    rm -f "$log"
    return 2
  fi
  rm -f "$log"
}

# What every build needs, and what the tests need on top of it.
weir_packages_build=(gcc libc6-dev cmake ninja-build pkg-config libjansson-dev libssl-dev python3)
weir_packages_test=(check afl++ libpcre2-dev libsubunit-dev clang clang-format clang-tidy libclang-rt-14-dev git)
# The libraries that conformance/protocols has plug-ins of.
weir_packages_test+=(libexpat1-dev libhttp-parser-dev node-llhttp libnghttp2-dev libhiredis-dev libwslay-dev)

# weir_build PRESET [CMAKE ARGUMENT...]: configures and builds, quietly unless it fails.
weir_build() {
  local preset=$1 log
  shift
  log=$(mktemp)
  if ! (cd "$weir_root" && cmake --preset "$preset" "$@" && cmake --build --preset "$preset") >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    weir_say "build: preset $preset failed"
    rm -f "$log"
    return 2
  fi
  rm -f "$log"
}
