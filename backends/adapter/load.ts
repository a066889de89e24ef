/**
 * Finds the module that the configuration names and loads it. It gets all rights of the daemon, so that one which
 * somebody else could change is not loaded.
 */
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { whoElseMayWrite } from './trust.ts';
import { within, words } from './within.ts';

export type Loaded =
  | { readonly ok: true; readonly exports: unknown }
  | { readonly ok: false; readonly reason: string };

/** A module may wait for something at its top; the start of the daemon does not wait for ever. */
const LOADING_MS = 30_000;

export async function loadModule(module: string, from: string): Promise<Loaded> {
  try {
    const path = isAbsolute(module) ? module : findPackage(module, from);
    const writer = whoElseMayWrite(path);
    if (writer !== undefined) return { ok: false, reason: `is not loaded: ${writer}` };
    const namespace: object = await within(LOADING_MS, import(pathToFileURL(path).href));
    return { ok: true, exports: exportsOf(namespace) };
  } catch (error) {
    // Of a module's syntax error nothing tells the place but node itself.
    const hint = error instanceof SyntaxError ? `; \`node --check ${module}\` shows where` : '';
    return { ok: false, reason: `cannot be loaded: ${words(error)}${hint}` };
  }
}

/** As `require` finds it from a file in that directory. A package that is for `import` only is named by its path. */
function findPackage(name: string, from: string): string {
  return createRequire(join(from, 'configuration')).resolve(name);
}

/** All that a CommonJS module exports is its `default`. */
function exportsOf(namespace: object): unknown {
  return 'default' in namespace && !('apiVersion' in namespace) ? namespace.default : namespace;
}
