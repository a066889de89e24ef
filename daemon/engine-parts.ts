/** Makes the loop's real parts of a configuration: shared by the daemon and by `wfctl run`. */
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Owner } from '../backends/backend.ts';
import { systemClock } from './clock.ts';
import type { OpenedConfig } from './config/open-config.ts';
import { createFiles } from './files/owners/owners-files.ts';
import type { LoopLog, LoopParts } from './loop/parts.ts';
import type { Store } from './store/store.ts';
import { openNative } from './workflow/native/open.ts';

export function engineParts({ config, backends }: OpenedConfig, store: Store, log: LoopLog): LoopParts {
  return {
    store,
    backends,
    files: createFiles({ program: join(__dirname, 'owner-files.cjs') }),
    clock: systemClock,
    random: Math.random,
    open: openNative,
    settings: config.engine,
    log,
    host: hostname(),
    ...(config.runsDir !== undefined && { runsDir: config.runsDir }),
  };
}

/** The user this process runs as: in user mode the owner of every run. */
export function processOwner(): Owner {
  const { uid, gid, username, homedir, shell } = userInfo();
  return { uid, gid, name: username, home: homedir, shell: shell ?? '/bin/sh' };
}
