/**
 * A daemon of one person lets go of its state when it is asked to from another login node (protocol/handover.ts). It
 * stops as at any other stop; where systemd started it, systemd is told, or its socket would start the next one here.
 */
import { execFile } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Handover, handoverFile, handoverOf } from '../protocol/handover.ts';
import { readLeaseHolder } from '../store/lease.ts';

export interface HandoverParts {
  readonly stateDir: string;
  readonly host: string;
  readonly pid: number;
  /** systemd holds the socket. */
  readonly isUnit: boolean;
  /** Why it must stay here. */
  readonly obstacle: () => string | undefined;
  readonly leave: (why: string) => void;
  readonly stopUnits?: (done: (failed: boolean) => void) => void;
}

/** Looks every few seconds: a file system of the network tells nobody what another host has written. */
export function watchHandover(parts: HandoverParts): void {
  const timer = setInterval(() => {
    const asked = askedOfUs(parts);
    if (asked === undefined || asked.refused !== undefined) return;
    const refused = parts.obstacle();
    if (refused !== undefined) return refuse(parts.stateDir, { ...asked, refused });
    clearInterval(timer);
    letGo(parts, `handed over to ${asked.to} (wfctl service move)`);
  }, LOOK_MS);
  timer.unref();
}

const LOOK_MS = 2_000;
const SIGTERM_MS = 5_000;

function askedOfUs({ stateDir, host, pid }: HandoverParts): Handover | undefined {
  const text = readIfThere(handoverFile(stateDir));
  const holder = text === undefined ? undefined : readLeaseHolder(stateDir);
  const isOurs = holder?.host === host && holder.pid === pid;
  return text !== undefined && isOurs
    ? handoverOf(text, { host, pid, startedAt: holder.startedAt })
    : undefined;
}

/** Where it cannot be written, whoever asks gives up after a while. */
function refuse(stateDir: string, answer: Handover): void {
  const file = handoverFile(stateDir);
  try {
    writeFileSync(`${file}.answer`, JSON.stringify(answer), { mode: 0o600 });
    renameSync(`${file}.answer`, file);
  } catch {}
}

function letGo({ isUnit, leave, stopUnits = stopUserUnits }: HandoverParts, why: string): void {
  if (!isUnit) return leave(why);
  // Its SIGTERM begins the stop; a second beginning would hurry it, so ours waits whether one comes.
  stopUnits((failed) => void setTimeout(() => leave(why), failed ? 0 : SIGTERM_MS));
}

function stopUserUnits(done: (failed: boolean) => void): void {
  const words = ['--user', '--no-block', 'stop', 'wfd.socket', 'wfd.service'];
  execFile('systemctl', words, (error) => done(error !== null));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
