/** One run through wfctl and the daemon in which everything that people name has an odd name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { callOf, type DaemonUnderTest, stdoutOf } from '../e2e/daemon-under-test.ts';
import { TEXTS } from './cases.ts';

const PLACE = `-it's "odd", $HOME [1-3]:100%j \\\n#PBS -h\n#$ -h ünï 🧬`;
const NAMES = [`it's "q" $HOME \`id\` \\`, 'a\nb\t#$ -h', '-ünï 🧬 [1,2]:x; *'];
/** U+FFFD stands for bytes that nobody could read, and is refused. */
const GIVEN = Object.values(TEXTS).filter((text) => !text.includes('\ufffd'));

const WORKFLOW = {
  name: 'odd',
  labels: { note: `x, 'y': "z" 🧬` },
  inputs: { texts: [], names: NAMES, one: 'x' },
  defaults: { resources: { time: '5m', memory: '50M' } },
  tasks: {
    show: { run: `printf '%s\\0' \${{ quote(inputs.texts) }}` },
    script: {
      script: "it's a script, é.sh",
      args: ['${{ inputs.one }}', "${{ join(inputs.texts, '') }}", '', '${{ run.dir }}'],
      env: { ONE: '${{ inputs.one }}', PLAIN: '$HOME `id`' },
      workdir: 'work ${{ inputs.one }}',
      outputs: { made: '${{ inputs.one }}' },
    },
    each: {
      scatter: { name: '${{ inputs.names }}' },
      run: 'printf %s ${{ quote(name) }} > ./${{ quote(name) }}',
      workdir: 'call',
      outputs: { file: '${{ name }}' },
    },
    gather: { run: 'cat ${{ quote(tasks.each.outputs.file) }}' },
  },
};

const SCRIPT = `#!/bin/bash
#SBATCH --job-name=other
#$ -N other
printf '%s\\0' "$@" "$ONE" "$PLAIN" "$PWD"
>"$1"
`;

export async function expectOddRun(daemon: DaemonUnderTest, backend: string): Promise<void> {
  await daemon.start();
  const place = daemon.place(PLACE);
  const one = GIVEN.filter((text) => !/[/\n]/.test(text))
    .join('')
    .slice(0, 60);
  daemon.write(join(PLACE, 'a flow, é.yaml'), JSON.stringify(WORKFLOW));
  daemon.write(join(PLACE, 'inputs.json'), JSON.stringify({ texts: GIVEN }));
  daemon.write(join(PLACE, "it's a script, é.sh"), SCRIPT);
  daemon.write(join(PLACE, `work ${one}`, 'here'), '');
  const words = ['submit', './a flow, é.yaml', '--inputs', 'inputs.json', '--input', `one=${one}`];
  const options = ['--backend', backend, '--name', `Läufe, 'x' [1]`, '--label', 'why=it\'s "so"'];
  const submitted = await daemon.speak([`${process.cwd()}/dist/wfctl`, ...words, ...options], place);
  expect(submitted).toMatchObject({ code: 0, stderr: '' });

  const run = await daemon.untilEnded(submitted.stdout.trim(), 120_000);
  expect(run, daemon.log()).toMatchObject({
    status: 'Succeeded',
    name: `Läufe, 'x' [1]`,
    labels: { note: `x, 'y': "z" 🧬`, why: 'it\'s "so"' },
    problems: [],
  });
  expect(run.directory.startsWith(`${place}/wf-runs/`)).toBe(true);
  expect(stdoutOf(run, 'show')).toBe(GIVEN.map((text) => `${text}\0`).join(''));
  const seen = [one, GIVEN.join(''), '', run.directory, one, '$HOME `id`', `${place}/work ${one}`];
  expect(stdoutOf(run, 'script').split('\0').slice(0, -1)).toEqual(seen);
  expect(stdoutOf(run, 'gather')).toBe(NAMES.join(''));
  NAMES.forEach((name, index) => {
    const directory = callOf(run, `each[${index}]`).attempts[0]?.directory ?? '';
    expect(readFileSync(join(directory, name), 'utf8')).toBe(name);
  });
}
