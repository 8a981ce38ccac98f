#!/bin/sh
# Draws the icon: a booklet in Carnet's teal. Needs ImageMagick; the results are committed.
set -eu
cd "$(dirname "$0")"
convert -size 512x512 xc:none \
  -fill '#0F6B5C' -draw 'roundrectangle 88,40 432,472 44,44' \
  -fill '#0A4A40' -draw 'roundrectangle 88,40 160,472 36,36' -draw 'rectangle 124,40 160,472' \
  -fill '#FBF8F2' -draw 'roundrectangle 204,112 388,212 16,16' \
  -fill '#0F6B5C' -draw 'roundrectangle 228,138 364,152 7,7' -draw 'roundrectangle 228,172 316,186 7,7' \
  -fill '#FBF8F2' -draw 'roundrectangle 276,272 316,412 12,12' -draw 'roundrectangle 226,322 366,362 12,12' \
  -define png:color-type=6 -strip icon.png
convert icon.png -resize 128x128 -define png:color-type=6 -strip 128x128.png
convert icon.png -resize 32x32 -define png:color-type=6 -strip 32x32.png
