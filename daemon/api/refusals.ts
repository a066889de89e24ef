/** Refusals the API makes itself, and how every refusal becomes the body of an answer. */
import { ERRORS, type ErrorBody, type ErrorCode } from '../protocol/errors.ts';
import { VERSION } from '../protocol/version.ts';
import type { Answer, Refusal } from './engine-door.ts';

export function refuse(
  code: ErrorCode,
  message: string,
  details: readonly string[] = [],
): { ok: false; error: Refusal } {
  return { ok: false, error: { code, message, details } };
}

export function done<T>(value: T): Answer<T> {
  return { ok: true, value };
}

export function httpStatus(code: ErrorCode): number {
  return ERRORS[code].status || 500;
}

export function errorBody({ code, message, details }: Refusal): ErrorBody {
  return { error: { code, message, details: details ?? [], version: VERSION } };
}

export function noSuchRun(id: number): { ok: false; error: Refusal } {
  return refuse('RUN_NOT_FOUND', `there is no run ${id}; \`wfctl list\` shows which there are`);
}
