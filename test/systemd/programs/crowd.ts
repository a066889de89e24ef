/** A crowd of clients with the rights of whoever starts it: `crowd.cjs CLIENTS SUBMITS DIRECTORY`, until /tmp/enough is there. */
import { existsSync } from 'node:fs';
import { createClient } from '../../../cli/client.ts';
import { crowd } from '../clients.ts';

const [clients = '1', submits = '1', submitDir = '/'] = process.argv.slice(2);

void main();

async function main(): Promise<void> {
  const client = () =>
    createClient({
      env: {},
      words: [],
      cwd: '/',
      socket: '/run/wfd/wfd.sock',
      autostart: false,
      note: () => undefined,
    });
  const report = await crowd({
    clients: Number(clients),
    submits: Number(submits),
    client,
    submitDir,
    until: enough(),
  });
  process.stdout.write(JSON.stringify({ ...report, runs: [...report.runs] }));
}

async function enough(): Promise<void> {
  while (!existsSync('/tmp/enough')) await new Promise((settle) => setTimeout(settle, 50));
}
