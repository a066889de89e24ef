/** Short ways to open workflows written in tests. */

import type {
  Fact,
  Program,
  RenderContext,
  RenderedJob,
  Told,
  WorkflowBundle,
} from '../../../../daemon/workflow/language.ts';
import { openNative } from '../../../../daemon/workflow/native/open.ts';

export function bundleOf(source: string, more: Partial<WorkflowBundle> = {}): WorkflowBundle {
  return { language: 'native', fileName: 'w.yaml', source, files: {}, inputs: {}, ...more };
}

export function open(source: string, more: Partial<WorkflowBundle> = {}): Program {
  const opened = openNative(bundleOf(source, more));
  if (!opened.ok)
    throw new Error(opened.mistakes.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return opened.program;
}

/** `line:column: message` of each mistake. */
export function mistakesIn(source: string, more: Partial<WorkflowBundle> = {}): string[] {
  const opened = openNative(bundleOf(source, more));
  return opened.ok ? [] : opened.mistakes.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

export const CONTEXT: RenderContext = {
  runId: 17,
  runDir: '/runs/17',
  submitDir: '/home/ada',
  callDir: '/runs/17/t/0/1',
  attempt: 1,
  growth: 0,
};

export function job(program: Program, call: string, context: Partial<RenderContext> = {}): RenderedJob {
  const rendered = program.render(call, { ...CONTEXT, ...context });
  if (rendered.kind === 'failed') throw new Error(rendered.reason);
  return rendered.job;
}

export function text(program: Program, call: string, context: Partial<RenderContext> = {}): string {
  return job(program, call, context).command.text;
}

export function ended(
  call: string,
  status: 'Succeeded' | 'Failed' | 'Aborted' | 'Skipped',
  outputs: Record<string, string> = {},
): Fact {
  return { kind: 'callEnded', call, status, outputs };
}

/** Runs a program to its end: every ready call ends as `ending` says. All facts it was told, and all it said. */
export function drive(
  program: Program,
  ending: (call: string) => 'Succeeded' | 'Failed',
  lines: readonly string[] = [],
) {
  const facts: Fact[] = [];
  const said: Told[] = [];
  let waiting: Fact[] = [];
  do {
    const told = program.tell(waiting);
    said.push(told);
    facts.push(...waiting);
    waiting = [
      ...told.ready.map((call) =>
        ended(call, ending(call), ending(call) === 'Succeeded' ? job(program, call).outputs : {}),
      ),
      ...told.reads.map(({ id }): Fact => ({ kind: 'read', id, result: { kind: 'lines', lines } })),
    ];
  } while (waiting.length > 0);
  return {
    facts,
    calls: said.flatMap(({ calls }) => calls.map(({ key }) => key)),
    skipped: said.flatMap(({ skipped }) => skipped),
    failed: said.flatMap(({ failed }) => failed ?? []),
    exhausted: said.at(-1)?.exhausted ?? false,
  };
}
