#!/bin/sh
# Builds what src/loket/web/static/ serves. Only maintainers run it; installing Loket needs Python alone.
#   npm ci && npm run build
set -eu
cd "$(dirname "$0")"
out=../src/loket/web/static
bin=node_modules/.bin
version() { node -p "require('./node_modules/$1/package.json').version"; }
htmx=$out/vendor/htmx-$(version htmx.org)
govuk=$out/vendor/govuk-frontend-$(version govuk-frontend)

rm -rf "$out/vendor"
mkdir -p "$htmx" "$govuk" "$out/loket"
for sheet in warga petugas cetak; do
  $bin/sass --no-source-map --load-path=node_modules --style=expanded "scss/$sheet.scss" "/tmp/loket-$sheet.css"
  $bin/esbuild "/tmp/loket-$sheet.css" --minify --target=chrome87,firefox90,safari14 --log-level=warning \
    --outfile="$out/loket/$sheet.css" --allow-overwrite
  rm "/tmp/loket-$sheet.css"
done
for script in warga petugas obrolan; do
  $bin/esbuild "js/$script.js" --minify --format=esm --target=es2020 --log-level=warning \
    --outfile="$out/loket/$script.js" --allow-overwrite
done
cp node_modules/htmx.org/dist/htmx.min.js "$htmx/"
cp node_modules/htmx.org/LICENSE "$htmx/LICENSE.txt"
# The style sheets above contain parts of govuk-frontend (MIT), without its font and crown; npm's package has no licence file.
cp LICENSE-govuk-frontend.txt "$govuk/LICENSE.txt"
cd "$out"
find loket vendor -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum > vendor/SHA256SUMS
