/** The settings of every kind of backend, said as they could be written. */
import { expect, test } from 'vitest';
import { loadConfig } from '../../daemon/config/config.ts';
import { settingsAsYaml } from '../../daemon/config/for-cli.ts';
import { settingsInForce } from '../../daemon/config/in-force.ts';
import { openLoaded } from '../../daemon/config/open-config.ts';

const FILE = '/etc/wfd/config.yaml';
const WRITTEN = `
backends:
  fast: {kind: slurm, poll: 1s, env: {SLURM_CONF: /etc/slurm.conf, DIGITS: 007}}
  grid: {kind: sge, pe: threads}
  farm: {kind: lsf}
backend: fast
access:
  admins: [root, '@staff']
backup: {every: never}
retention: {runs: 90d}
client: {remote: ssh, sshCommand: [ssh, -o, BatchMode=yes]}
`;

async function inForce(text: string) {
  const sources = {
    options: {},
    env: { HOME: '/home/ada', WFD_CONFIG: FILE },
    readFile: () => text,
    hasProgram: (name: string) => name === 'sbatch',
  };
  const loaded = loadConfig(sources);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes));
  const opened = await openLoaded(loaded);
  if (!opened.ok) throw new Error(JSON.stringify(opened.mistakes));
  const { source, config, written } = loaded;
  return {
    settings: settingsInForce({ source, config, backends: opened.backends }, sources),
    config,
    written,
  };
}

test('each value has its place in the file, or the reason of its default', async () => {
  const { settings } = await inForce(WRITTEN);
  const origin = (key: string) => settings.find(({ path }) => path.join('.') === key);
  expect(origin('backends.fast.poll')).toMatchObject({ value: '1s', from: { kind: 'file', line: 3 } });
  expect(origin('backends.fast.env')?.value).toEqual({ SLURM_CONF: '/etc/slurm.conf', DIGITS: '007' });
  expect(origin('backends.fast.settle')).toMatchObject({ value: '30s', from: { kind: 'default' } });
  expect(origin('backends.slurm.kind')).toMatchObject({
    from: { kind: 'default', why: expect.stringMatching('PATH') },
  });
  expect(origin('backend')).toMatchObject({ value: 'fast', from: { kind: 'file', line: 6 } });
  expect(origin('access.admins')).toMatchObject({ value: ['root', '@staff'], from: { line: 8 } });
  expect(origin('backup.dir')).toMatchObject({ from: { kind: 'default' } });
  expect(origin('runs.dir')).toBeUndefined();
});

test('as a file it gives the very same configuration', async () => {
  const before = await inForce(WRITTEN);
  const after = await inForce(settingsAsYaml(before.settings));
  const known = ({ config }: Awaited<ReturnType<typeof inForce>>) => ({
    ...config,
    backends: config.backends.map(({ name, options }) => [name, options.kind]),
  });
  expect(known(after)).toEqual(known(before));
  expect(after.written.client).toEqual(before.written.client);
  expect(after.settings.map(({ path, value }) => [path, value])).toEqual(
    before.settings.map(({ path, value }) => [path, value]),
  );
});
