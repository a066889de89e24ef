/**
 * Programs with the names of a scheduler's commands, for PATH, and behind them one server that answers. What is
 * an answer is none of its business; `undefined` is none at all: the command hangs until it is killed.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { shellQuote } from '../../backends/shell-quote.ts';

/** One command, as it was called. */
export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly umask: number;
  readonly uid: number;
  /** All of its standard input. */
  readonly input: string;
}

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface CommandServer {
  /** Where the programs lie. */
  readonly bin: string;
  close(): Promise<void>;
}

const COMMAND = fileURLToPath(new URL('fake-command.mjs', import.meta.url));

export async function serveCommands(
  directory: string,
  programs: readonly string[],
  answer: (call: Call) => Answer | undefined,
): Promise<CommandServer> {
  const bin = `${directory}/commands`;
  const path = `${directory}/socket`;
  mkdirSync(bin);
  for (const program of programs) {
    const words = [process.execPath, COMMAND, path, program].map(shellQuote).join(' ');
    writeFileSync(`${bin}/${program}`, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    // It may have been killed before it hears its answer.
    client.on('error', () => undefined);
    void reply(client, answer);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o777);
  return { bin, close: () => closed(server, clients) };
}

async function reply(client: Socket, answer: (call: Call) => Answer | undefined): Promise<void> {
  const text = await allOf(client);
  if (text === undefined) return;
  const said = answer(JSON.parse(text));
  if (said !== undefined) client.end(JSON.stringify(said));
}

async function allOf(client: Socket): Promise<string | undefined> {
  client.setEncoding('utf8');
  return new Promise((resolve) => {
    let text = '';
    client.on('data', (chunk) => {
      text += String(chunk);
    });
    client.on('end', () => resolve(text));
    client.on('close', () => resolve(undefined));
  });
}

function closed(server: Server, clients: ReadonlySet<Socket>): Promise<void> {
  for (const client of clients) client.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
