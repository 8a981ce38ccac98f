import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Width and height of a PNG or JPEG, pixels; null when it is neither. */
export function sizeOf(bytes: Buffer): [number, number] | null {
  if (bytes.length > 24 && bytes.readUInt32BE(0) === 0x89504e47) return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 < bytes.length) {
    const marker = bytes.readUInt16BE(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

/** Large enough that a code in it could be read. */
export function readable(bytes: Buffer): boolean {
  const size = sizeOf(bytes);
  return size !== null && Math.min(...size) >= 200;
}

/** What a camera sees: a still film for Chromium's fake one. */
export function film(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'carnet-camera-')), 'camera.y4m');
  execFileSync('ffmpeg', ['-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc=size=640x480:rate=10', '-t', '1', '-pix_fmt', 'yuv420p', path]);
  return path;
}

/** Flags for a browser that has this film as its camera. */
export const cameraFlags = (path: string) => ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${path}`];
