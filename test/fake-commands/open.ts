/** A scheduler's commands, ready to be put on PATH. */
import { mkdirSync } from 'node:fs';
import { type Answer, type Call, serveCommands } from './command-server.ts';
import type { Face } from './face.ts';
import { FakeScheduler } from './fake-scheduler.ts';

export interface FakeCommands {
  readonly scheduler: FakeScheduler;
  readonly programs: readonly string[];
  /** A PATH on which the fake commands come first. */
  readonly path: string;
  close(): Promise<void>;
}

/** `directory` must be theirs alone, and its path short: it holds a socket. */
export async function openFakeCommands(face: Face, directory: string): Promise<FakeCommands> {
  const scheduler = new FakeScheduler();
  const spool = `${directory}/spool`;
  mkdirSync(spool, { recursive: true });
  const server = await serveCommands(directory, face.programs, (call) =>
    answer(face, call, scheduler, spool),
  );
  return {
    scheduler,
    programs: face.programs,
    path: `${server.bin}:${process.env['PATH']}`,
    async close() {
      scheduler.close();
      await server.close();
    },
  };
}

function answer(face: Face, call: Call, scheduler: FakeScheduler, spool: string): Answer | undefined {
  const { troubles } = scheduler;
  if (troubles.has('hanging')) return undefined;
  if (troubles.has('down')) return face.down(call, scheduler);
  const answered = face.answer(call, scheduler, spool);
  return troubles.has('lostReplies') ? face.lost(call) : answered;
}
