/** One HTTP request over a Unix socket. Knows nothing of wfd. */
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The connection failed, or broke; `code` is the system's (ENOENT, ECONNREFUSED, EAGAIN, ECONNRESET …). */
export class ConnectionError extends Error {
  readonly code: string;
  /** Something had been sent: the daemon may have done what was asked. */
  readonly mayHaveArrived: boolean;

  constructor(code: string, message: string, mayHaveArrived: boolean) {
    super(message);
    this.code = code;
    this.mayHaveArrived = mayHaveArrived;
  }
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** With the query string. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export async function exchange(socketPath: string, asked: HttpRequest): Promise<HttpAnswer> {
  const response = await open(socketPath, asked);
  const text = await readAll(response);
  return { status: response.statusCode ?? 0, body: parse(text) };
}

/** Answers as soon as the head has come; the body is the caller's to read. */
export function open(socketPath: string, asked: HttpRequest): Promise<IncomingMessage> {
  const { body } = asked;
  return new Promise((resolve, reject) => {
    let connected = false;
    const sent = request({
      method: asked.method,
      path: asked.path,
      // No agent: one request per connection, nothing kept open that would keep the process from ending.
      createConnection: () => connect({ path: socketPath }),
      headers: {
        host: 'wfd',
        ...asked.headers,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    sent.once('socket', (socket) =>
      socket.once('connect', () => {
        connected = true;
      }),
    );
    sent.setTimeout(asked.timeoutMs, () => {
      sent.destroy(
        Object.assign(new Error(`no answer within ${asked.timeoutMs / 1_000} s`), { code: 'ETIMEDOUT' }),
      );
    });
    sent.once('response', (response) => {
      response.socket.setTimeout(0);
      resolve(response);
    });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ConnectionError(error.code ?? 'UNKNOWN', error.message, connected));
    });
    sent.end(body);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk);
  } catch (error) {
    throw new ConnectionError(
      'ECONNRESET',
      `the answer broke off: ${error instanceof Error ? error.message : error}`,
      true,
    );
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
