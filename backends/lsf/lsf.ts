/**
 * LSF as a record of facts for the batch driver: its settings, and which function writes or reads what. For IBM
 * Spectrum LSF 10.1, by its documentation, and for its open relatives, checked with volclava 2.2.
 */
import type { Backend } from '../backend.ts';
import { type BatchScheduler, createBatchBackend } from '../batch-driver.ts';
import { readAbortReply } from './abort-reply.ts';
import { abortCommand, submitCommand } from './commands.ts';
import { DialectFinder } from './dialect.ts';
import { UnitFinder } from './memory-unit.ts';
import { preamble } from './preamble.ts';
import { account, observe, probe } from './questions.ts';
import { checkRequest } from './request.ts';
import { DEFAULTS, type LsfSettings } from './settings.ts';
import { readBsub } from './submit-reply.ts';

/** Lets every command fail at once where the daemons are down; by default they wait for ever. */
const ONE_TRY = { LSB_NTRIES: '1' };

export function createLsf(name: string, changes: Partial<LsfSettings>): Backend {
  const settings = { ...DEFAULTS, ...changes };
  return createBatchBackend(name, lsf(settings), { ...settings, env: { ...ONE_TRY, ...settings.env } });
}

function lsf(settings: LsfSettings): BatchScheduler {
  const dialects = new DialectFinder();
  const units = new UnitFinder({ ...process.env, ...settings.env });
  return {
    kind: 'lsf',
    capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
    environmentNames: ['LSF_ENVDIR', 'LSF_SERVERDIR', 'LSF_LIBDIR', 'LSF_BINDIR'],
    parseEnvironment: { LC_ALL: 'C' },
    preamble: (script) => preamble(script, 'LSB_NTRIES' in settings.env),
    check: (resources) => checkRequest(resources, settings),
    probe: (ask) => probe(dialects, ask),
    async submit(request, ask) {
      if (request.elements > MAX_ELEMENTS) return { kind: 'rejected', reason: TOO_MANY };
      const asksForMemory = request.resources.memoryMiB !== undefined && settings.memoryUnit === undefined;
      const unit = asksForMemory ? await units.find(ask) : undefined;
      const result = await ask(submitCommand(request, dialects.known, settings, unit));
      return readBsub(result, request.owner.uid === 0);
    },
    observe: (owner, known, ask) => observe(dialects, owner, known, ask),
    account: (query, ask) => account(dialects, query, ask),
    abort: async (nativeIds, manner, ask) => readAbortReply(await ask(abortCommand(nativeIds, manner))),
    // The script opens its own log, and LSF writes nothing into it.
    causeInLog: () => undefined,
  };
}

/**
 * MAX_JOB_ARRAY_SIZE is 1000 by default. Above it the relatives take the whole for one job of that name, and run it
 * as an array after their next restart.
 */
const MAX_ELEMENTS = 1_000;
const TOO_MANY = `LSF takes no array of more than ${MAX_ELEMENTS} elements (MAX_JOB_ARRAY_SIZE)`;
