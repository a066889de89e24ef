/**
 * What the machine has, what a job needs, and whose turn it is. Pure.
 */
import type { Resources } from '../backend.ts';

export interface Size {
  readonly cpus: number;
  readonly memoryMiB: number;
}

export interface Waiting extends Size {
  readonly priority: number;
  readonly submittedAtMs: number;
}

/** Why the request can never run here, in plain words. */
export function whyNever(machine: Size, resources: Resources): string | undefined {
  const { nodes = 1, gpus } = resources;
  const elsewhere = 'ask for less, or use another backend';
  if (nodes > 1) return `the job asks for ${nodes} nodes, and local jobs have this one machine; ${elsewhere}`;
  if (gpus?.count) return `the job asks for GPUs, and the local backend has none to give; ${elsewhere}`;
  const tooLarge = whyTooLarge(machine, sizeOf(machine, resources));
  return tooLarge === undefined ? undefined : `${tooLarge}; ${elsewhere}`;
}

export function whyTooLarge(machine: Size, { cpus, memoryMiB }: Size): string | undefined {
  if (cpus > machine.cpus) return `the job asks for ${cpus} CPUs, and local jobs share ${machine.cpus} here`;
  if (memoryMiB > machine.memoryMiB) {
    return `the job asks for ${memoryMiB} MiB of memory, and local jobs share ${machine.memoryMiB} MiB here`;
  }
  return undefined;
}

export function sizeOf(machine: Size, resources: Resources): Size {
  const { cpus = 1, ranks = 1, memoryMiB = 0, exclusive = false } = resources;
  return { cpus: exclusive ? machine.cpus : cpus * ranks, memoryMiB };
}

/**
 * The waiting jobs that may start now. In order, and nothing overtakes: a job that needs much is never
 * starved by small ones. What is too large for the machine altogether holds up nobody.
 */
export function whatFits<W extends Waiting>(
  machine: Size,
  taken: readonly Size[],
  waiting: readonly W[],
): readonly W[] {
  let cpus = machine.cpus - sum(taken.map((size) => size.cpus));
  let memoryMiB = machine.memoryMiB - sum(taken.map((size) => size.memoryMiB));
  const inTurn = waiting.filter((job) => whyTooLarge(machine, job) === undefined).sort(byTurn);
  const firstLeftOut = inTurn.findIndex((job) => {
    cpus -= job.cpus;
    memoryMiB -= job.memoryMiB;
    return cpus < 0 || memoryMiB < 0;
  });
  return firstLeftOut === -1 ? inTurn : inTurn.slice(0, firstLeftOut);
}

/** The sort is stable: elements of one submission keep their order. */
function byTurn(a: Waiting, b: Waiting): number {
  return b.priority - a.priority || a.submittedAtMs - b.submittedAtMs;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
