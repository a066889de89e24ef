/**
 * Every error code there is, with the HTTP status the daemon answers and the exit code `wfctl` ends with.
 * Scripts match the codes, people read the messages. Light on purpose: wfctl loads it at every start.
 */

export interface ErrorKind {
  /** HTTP status of the answer; 0 for what only wfctl itself can meet. */
  readonly status: number;
  /** Exit code of wfctl. */
  readonly exitCode: number;
  /** One sentence for the documentation. */
  readonly meaning: string;
}

export const ERRORS = {
  INVALID_REQUEST: {
    status: 400,
    exitCode: 2,
    meaning:
      'The request is not what this version of the API expects: unknown or missing key, wrong type, no JSON.',
  },
  INVALID_WORKFLOW: {
    status: 400,
    exitCode: 2,
    meaning:
      'The workflow, or a value given to it, is not valid, or asks a backend for what it can never do; every mistake is listed.',
  },
  INVALID_CONFIG: {
    status: 409,
    exitCode: 78,
    meaning:
      'The configuration has mistakes, all of which are listed; the daemon goes on with the one it has.',
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    exitCode: 2,
    meaning: 'The request is larger than the daemon accepts (64 MiB, or `access.submission`).',
  },
  USAGE: { status: 0, exitCode: 2, meaning: 'wfctl was called with options or arguments it does not know.' },
  UNREADABLE_FILE: { status: 0, exitCode: 2, meaning: 'A file named on the command line cannot be read.' },
  UNKNOWN_ROUTE: {
    status: 404,
    exitCode: 3,
    meaning: 'The daemon has no such route; usually wfctl and wfd are of different versions.',
  },
  RUN_NOT_FOUND: { status: 404, exitCode: 3, meaning: 'There is no run with this id.' },
  CALL_NOT_FOUND: {
    status: 404,
    exitCode: 3,
    meaning: 'The run has no such call, or the call has no such attempt.',
  },
  BACKEND_NOT_FOUND: { status: 404, exitCode: 3, meaning: 'The daemon has no backend of this name.' },
  NOT_ALLOWED: { status: 403, exitCode: 4, meaning: 'The user who asks may not do this.' },
  RUN_ALREADY_ENDED: {
    status: 409,
    exitCode: 5,
    meaning: 'The run has ended already; the message names its end.',
  },
  CALL_ALREADY_ENDED: { status: 409, exitCode: 5, meaning: 'The call has ended already.' },
  ABORT_IGNORED: { status: 409, exitCode: 5, meaning: 'The workflow ignores abort; only --force ends it.' },
  WRONG_STATE: {
    status: 409,
    exitCode: 5,
    meaning: 'The run, the call or the daemon is not in a state in which this can be done.',
  },
  NOT_CONFIRMED: {
    status: 0,
    exitCode: 5,
    meaning: 'The question on the terminal was not answered with yes, or could not be asked.',
  },
  TOO_MANY_RUNS: {
    status: 409,
    exitCode: 5,
    meaning: 'The user has as many runs in progress as the site allows one user.',
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    exitCode: 75,
    meaning: 'The user asks more often than the site allows; try again a little later.',
  },
  DEGRADED: {
    status: 503,
    exitCode: 75,
    meaning:
      'The daemon cannot store anything at the moment (disk full, quota); try again when that is solved.',
  },
  DRAINING: { status: 503, exitCode: 75, meaning: 'The daemon is shutting down; try again when it is back.' },
  BACKUP_FAILED: {
    status: 503,
    exitCode: 74,
    meaning:
      'A copy of the state could not be made, or not put where it should go; the state itself is as it was.',
  },
  SYSTEMD_FAILED: {
    status: 0,
    exitCode: 71,
    meaning:
      'systemd does not run services here, or not for this user, or could not do what wfctl asked it for.',
  },
  DAEMON_UNREACHABLE: { status: 0, exitCode: 69, meaning: 'No daemon answers on the socket.' },
  INTERNAL: {
    status: 500,
    exitCode: 70,
    meaning: "A bug, in the daemon or in wfctl; the daemon's log has the details.",
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** The body of every answer that is not 2xx. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    /** Further lines for people, such as every mistake in a workflow. */
    readonly details: readonly string[];
    /** Of the daemon that answered. */
    readonly version: string;
  };
}

/** The rows of docs/errors.md: the table there is made of this one. */
export function errorTableMarkdown(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, kind]) =>
      `| \`${code}\` | ${kind.status === 0 ? '–' : kind.status} | ${kind.exitCode} | ${kind.meaning} |`,
  );
  return ['| code | HTTP | exit | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}
