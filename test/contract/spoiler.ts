/** Programs that stand before a scheduler's own on PATH, and spoil their answers while they are told to. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Spoiler } from './habitat.ts';

const MEDDLE = new URL('meddle', import.meta.url);

/** `path` is the PATH that an adapter must be given: in front of where the real commands lie. */
export function createSpoiler(
  directory: string,
  programs: readonly string[],
  path = process.env['PATH'] ?? '',
): Spoiler & { readonly path: string } {
  const bin = `${directory}/spoiler`;
  mkdirSync(bin, { mode: 0o755 });
  for (const program of programs) copyFileSync(MEDDLE, `${bin}/${program}`);
  return {
    path: `${bin}:${path}`,
    async spoil(_purpose, how, work) {
      writeFileSync(`${bin}/how`, `${how}\n`, { mode: 0o644 });
      try {
        return await work();
      } finally {
        rmSync(`${bin}/how`);
      }
    },
  };
}
