/** What a record of accounting proves about an end. (accounting(5), sge_status(5).) */
import type { EndReport } from '../backend.ts';

/** One record of `qacct -j`, by its keys. */
export type JobRecord = ReadonlyMap<string, string>;

/**
 * Codes of `failed` with which a job stays: it was not started, and waits in error or for another host (1-11,
 * 21-23, 26-36, 38); it goes somewhere else (24), runs again (25), or waits in error because it said so (30).
 */
function stays(failed: number): boolean {
  return (failed > 0 && failed <= 11) || (failed >= 21 && failed <= 36) || failed === 38;
}

/** Nothing, where the record is not one of an end. `failed` goes first: with it the exit status may be 0. */
export function endOf(record: JobRecord): EndReport | undefined {
  const failed = leadingNumber(record.get('failed'));
  const status = leadingNumber(record.get('exit_status'));
  if (failed === undefined || status === undefined) return undefined;
  if (failed === 0 && status === 0 && wasStarted(record))
    return { kind: 'Succeeded', exitCode: 0, started: true };
  if (failed === OVER_LIMIT) return overLimit(record);
  // Univa and Altair tell who deleted a job, also one that never started.
  if (![undefined, '', 'NONE'].includes(record.get('deleted_by')))
    return { kind: 'Cancelled', started: wasStarted(record) };
  return stays(failed) ? undefined : plainEnd(failed, status);
}

function plainEnd(failed: number, status: number): EndReport {
  switch (failed) {
    case 0:
      // From 129 on it may be the shell's word for a signal, or the program's own.
      return { kind: 'NonZeroExit', exitCode: status, started: true };
    case 18:
    case 19:
      // The shepherd is gone, mostly with its host. Whether the job had begun is not said.
      return { kind: 'NodeFailure' };
    case 17:
    case 100:
      // Any signal, also that of a qdel: 8.1.9 does not tell them apart.
      return status > 128
        ? { kind: 'Signaled', signal: status - 128, started: true }
        : { kind: 'Unknown', started: true };
    default:
      return { kind: 'Unknown' };
  }
}

/** "qmaster enforced h_rt, h_cpu, or h_vmem limit": one code for all three. */
const OVER_LIMIT = 37;

/**
 * The record shows what was used, and in `category` what had been asked for. A limit of the queue is never below
 * one that was asked for, or the job would not run there; so a known limit that was kept rules itself out.
 * Where neither was asked for, nothing tells them apart.
 */
function overLimit(record: JobRecord): EndReport {
  const slots = leadingNumber(record.get('slots')) ?? 1;
  const memory = requested(record, 'h_vmem');
  const time = requested(record, 'h_rt');
  const overMemory = memory && bytes(record.get('maxvmem')) >= bytes(memory) * slots;
  const overTime = time && (leadingNumber(record.get('ru_wallclock')) ?? 0) + 1 >= seconds(time);
  if (overMemory) return { kind: 'OutOfMemory', started: true };
  if (overTime || memory) return { kind: 'TimeLimit', started: true };
  if (time) return { kind: 'OutOfMemory', started: true };
  return { kind: 'Signaled', signal: 9, started: true };
}

/** `-l h_rt=60,h_vmem=150M -pe smp 2` */
function requested(record: JobRecord, resource: string): string | undefined {
  return new RegExp(`\\b${resource}=([^,\\s]+)`).exec(record.get('category') ?? '')?.[1];
}

/** sge_types(5), memory_specifier: capital letters are powers of 1024. qacct itself writes `409.656MB`. */
function bytes(text = ''): number {
  const [, number = '0', unit = ''] = /^([\d.]+)([KkMmGgTt]?)/.exec(text) ?? [];
  const power = ' kmgt'.indexOf(unit.toLowerCase() || ' ');
  return Number(number) * (unit === unit.toUpperCase() ? 1024 : 1000) ** power;
}

/** sge_types(5), time_specifier: `3600` or `1:0:0`. */
function seconds(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

function wasStarted(record: JobRecord): boolean {
  return record.get('start_time') !== '-/-';
}

/** `37  : qmaster enforced …`, `137                  (Killed)`, `4s`; 6.2u5 writes `4`. */
function leadingNumber(text = ''): number | undefined {
  const digits = /^\d+/.exec(text)?.[0];
  return digits === undefined ? undefined : Number(digits);
}
