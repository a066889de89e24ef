/** What goes wrong before a handler is reached: no HTTP, no JSON, too much of it. Each gets one clear answer. */
import type { Socket } from 'node:net';
import type { Refusal } from './engine-door.ts';
import { errorBody, httpStatus } from './refusals.ts';

/** For what Fastify refuses (by its stable codes), and for what handlers throw. */
export function refusalFor(error: unknown): Refusal {
  const code = codeOf(error);
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return {
        code: 'REQUEST_TOO_LARGE',
        message:
          'the request is too large: a submit may have 64 MiB, or what the site allows (access.submission); anything else 1 MiB. Large inputs belong into files that the jobs read.',
      };
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return {
        code: 'INVALID_REQUEST',
        message: 'the body must be JSON, sent with "content-type: application/json"',
      };
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return { code: 'INVALID_REQUEST', message: 'the body is empty, but was announced as JSON; send {}' };
    default:
  }
  if (code.startsWith('FST_ERR_CTP') || error instanceof SyntaxError) {
    return { code: 'INVALID_REQUEST', message: `the body is not valid JSON: ${messageOf(error)}` };
  }
  if (statusOf(error) < 500) return { code: 'INVALID_REQUEST', message: messageOf(error) };
  return { code: 'INTERNAL', message: `a bug in wfd: ${messageOf(error)}; the daemon's log has the details` };
}

/** For what is no HTTP at all. The peer may have gone meanwhile, which is its own affair. */
export function answerJunk(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal: Refusal = {
    code: 'INVALID_REQUEST',
    message: `this is not an HTTP request (${error.code ?? error.message}); wfd speaks HTTP and JSON on this socket`,
  };
  const body = JSON.stringify(errorBody(refusal));
  const head = [
    `HTTP/1.1 ${httpStatus(refusal.code)} Bad Request`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function statusOf(error: unknown): number {
  const isHttp = typeof error === 'object' && error !== null && 'statusCode' in error;
  return isHttp && typeof error.statusCode === 'number' ? error.statusCode : 500;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
