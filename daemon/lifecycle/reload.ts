/**
 * Reads the configuration again while the daemon runs (SIGHUP, `wfctl daemon reload`). It is checked as at a start,
 * adapters of the site included, and taken up as a whole or not at all.
 */
import type { Answer } from '../api/engine-door.ts';
import type { Reload, Reloaded } from '../api/reload-door.ts';
import { changedKeys, takeUp, waitsForRestart } from '../config/changes.ts';
import { mistakeText } from '../config/config.ts';
import type { OpenedConfig, OpenedConfigResult } from '../config/open-config.ts';
import type { Logger } from '../log.ts';
import type { Notifier } from './notify.ts';

export interface ReloadParts {
  /** As at the start; its configuration is the one in force. */
  readonly opened: OpenedConfig;
  readonly read: () => Promise<OpenedConfigResult>;
  readonly log: Logger;
  readonly notifier: Pick<Notifier, 'reloading' | 'ready'>;
}

export function createReload(parts: ReloadParts): Reload {
  const { opened, notifier, log } = parts;
  let inForce = opened.written;
  let last: Promise<unknown> = Promise.resolve();
  const reload = async (): Promise<Answer<Reloaded>> => {
    const next = await parts.read();
    if (!next.ok) return refusal(next.mistakes.map(mistakeText));
    const { file } = next.config;
    const answer = {
      ...(file !== undefined && { file }),
      inForce: changedKeys(inForce, next.written).filter((key) => !waitsForRestart(key)),
      afterRestart: changedKeys(opened.written, next.written).filter(waitsForRestart),
    };
    takeUp(opened.config, next.config);
    log.level = next.config.logLevel;
    inForce = next.written;
    return { ok: true, value: answer };
  };
  const told = async (): Promise<Answer<Reloaded>> => {
    notifier.reloading();
    try {
      const answer = await reload();
      report(answer, log);
      return answer;
    } finally {
      notifier.ready();
    }
  };
  // One at a time, so that what is told of each is true.
  return () => {
    const mine = last.then(told, told);
    last = mine;
    return mine;
  };
}

function refusal(mistakes: readonly string[]): Answer<never> {
  const message = 'the configuration has mistakes, so nothing of it is taken up';
  return { ok: false, error: { code: 'INVALID_CONFIG', message, details: mistakes } };
}

function report(answer: Answer<Reloaded>, log: Logger): void {
  if (answer.ok) log.info(answer.value, 'the configuration was read again');
  else log.error({ mistakes: answer.error.details }, answer.error.message);
}
