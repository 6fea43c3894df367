import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Debian package of each program that the tests use. */
const PACKAGES = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  chromium: 'chromium',
  nginx: 'nginx libnginx-mod-rtmp',
  rtmpdump: 'rtmpdump',
  obs: 'obs-studio xvfb xauth dbus-x11',
  'xvfb-run': 'obs-studio xvfb xauth dbus-x11',
} as const;

/** A program of the system that tests or bench use. */
export type ProgramName = keyof typeof PACKAGES;

/**
 * Absolute path of a program of the system.
 * @throws Error that says how to install it.
 */
export function findProgram(name: ProgramName): string {
  // Debian keeps servers in sbin, which is not in every PATH.
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const candidate = path.join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {}
  }
  throw new Error(
    `${name} is not on this machine; on Debian: apt-get install --no-install-recommends ${PACKAGES[name]}`,
  );
}
