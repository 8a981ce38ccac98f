// A camera that sees one picture: a browser of its own, with a still film in place of its camera.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromiumFlags, launchChromium } from './drivers.mjs'
import { expect } from './processes.mjs'

/** A browser whose camera sees this picture (a PNG) for good; `side`: how large the picture is in a frame of 4:3, pixels. */
export async function browserThatSees(stage, png, name, side = 360) {
  const [still, video] = [join(stage.folder, `${name}.png`), join(stage.folder, `${name}.y4m`)]
  writeFileSync(still, png)
  const [width, height] = side <= 480 ? [640, 480] : [1280, 960]
  const frame = `scale=${side}:${side}:force_original_aspect_ratio=decrease,pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:white,format=yuv420p`
  const made = spawnSync('ffmpeg', ['-loglevel', 'error', '-loop', '1', '-t', '1', '-r', '10', '-i', still, '-vf', frame, video], { encoding: 'utf8' })
  expect(made.status === 0, `a picture for the camera: ${made.stderr}`)
  return launchChromium([...chromiumFlags, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${video}`])
}
