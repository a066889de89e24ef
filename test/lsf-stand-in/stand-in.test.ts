/**
 * The stand-in for LSF prints what LSF prints: it is compared with the outputs in test/fixtures/lsf, those captured
 * of an open relative and those published of IBM's. What differs by nature (numbers, times, host) is made equal.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOwner, ownerEnvironment } from '../../backends/run-command.ts';
import { fixture, linesOf, reply } from '../backends/lsf/fixture.ts';
import { ourselves } from '../contract/owners.ts';
import { openStandIn, type StandIn, type StandInDialect } from './open.ts';

interface Said {
  readonly exitCode?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Without what differs from day to day and from place to place, and without how a command is to be used. */
function comparable({ exitCode, stdout, stderr }: Said): Said {
  return { exitCode, stdout: plain(stdout), stderr: plain(stderr) };
}

function plain(text: string): string {
  return text
    .replaceAll(/^Usage: .*/gms, 'Usage')
    .replaceAll(/Job <\d+/g, 'Job <N')
    .replaceAll(/(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/g, 'TIME')
    .replaceAll(/\d\d\/\d\d-\d\d:\d\d:\d\d/g, 'TIME')
    .replaceAll(/(Pid|PID) <?\d+>?/g, '$1 N')
    .replaceAll(/<(vm|host1)>/g, '<HOST>')
    .replaceAll(/<(wfalice|alice|root)>/g, '<USER>')
    .replaceAll(/ (wfalice|alice|root) /g, ' USER ')
    .replaceAll(/CWD\s+<[^>]*>/g, 'CWD <DIR>')
    .replaceAll(/(home|Home) <[^>]*>/g, '$1 <DIR>');
}

class Talk {
  readonly standIn: StandIn;

  constructor(dialect: StandInDialect) {
    this.standIn = openStandIn(dialect, { JOB_TERMINATE_INTERVAL: '1' });
  }

  say(line: readonly string[], { input = '', env = {}, owner = this.standIn.owner } = {}): Said {
    const [first = '', ...rest] = line;
    const { program, args } = asOwner({ program: first, args: rest }, owner, undefined);
    const place = { LSF_ENVDIR: this.standIn.directory, LSB_NTRIES: '1', ...env };
    const all = ownerEnvironment(owner, `${this.standIn.bin}:${process.env['PATH']}`, place);
    const { status, stdout, stderr } = spawnSync(program, args, {
      input,
      env: all,
      cwd: '/tmp',
      encoding: 'utf8',
    });
    return { exitCode: status ?? undefined, stdout, stderr };
  }

  /** As capture.sh does it. */
  submit(name: string, script: string, ...options: string[]): string {
    const said = this.say(['bsub', '-J', name, '-o', '/dev/null', ...options], {
      input: `#!/bin/sh\n${script}\n`,
    });
    return /Job <(\d+)>/.exec(said.stdout)?.[1] ?? '';
  }

  async untilState(id: string, states: RegExp): Promise<void> {
    while (!states.test(this.say(['bjobs', '-o', 'stat', id]).stdout)) await sleep(100);
  }
}

describe('in the dialect of the open relatives', () => {
  let talk: Talk;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    talk = new Talk('relative');
    ids['held'] = talk.submit('held', 'true', '-H');
    ids['never'] = talk.submit('never', 'true', '-H');
    ids['exit3'] = talk.submit('exit3', 'exit 3');
    ids['exit137'] = talk.submit('exit137', 'exit 137');
    ids['ok'] = talk.submit('ok', 'exit 0');
    ids['running'] = talk.submit('running', 'exec sleep 300');
    ids['cancelled'] = talk.submit('cancelled', 'exec sleep 300');
    ids['shells'] = talk.submit('shells', 'kill -KILL 0');
    ids['elements'] = talk.submit('elements', 'exit $((LSB_JOBINDEX - 1))', '-J', 'elements[1-3]');
    talk.say(['bkill', ids['never']]);
    for (const name of ['running', 'cancelled']) await talk.untilState(ids[name] ?? '', /RUN/);
    talk.say(['bkill', ids['cancelled']]);
    for (const name of ['exit3', 'exit137', 'ok', 'cancelled', 'shells', 'never'])
      await talk.untilState(ids[name] ?? '', /EXIT|DONE/);
  });
  afterAll(() => talk.standIn.close());

  const X = ['bsub', '-J', 'x', '-o', '/dev/null'];
  test.each<[string, readonly string[]]>([
    ['accepted', [...X, '-q', 'normal']],
    ['accepted-default', X],
    ['queue', [...X, '-q', 'nosuch']],
    ['dash', [...X, '-q', '-x']],
    ['requirement', [...X, '-R', 'select[nosuch]']],
    ['requirement-twice', [...X, '-R', 'rusage[mem=1]', '-R', 'span[hosts=1]']],
    ['processors', [...X, '-n', '100000']],
    ['host', [...X, '-m', 'nosuchhost']],
    ['run-limit', [...X, '-W', 'abc']],
    ['memory', [...X, '-M', '100MB']],
    ['hard-limit', [...X, '-q', 'short', '-W', '90']],
    ['name', ['bsub', '-J', 'x'.repeat(300)]],
    ['exclusive', [...X, '-x']],
    ['option', [...X, '-U', 'reservation']],
    ['rerunnable', [...X, '-rn']],
    ['working-directory', [...X, '-cwd', '/tmp']],
  ])('bsub: %s', (name, line) => {
    const said = talk.say(line, { input: '#!/bin/sh\ntrue\n' });
    expect(comparable(said)).toEqual(comparable(reply(`relative-${name}`)));
  });

  test('bsub: nothing, nobody, and nowhere', () => {
    const hear = (env: Record<string, string>, input = 'true\n') =>
      comparable(talk.say(['bsub', '-J', 'x'], { env, input }));
    expect(hear({}, '')).toEqual(comparable(reply('relative-nothing')));
    expect(hear({ LSF_ENVDIR: '/nonexistent' })).toEqual(comparable(reply('relative-unconfigured')));
    talk.standIn.breakDown('mbatchd');
    expect(hear({})).toEqual(comparable(reply('relative-connect')));
    expect(comparable(talk.say(['bkill', '1', '2']))).toEqual(comparable(reply('relative-bkill-connect')));
    const listing = talk.say(['bjobs', '-o', 'jobid stat start_time job_name', '-a']);
    expect(comparable(listing).stderr.trim()).toBe(reply('relative-bjobs-connect').stderr.trim());
    expect(listing.exitCode).toBe(255);
    talk.standIn.repair();
  });

  test.skipIf(process.geteuid?.() !== 0)('bsub: root', () => {
    const said = talk.say(['bsub', '-J', 'x', 'true'], { owner: ourselves() });
    expect(comparable(said)).toEqual(comparable(reply('relative-root')));
  });

  test('bjobs: listings, in the same form', () => {
    const lines = (text: string) => text.split('\n').map((line) => plain(line).replace(/^\d+/, 'N'));
    const captured = lines(reply('relative-bjobs-list').stdout);
    const { exitCode, stdout, stderr } = talk.say([
      'bjobs',
      '-o',
      'jobid stat start_time job_name',
      '-a',
      '-u',
      talk.standIn.owner.name,
    ]);
    const own = lines(stdout);
    expect([exitCode, stderr, own[0]]).toEqual([0, '', captured[0]]);
    for (const name of [
      'held',
      'never',
      'exit3',
      'ok',
      'cancelled',
      'running',
      'shells',
      'elements\\[2\\]',
    ]) {
      const ofJob = new RegExp(` ${name}$`);
      const [mine, theirs] = [own, captured].map((all) => all.find((line) => ofJob.test(line)));
      expect(name === 'running' ? mine?.replace('RUN', 'EXIT') : mine).toBe(theirs);
    }
  });

  test.each<[string, () => readonly string[]]>([
    ['bjobs-options', () => ['bjobs', '-noheader', '-o', 'jobid', '1']],
    ['bjobs-field', () => ['bjobs', '-o', 'jobid exit_code', '1']],
    ['bhist-unknown', () => ['bhist', '-n', '0', '-l', '99999999']],
    ['bkill-over', () => ['bkill', ids['exit3'] ?? '', '99999999']],
    ['bkill-unstarted', () => ['bkill', '-s', 'USR1', ids['held'] ?? '']],
    ['bkill-element', () => ['bkill', `${ids['elements']}[99]`]],
    ['bkill-signal', () => ['bkill', '-s', 'CONT', ids['running'] ?? '']],
  ])('%s', (name, line) => {
    expect(comparable(talk.say(line()))).toEqual(comparable(reply(`relative-${name}`)));
  });

  test('bjobs: nothing found, and one of two', () => {
    const nobody = talk.say(['bjobs', '-a', '-u', 'nobody', '-o', 'jobid stat start_time job_name']);
    expect(comparable(nobody)).toEqual(comparable(reply('relative-bjobs-nothing')));
    const half = talk.say(['bjobs', '-o', 'jobid stat start_time job_name', ids['exit3'] ?? '', '99999999']);
    const numberless = (said: Said) => comparable({ ...said, stdout: said.stdout.replace(/^\d+/m, 'N') });
    expect(numberless(half)).toEqual(numberless(reply('relative-bjobs-unknown')));
  });

  test('bkill: several, and again', async () => {
    const [deaf, held] = [
      talk.submit('deaf', 'trap "" INT TERM; while :; do sleep 1; done'),
      talk.submit('h', 'true', '-H'),
    ];
    await talk.untilState(deaf, /RUN/);
    const again = talk.submit('more', 'exec sleep 300');
    await talk.untilState(again, /RUN/);
    expect(comparable(talk.say(['bkill', deaf, again, held]))).toEqual(comparable(reply('relative-bkill')));
    expect(comparable(talk.say(['bkill', deaf]))).toEqual(comparable(reply('relative-bkill-again')));
    await talk.untilState(deaf, /EXIT/);
    expect(talk.say(['bhist', '-l', deaf]).stdout).toContain(
      'Exited by signal 9. The CPU time used is 0.0 seconds;',
    );
  });

  test.skipIf(process.geteuid?.() !== 0)('bkill: of a stranger', () => {
    const nobody = { ...ourselves(), uid: 65534, gid: 65534, name: 'nobody' };
    const said = talk.say(['bkill', ids['running'] ?? ''], { owner: nobody });
    expect(comparable(said)).toEqual(comparable(reply('relative-bkill-stranger')));
  });

  // What a site's hosts and load have to do with it is not imitated.
  const told = (record: string): string =>
    plain(record)
      .split('\n')
      .filter(
        (line) =>
          /^(Job|TIME:| {21}\S)/.test(line) && !/^TIME: (Resource usage|Post job)|^ +(MEM|PGID):/.test(line),
      )
      .join('\n')
      .replaceAll(/Command <[^>]*(>.*>)?>?/g, 'Command <…>');
  const recordOf = (text: string, name: string): string =>
    told(text.split(/^(?=Job <)/m).find((each) => each.includes(`Job Name <${name}>`)) ?? '');

  test.each(['exit3', 'exit137', 'cancelled', 'never', 'held', 'ok', 'shells'])(
    'bjobs -l and bhist -l: %s',
    (name) => {
      const captured = recordOf(reply('relative-bjobs-long').stdout, name).replace(' with hold', '');
      expect(recordOf(talk.say(['bjobs', '-l', ids[name] ?? '']).stdout, name)).toBe(captured);
      const remembered = recordOf(reply('relative-bhist-long').stdout, name).replace(' with hold', '');
      expect(recordOf(talk.say(['bhist', '-l', ids[name] ?? '']).stdout, name)).toBe(remembered);
    },
  );

  test('bjobs -l of an element', () => {
    const own = talk.say(['bjobs', '-l', `${ids['elements']}[2]`]).stdout;
    expect(recordOf(own, 'elements[2]')).toBe(recordOf(reply('relative-bjobs-long').stdout, 'elements[2]'));
  });

  test('without LSB_NTRIES it waits for ever', async () => {
    talk.standIn.breakDown('mbatchd');
    const { stderr } = spawnSync('timeout', ['1', `${talk.standIn.bin}/bjobs`], {
      env: { PATH: process.env['PATH'], LSF_ENVDIR: talk.standIn.directory },
      encoding: 'utf8',
    });
    talk.standIn.repair();
    expect(stderr).toBe('batch system daemon not responding ... still trying\n');
  });
});

