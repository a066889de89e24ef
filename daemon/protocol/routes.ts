/**
 * Every route, once: the daemon registers them, wfctl calls them by name, the OpenAPI document lists them.
 * Light: what goes in and comes out is in operations.ts, of which wfctl takes only the types.
 */

export const ROUTES = {
  getDaemon: { method: 'GET', path: '/v1/daemon' },
  drainDaemon: { method: 'POST', path: '/v1/daemon/drain' },
  resumeDaemon: { method: 'POST', path: '/v1/daemon/resume' },
  reloadDaemon: { method: 'POST', path: '/v1/daemon/reload' },
  backUpState: { method: 'POST', path: '/v1/daemon/backup' },
  checkState: { method: 'POST', path: '/v1/daemon/check' },
  getRetention: { method: 'GET', path: '/v1/daemon/retention' },
  getOpenApi: { method: 'GET', path: '/v1/openapi.json' },
  submitRun: { method: 'POST', path: '/v1/runs' },
  listRuns: { method: 'GET', path: '/v1/runs' },
  getRun: { method: 'GET', path: '/v1/runs/:id' },
  abortRun: { method: 'POST', path: '/v1/runs/:id/abort' },
  abortRuns: { method: 'POST', path: '/v1/abort' },
  holdRun: { method: 'POST', path: '/v1/runs/:id/hold' },
  releaseRun: { method: 'POST', path: '/v1/runs/:id/release' },
  getLogs: { method: 'GET', path: '/v1/runs/:id/logs' },
  getWhy: { method: 'GET', path: '/v1/runs/:id/why' },
  listRunEvents: { method: 'GET', path: '/v1/runs/:id/events' },
  listEvents: { method: 'GET', path: '/v1/events' },
  listBackends: { method: 'GET', path: '/v1/backends' },
  pauseBackend: { method: 'POST', path: '/v1/backends/:name/pause' },
  resumeBackend: { method: 'POST', path: '/v1/backends/:name/resume' },
} as const satisfies Record<string, Route>;

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: `/v1/${string}`;
}

export type RouteName = keyof typeof ROUTES;

/** The path with its parameters filled in: `/v1/runs/17`. */
export function fillPath(route: Route, params: Readonly<Record<string, string | number>>): string {
  return route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name] ?? '')));
}

/** How long an answer may take. Copying a large state, and reading it through, is a matter of minutes. */
export function answerTimeoutMs(name: RouteName): number {
  return name === 'backUpState' || name === 'checkState' ? 3_600_000 : 60_000;
}

/** Bytes a request may have: a submit carries the contents of files. */
export function bodyLimit(name: RouteName): number {
  return name === 'submitRun' ? 64 * 1024 * 1024 : 1024 * 1024;
}
