/** Completion, at real shells: what is typed, TAB, and what the line is then. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { COMMANDS, GLOBAL_OPTIONS } from '../../cli/all-commands.ts';
import { describeCommands, describeOptions } from '../../cli/completion/reference.ts';
import { knownValue } from '../../cli/completion/values.ts';
import { type Served, serveFake } from '../daemon/api/api-fixture.ts';
import { aCall } from '../daemon/api/fake-engine.ts';
import { TAB, TypingShell } from './typing-shell.ts';
import { buildWfctl, type Wfctl } from './wfctl-fixture.ts';

let wfctl: Wfctl;
let env: Record<string, string>;
beforeAll(async () => {
  wfctl = await buildWfctl();
  const bin = join(wfctl.directory, 'bin');
  mkdirSync(bin);
  symlinkSync(wfctl.program, join(bin, 'wfctl'));
  mkdirSync(join(wfctl.directory, 'work', 'results'), { recursive: true });
  writeFileSync(join(wfctl.directory, 'work', 'my flow.yaml'), '');
  env = { ...wfctl.env, PATH: `${bin}:${wfctl.env['PATH']}` };
});
afterAll(() => wfctl.remove());

let served: Served;
beforeEach(async () => {
  served = await serveFake();
  served.fake.add({ name: 'align', status: 'Running' });
  served.fake.add({ name: 'merge', status: 'Succeeded' });
  served.fake.calls.set(1, [aCall({ runId: 1, key: 'align[3]' }), aCall({ runId: 1, key: 'sum' })]);
});
afterEach(() => served.close());

function scriptOf(shell: string): string {
  const path = join(wfctl.directory, `wfctl.${shell}`);
  writeFileSync(path, execFileSync(wfctl.program, ['completion', shell], { env }));
  return path;
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

const EVERYTHING = '\u001b*';
const work = () => join(wfctl.directory, 'work');

describe('bash', () => {
  let shell: TypingShell;
  beforeEach(async () => {
    shell = await TypingShell.start('bash', { ...env, WFD_SOCKET: served.socket }, scriptOf('bash'), work());
  });
  afterEach(() => shell.end());

  test.each([
    ['a command', `wfctl stat${TAB}`, 'wfctl status '],
    ['all commands that go on so', `wfctl re${EVERYTHING}`, 'wfctl release '],
    ['an option of the command', `wfctl submit --fail${TAB}`, 'wfctl submit --failure-mode '],
    ['an option of all commands', `wfctl hold 1 --so${TAB}`, 'wfctl hold 1 --socket '],
    ['a choice', `wfctl submit --failure-mode No${TAB}`, 'wfctl submit --failure-mode NoNewCalls '],
    ['a choice after =', `wfctl submit --failure-mode=No${TAB}`, 'wfctl submit --failure-mode=NoNewCalls '],
    ['an action', `wfctl daemon res${EVERYTHING}`, 'wfctl daemon restore resume '],
    ['a flag that is on', `wfctl service install --no${TAB}`, 'wfctl service install --no-linger '],
    ['a file, as bash quotes it', `wfctl validate my${TAB}`, 'wfctl validate my\\ flow.yaml '],
    ['a file in an input', `wfctl run --input a=my${TAB}`, 'wfctl run --input a=my\\ flow.yaml '],
    ['a directory only', `wfctl daemon check --state ${TAB}`, 'wfctl daemon check --state results/'],
    ['nothing where anything may stand', `wfctl list --name m${TAB}`, 'wfctl list --name m'],
    ['every run', `wfctl status ${EVERYTHING}`, 'wfctl status 2 1 '],
    ['only runs that can be aborted', `wfctl abort ${TAB}`, 'wfctl abort 1 '],
    ['a call', `wfctl logs 1 al${TAB}`, 'wfctl logs 1 align\\[3\\] '],
    ['a call in quotes', `wfctl logs 1 'al${TAB}`, "wfctl logs 1 'align[3]' "],
    [
      'a call, after an option with a value',
      `wfctl why --socket ${'S'} 1 su${TAB}`,
      'wfctl why --socket S 1 su',
    ],
    ['a call of the run that is aborted', `wfctl abort 1 --call su${TAB}`, 'wfctl abort 1 --call sum '],
    ['an action or a backend', `wfctl backends s${EVERYTHING}`, 'wfctl backends show slurm '],
    ['a backend', `wfctl run --backend ${TAB}`, 'wfctl run --backend slurm '],
  ])('%s', async (_what, keys, line) => {
    expect(await shell.line(keys)).toBe(line);
  });

  test('the daemon of --socket is asked', async () => {
    const line = `wfctl --socket ${served.socket} hold `;
    expect(await shell.line(`${line}${TAB}`)).toBe(`${line}1 `);
  });
});

test('bash: without a daemon there is nothing to offer, and no message', async () => {
  await served.close();
  const shell = await TypingShell.start(
    'bash',
    { ...env, WFD_SOCKET: served.socket },
    scriptOf('bash'),
    work(),
  );
  expect(await shell.line(`wfctl status ${TAB}`)).toBe('wfctl status ');
  shell.end();
  served = await serveFake();
});

describe.skipIf(!isThere('zsh'))('zsh (left out where it is not installed)', () => {
  test.each([
    ['a command', `wfctl stat${TAB}`, 'wfctl status '],
    [
      'an option of the command',
      `wfctl submit --fail${TAB}No${TAB}`,
      'wfctl submit --failure-mode=NoNewCalls ',
    ],
    ['a flag with a letter', `wfctl logs 1 --fol${TAB}`, 'wfctl logs 1 --follow '],
    [
      'an option that may be given again',
      `wfctl submit --label a=b --lab${TAB}x`,
      'wfctl submit --label a=b --label=x',
    ],
    ['a file', `wfctl validate my${TAB}`, 'wfctl validate my\\ flow.yaml '],
    ['only runs that can be aborted', `wfctl abort ${TAB}`, 'wfctl abort 1 '],
    ['a call', `wfctl logs 1 al${TAB}`, 'wfctl logs 1 align\\[3\\] '],
    ['a call of the run that is aborted', `wfctl abort 1 --call su${TAB}`, 'wfctl abort 1 --call sum '],
    ['an action', `wfctl backends pa${TAB}`, 'wfctl backends pause '],
    ['a backend', `wfctl backends pause ${TAB}`, 'wfctl backends pause slurm '],
    ['all in one line', `wfctl --socket SOCKET ab${TAB}${TAB}`, 'wfctl --socket SOCKET abort 1 '],
  ])('%s', async (_what, keys, line) => {
    const shell = await TypingShell.start(
      'zsh',
      { ...env, WFD_SOCKET: served.socket },
      scriptOf('zsh'),
      work(),
    );
    expect(await shell.line(keys.replace('SOCKET', served.socket))).toBe(
      line.replace('SOCKET', served.socket),
    );
    shell.end();
  });
});

describe.skipIf(!isThere('fish'))('fish (left out where it is not installed)', () => {
  test.each([
    ['a command', 'wfctl stat', ['status\tHow a run is']],
    ['options of the command', 'wfctl submit --fa', ['--failure-mode\tWhat happens after a failure']],
    ['a choice', 'wfctl submit --failure-mode No', ['NoNewCalls\tWhat happens after a failure']],
    ['no options of others', 'wfctl hold 1 --fa', []],
    ['a file', 'wfctl validate my', ['my flow.yaml']],
    ['no file where none is wanted', 'wfctl status my', []],
    ['runs, newest first', 'wfctl status ', ['2\tmerge, Succeeded', '1\talign, Running']],
    ['only runs that can be aborted', 'wfctl abort ', ['1\talign, Running']],
    ['a call', 'wfctl logs 1 al', ['align[3]\tActive']],
    ['a call, after an option', 'wfctl logs --attempt 2 1 al', ['align[3]\tActive']],
    ['an action or a backend', 'wfctl backends s', ['show', 'slurm\tslurm']],
    ['with --socket', 'wfctl --socket SOCKET abort ', ['1\talign, Running']],
  ])('%s', async (_what, typed, offered) => {
    const line = typed.replace('SOCKET', served.socket);
    const command = `source ${scriptOf('fish')}; complete --do-complete ${JSON.stringify(line)}`;
    expect(await fish(command)).toEqual(offered);
  });
});

/** Not synchronously: the daemon that it asks lives in this process. */
function fish(command: string): Promise<string[]> {
  return wfctl
    .runProgram('fish', ['--no-config', '--command', command], {
      env: { ...env, WFD_SOCKET: served.socket },
      cwd: work(),
    })
    .then(({ stdout }) => stdout.split('\n').filter((line) => line !== ''));
}

test('whoever adds a value to a command says what may stand there (cli/completion/values.ts)', async () => {
  const commands = await describeCommands(COMMANDS);
  const unsaid = commands.flatMap(({ verb, positionals, options }) =>
    [...positionals, ...options.filter((option) => option.takesValue)]
      .filter((parameter) => knownValue(verb, parameter) === undefined)
      .map(({ name }) => `${verb} ${name}`),
  );
  const unsaidOfAll = describeOptions(GLOBAL_OPTIONS).filter(
    (option) => option.takesValue && knownValue('', option) === undefined,
  );
  expect([...unsaid, ...unsaidOfAll]).toEqual([]);
});
