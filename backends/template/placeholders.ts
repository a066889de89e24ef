/** What a submit command can be told, and by which of it a scheduler learns what a task asks for. */
import type { Placeholders } from './words.ts';

export const SUBMIT_PLACEHOLDERS = {
  tag: 'always',
  script: 'always',
  log: 'always',
  workdir: 'always',
  directory: 'always',
  user: 'always',
  uid: 'always',
  elements: 'maybe',
  lastElement: 'maybe',
  priority: 'maybe',
  cpus: 'maybe',
  memoryMiB: 'maybe',
  memoryKiB: 'maybe',
  timeSeconds: 'maybe',
  timeMinutes: 'maybe',
  time: 'maybe',
  gpus: 'maybe',
  gpuType: 'maybe',
  nodes: 'maybe',
  ranks: 'maybe',
  queue: 'maybe',
  account: 'maybe',
  qos: 'maybe',
  constraint: 'maybe',
  exclusive: 'maybe',
  reservation: 'maybe',
  options: 'many',
} as const satisfies Placeholders;

/** By the name that a workflow has for it: the placeholders that tell the scheduler of it, of which one is enough. */
export const PLACES = {
  cpus: ['cpus'],
  memory: ['memoryMiB', 'memoryKiB'],
  time: ['timeSeconds', 'timeMinutes', 'time'],
  gpus: ['gpus'],
  gpuType: ['gpuType'],
  nodes: ['nodes'],
  ranks: ['ranks'],
  queue: ['queue'],
  account: ['account'],
  qos: ['qos'],
  constraint: ['constraint'],
  exclusive: ['exclusive'],
  reservation: ['reservation'],
  options: ['options'],
} as const satisfies Record<string, readonly string[]>;

export type RequestName = keyof typeof PLACES;
export const REQUEST_NAMES = Object.keys(PLACES) as readonly RequestName[];
