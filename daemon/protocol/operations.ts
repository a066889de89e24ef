/** What goes into and comes out of each route of routes.ts. The daemon checks with it, wfctl takes its types. */
import { z } from 'zod';
import * as answers from './answers.ts';
import type { ErrorCode } from './errors.ts';
import * as requests from './requests.ts';
import type { RouteName } from './routes.ts';

export interface Operation {
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodObject;
  readonly answer: z.ZodType;
  /** Beside those that every route can answer (COMMON_ERRORS). */
  readonly errors: readonly ErrorCode[];
}

export const COMMON_ERRORS = [
  'INVALID_REQUEST',
  'NOT_ALLOWED',
  'UNKNOWN_ROUTE',
  'REQUEST_TOO_LARGE',
  'INTERNAL',
] as const satisfies readonly ErrorCode[];

const { nothing, runParams, backendParams } = requests;
const none = { params: nothing, query: nothing, body: nothing };
const ofRun = { params: runParams, query: nothing, body: nothing };
const ofBackend = { params: backendParams, query: nothing, body: nothing };

export const OPERATIONS = {
  getDaemon: { ...none, summary: 'Who answers, and how it is', answer: answers.daemon, errors: [] },
  drainDaemon: {
    ...none,
    summary: 'Start nothing new; exit when active jobs have ended',
    answer: answers.daemon,
    errors: ['DEGRADED'],
  },
  resumeDaemon: { ...none, summary: 'End the draining', answer: answers.daemon, errors: ['DEGRADED'] },
  reloadDaemon: {
    ...none,
    summary: 'Read the configuration again; one with mistakes is refused as a whole',
    answer: answers.reloaded,
    errors: ['INVALID_CONFIG'],
  },
  backUpState: {
    ...none,
    summary: 'Copy the state while the daemon works, and read the copy through',
    body: requests.backupBody,
    answer: answers.backup,
    errors: ['BACKUP_FAILED'],
  },
  checkState: {
    ...none,
    summary: 'Read the whole state through',
    answer: answers.stateCheck,
    errors: ['BACKUP_FAILED'],
  },
  getRetention: {
    ...none,
    summary: 'Runs that ended so long ago that they would be removed',
    query: requests.retentionQuery,
    answer: answers.retention,
    errors: [],
  },
  getOpenApi: { ...none, summary: 'This document', answer: z.looseObject({}), errors: [] },
  submitRun: {
    ...none,
    summary: 'Submit a workflow',
    body: requests.submitBody,
    answer: answers.submitted,
    errors: ['INVALID_WORKFLOW', 'BACKEND_NOT_FOUND', 'DEGRADED', 'DRAINING'],
  },
  listRuns: {
    ...none,
    summary: 'Runs, newest first',
    query: requests.listQuery,
    answer: answers.runPage,
    errors: [],
  },
  getRun: {
    ...ofRun,
    summary: 'One run',
    query: requests.runQuery,
    answer: answers.run,
    errors: ['RUN_NOT_FOUND'],
  },
  abortRun: {
    ...ofRun,
    summary: 'Abort a run, or one call of it',
    body: requests.abortBody,
    answer: answers.run,
    errors: [
      'RUN_NOT_FOUND',
      'RUN_ALREADY_ENDED',
      'CALL_NOT_FOUND',
      'CALL_ALREADY_ENDED',
      'ABORT_IGNORED',
      'DEGRADED',
    ],
  },
  abortRuns: {
    ...none,
    summary: 'Abort several runs, or say which it would be',
    body: requests.bulkAbortBody,
    answer: answers.bulkAbort,
    errors: ['DEGRADED'],
  },
  holdRun: {
    ...ofRun,
    summary: 'Start nothing new of a run',
    body: requests.holdBody,
    answer: answers.run,
    errors: ['RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'WRONG_STATE', 'DEGRADED'],
  },
  releaseRun: {
    ...ofRun,
    summary: 'Let a held run go on',
    answer: answers.run,
    errors: ['RUN_NOT_FOUND', 'RUN_ALREADY_ENDED', 'WRONG_STATE', 'DEGRADED'],
  },
  getLogs: {
    ...ofRun,
    summary: 'Where the output of a run lies; the caller reads the files itself',
    query: requests.logsQuery,
    answer: answers.logs,
    errors: ['RUN_NOT_FOUND', 'CALL_NOT_FOUND'],
  },
  getWhy: {
    ...ofRun,
    summary: 'Why a run or a call is where it is, in plain words',
    query: requests.whyQuery,
    answer: answers.why,
    errors: ['RUN_NOT_FOUND', 'CALL_NOT_FOUND'],
  },
  listRunEvents: {
    ...ofRun,
    summary: 'What has happened to a run; a stream where text/event-stream is accepted',
    query: requests.eventsQuery,
    answer: answers.eventPage,
    errors: ['RUN_NOT_FOUND'],
  },
  listEvents: {
    ...none,
    summary: 'What has happened; a stream where text/event-stream is accepted',
    query: requests.eventsQuery,
    answer: answers.eventPage,
    errors: [],
  },
  listBackends: { ...none, summary: 'The backends', answer: answers.backendList, errors: [] },
  pauseBackend: {
    ...ofBackend,
    summary: 'Submit nothing more to a backend',
    body: requests.pauseBody,
    answer: answers.backend,
    errors: ['BACKEND_NOT_FOUND', 'DEGRADED'],
  },
  resumeBackend: {
    ...ofBackend,
    summary: 'Submit to a backend again',
    answer: answers.backend,
    errors: ['BACKEND_NOT_FOUND', 'DEGRADED'],
  },
} as const satisfies Record<RouteName, Operation>;

type Operations = typeof OPERATIONS;

/** What a handler is given: checked, numbers are numbers. */
export interface RequestOf<N extends RouteName> {
  readonly params: z.output<Operations[N]['params']>;
  readonly query: z.output<Operations[N]['query']>;
  readonly body: z.output<Operations[N]['body']>;
}
export type BodyOf<N extends RouteName> = z.input<Operations[N]['body']>;
export type AnswerOf<N extends RouteName> = z.output<Operations[N]['answer']>;