describe('in the dialect of 10.1', () => {
  let talk: Talk;
  beforeAll(() => {
    talk = new Talk('10.1');
  });
  afterAll(() => talk.standIn.close());

  test('what the relatives misread', () => {
    const line = [
      'bsub',
      '-J',
      'x',
      '-oo',
      '/dev/null',
      '-cwd',
      '/tmp',
      '-env',
      'all',
      '-rn',
      '-G',
      'group',
      '-M',
      '100MB',
    ];
    expect(talk.say([...line, 'true'])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(talk.say(['bsub', '-J', 'a[1-1001]', 'true'])).toMatchObject({ exitCode: 255, stdout: '' });
    expect(talk.say(['bsub', '-J', 'a[1-3', 'true']).stderr).toBe(
      linesOf('published-rejections')[8]?.concat('\n'),
    );
  });

  test('a listing without a header, with codes and reasons', async () => {
    const failing = talk.submit('failing', 'exit 3');
    const killed = talk.submit('killed', 'exec sleep 300');
    const elements = talk.submit('two', 'exit 0', '-J', 'two[1-2]');
    await talk.untilState(killed, /RUN/);
    talk.say(['bkill', killed]);
    for (const id of [failing, killed, elements]) await talk.untilState(id, /EXIT|DONE/);
    const format = "jobid jobindex stat exit_code exit_reason job_name delimiter='^'";
    const { stdout, stderr } = talk.say([
      'bjobs',
      '-a',
      '-noheader',
      '-o',
      format,
      failing,
      killed,
      `${elements}[2]`,
      '999',
    ]);
    expect(stdout.trimEnd().split('\n').sort()).toEqual(
      [
        `${failing}^0^EXIT^3^-^failing`,
        `${killed}^0^EXIT^130^${linesOf('published-reasons')[2]}^killed`,
        `${elements}^2^DONE^-^-^two[2]`,
      ].sort(),
    );
    expect(stderr).toBe(reply('published-list').stderr);
  });

  test('the published form of a job in full, wrapped at 80 columns', async () => {
    const id = talk.submit('fromstdin', 'exit 3', '-q', 'short');
    await talk.untilState(id, /EXIT/);
    const lines = talk.say(['bjobs', '-l', id]).stdout.split('\n');
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    const joined = plain(lines.join('\n').replaceAll(/\n {21}/g, ''));
    const [, head = '', end = ''] = plain(fixture('published-long')).split('\n');
    expect(joined).toContain(head.replace('Command <...>', 'Command'));
    expect(joined).toContain(end);
  });
});

test('it says what it is', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  expect(readme).toMatch(/This is \*\*not LSF\*\*/);
  const talk = new Talk('10.1');
  expect(talk.say(['lsid']).stdout).toMatch(/^stand-in for LSF/);
  talk.standIn.close();
  expect(existsSync(talk.standIn.directory)).toBe(false);
});
